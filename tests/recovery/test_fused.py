"""The fused index: hand-computed figures, and what its interval holds, by simulation."""

from __future__ import annotations

import math
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from pipelines.recovery import fuse
from pipelines.recovery.fused import FusedParameters

DAY = date(2020, 2, 18)
WEIGHTS = {"power": 0.4, "mobility": 0.3, "ticketing": 0.15, "footfall": 0.15}
PARAMETERS = FusedParameters(
    prior_spread_points=10, prior_degrees=4, spread_days=14, coverage_share=0.95
)
# two-sided 95 % quantiles of Student's t, as printed in any table
T4, T5, T7 = 2.776, 2.571, 2.365
SPREAD_DAYS = [DAY - timedelta(days=n) for n in reversed(range(14))]


def _values(*rows: tuple[date, str, float, float | None]) -> pl.DataFrame:
    return pl.DataFrame(
        [(day, "990100", source, value, error) for day, source, value, error in rows],
        schema={
            "data_date": pl.Date, "region_id": pl.String, "source": pl.String,
            "index_value": pl.Float64, "standard_error": pl.Float64,
        },
        orient="row",
    )  # fmt: skip


def _row(values: pl.DataFrame) -> dict[str, object]:
    (row,) = fuse(values, WEIGHTS, [DAY], PARAMETERS).to_dicts()
    return row


def test_two_sources_by_hand() -> None:
    # 4/7 and 3/7 of the weight; spread (60-55)2 + (50-55)2 = 50 with one degree, sampling explains
    # (1 - 1/2) (4 + 16) = 10: tau2 = (4 * 100 + 1 * 40) / 5 = 88
    row = _row(_values((DAY, "power", 60, 2), (DAY, "mobility", 50, 4)))
    index = (0.4 * 60 + 0.3 * 50) / 0.7
    variance = ((0.4 / 0.7) ** 2 * (88 + 4)) + ((0.3 / 0.7) ** 2 * (88 + 16))
    assert row["index_value"] == pytest.approx(index, abs=1e-4)
    assert row["source_spread_points"] == pytest.approx(math.sqrt(88), abs=1e-4)
    assert row["degrees_of_freedom"] == 5
    assert row["upper_value"] == pytest.approx(index + T5 * math.sqrt(variance), abs=0.01)
    assert row["lower_value"] == pytest.approx(index - T5 * math.sqrt(variance), abs=0.01)
    assert (row["sources"], row["source_count"]) == ("mobility+power", 2)
    assert row["weight_present_share"] == pytest.approx(0.7)


def test_one_source_stands_on_the_prior_alone() -> None:
    row = _row(_values((DAY, "power", 60, None)))
    assert (row["index_value"], row["source_count"], row["sources"]) == (60.0, 1, "power")
    assert row["upper_value"] == pytest.approx(60 + T4 * 10, abs=0.01)


def test_four_sources_that_agree_shrink_the_spread() -> None:
    row = _row(_values(*((DAY, source, 50, None) for source in WEIGHTS)))
    spread = math.sqrt(4 * 100 / 7)
    weights = math.sqrt(sum(w * w for w in WEIGHTS.values()))
    assert row["source_spread_points"] == pytest.approx(spread, abs=1e-4)
    assert row["upper_value"] == pytest.approx(50 + T7 * spread * weights, abs=0.01)


def test_no_interval_reaches_below_nobody_at_work() -> None:
    assert _row(_values((DAY, "power", 3, None)))["lower_value"] == 0.0


def test_the_spread_is_pooled_over_its_days_and_no_longer() -> None:
    # 50 on the day, 450 the day before; 15 days before is forgotten: tau2 = (400 + 250) / 5
    def pair(day: date, half: float) -> list[tuple[date, str, float, float | None]]:
        return [(day, "power", 50 + half, None), (day, "mobility", 50 - half, None)]

    old, before = DAY - timedelta(days=14), DAY - timedelta(days=1)
    row = _row(_values(*pair(DAY, 5), *pair(before, 15), *pair(old, 40)))
    assert row["source_spread_points"] == pytest.approx(math.sqrt(130), abs=1e-4)


def test_no_row_rests_on_a_later_day_or_on_another_region() -> None:
    values = _values((DAY, "power", 60, None), (DAY, "mobility", 50, None))
    later = values.with_columns(
        pl.col("data_date") + timedelta(days=1), pl.lit(5.0).alias("index_value")
    )
    other = values.with_columns(region_id=pl.lit("990101"), index_value=pl.Series([0.0, 100.0]))
    alone = fuse(values, WEIGHTS, [DAY], PARAMETERS)
    among = fuse(pl.concat([later, other, values]), WEIGHTS, [DAY], PARAMETERS)
    assert among.filter(pl.col("region_id") == "990100").equals(alone)


def test_nothing_measured_gives_no_row() -> None:
    assert fuse(_values(), WEIGHTS, [DAY], PARAMETERS).is_empty()


def _cities(
    count: int, sources: int, *, spread: float | None, seed: int
) -> tuple[pl.DataFrame, np.ndarray]:
    """Two weeks of `count` cities and how far each is back on the last day.

    `spread`: true standard deviation between sources; None draws each city's from the prior. Every
    source keeps its own deviation for the whole time, the worst case for pooling days.
    """
    rng = np.random.default_rng(seed)
    names = list(WEIGHTS)[:sources]
    level = 50 + np.cumsum(rng.normal(0, 2, (count, len(SPREAD_DAYS))), axis=1)
    prior = PARAMETERS.prior_spread_points * np.sqrt(
        PARAMETERS.prior_degrees / rng.chisquare(PARAMETERS.prior_degrees, count)
    )
    tau = prior if spread is None else np.full(count, spread)
    own = rng.normal(0, 1, (count, sources)) * tau[:, None]
    errors = np.linspace(1, 4, sources)
    noise = rng.normal(0, 1, (count, len(SPREAD_DAYS), sources)) * errors
    values = level[:, :, None] + own[:, None, :] + noise
    city, day, source = np.indices(values.shape)
    frame = pl.DataFrame(
        {
            "data_date": pl.Series(SPREAD_DAYS).gather(day.ravel()),
            "region_id": pl.Series([f"{n:06d}" for n in range(count)]).gather(city.ravel()),
            "source": pl.Series(names).gather(source.ravel()),
            "index_value": values.ravel(),
            "standard_error": errors[source.ravel()],
        }
    )
    return frame, level[:, -1]


def _coverage(sources: int, spread: float | None, count: int = 4000) -> float:
    values, truth = _cities(count, sources, spread=spread, seed=sources)
    found = fuse(values, WEIGHTS, [DAY], PARAMETERS).sort("region_id")
    inside = (found["lower_value"].to_numpy() <= truth) & (truth <= found["upper_value"].to_numpy())
    return float(inside.mean())


@pytest.mark.parametrize("sources", [1, 2, 3, 4])
def test_the_interval_covers_as_said(sources: int) -> None:
    # spreads drawn from the published prior; 4,000 cities: two standard errors are 0.7 points
    assert _coverage(sources, None) == pytest.approx(0.95, abs=0.013)


def test_coverage_when_the_prior_is_wrong() -> None:
    # half the expected spread: too wide; twice: too narrow, and honest only with many sources
    assert _coverage(4, 5) > 0.97
    assert 0.80 < _coverage(4, 20) < 0.95
    assert _coverage(4, 10) > 0.95


def test_a_source_that_goes_missing_widens_the_interval() -> None:
    values, _ = _cities(500, 4, spread=10, seed=9)
    width = pl.col("upper_value") - pl.col("lower_value")
    whole = fuse(values, WEIGHTS, [DAY], PARAMETERS).select("region_id", whole=width)
    for source in WEIGHTS:
        gone = (pl.col("data_date") == DAY) & (pl.col("source") == source)
        rest = fuse(values.filter(~gone), WEIGHTS, [DAY], PARAMETERS)
        both = rest.select("region_id", "sources", rest=width).join(whole, on="region_id")
        assert both.filter(pl.col("rest") > pl.col("whole")).height / both.height > 0.99, source
        assert source not in both["sources"][0].split("+")
