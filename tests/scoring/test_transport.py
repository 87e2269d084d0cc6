"""Ticketing, footfall and the fused index: the truth scores perfectly, mistakes fail their line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.scoring import ScoreLine

Lines = dict[tuple[str, str], ScoreLine]
COUNTS = ("ticketing_daily", "counts that differ")
RECOVERY = ("ticketing_daily", "city recovery: largest error in points")
ORDINARY = ("footfall_recovery_daily", "ordinary days: mean distance from 100")
HELD = (
    "return_to_work_fused_daily",
    "city: share of days whose interval holds the people at work",
)


def _marts(truth: Path) -> list[str]:
    """What perfect marts would hold."""
    counts = f"read_parquet('{truth}/station_counts_daily.parquet')"
    return [
        f"""
        CREATE TABLE lake.marts.ticketing_daily AS
        WITH levels AS (
          SELECT data_date, coalesce(mode, 'all') AS mode, coalesce(line, 'all') AS line,
            coalesce(station, 'all') AS station, sum(boardings)::BIGINT AS boardings,
            sum(alightings)::BIGINT AS alightings
          FROM {counts} GROUP BY data_date, ROLLUP (mode, line, station)
        )
        SELECT *, data_date AS value_date, 'weekday_pre_festival' AS baseline_kind,
          NULL::VARCHAR AS missing_reason,
          CASE WHEN mode = 'all' AND data_date > '2020-01-10' THEN (
            SELECT 100 * l.boardings / avg(b.boardings) FROM levels AS b
            WHERE b.mode = 'all' AND isodow(b.data_date) = isodow(l.data_date)
              AND b.data_date BETWEEN DATE '2019-12-06' AND DATE '2020-01-04'
          ) END AS recovery_pct
        FROM levels AS l
        """,
        """
        CREATE TABLE lake.marts.footfall_recovery_daily AS
        SELECT DATE '2020-01-03' AS data_date, DATE '2020-01-03' AS value_date,
          98.0 AS recovery_pct, 5 AS open_venue_count, 5 AS reporting_venue_count,
          DATE '2020-01-02' AS fit_last_date
        UNION ALL SELECT DATE '2020-01-25', DATE '2020-01-25', 20.0, 5, 5, DATE '2020-01-04'
        """,
        """
        CREATE TABLE lake.marts.return_to_work_fused_daily AS
        SELECT DATE '2020-01-03' AS data_date, '990100' AS region_id, 100.0 AS index_value,
          80.0 AS lower_value, 120.0 AS upper_value, 3 AS source_count
        UNION ALL SELECT DATE '2020-01-24', '990100', 120.0, 110.0, 130.0, 3
        """,
    ]


@pytest.fixture(scope="module")
def perfect(scored: Callable[..., Lines], truth: Path) -> Lines:
    return scored(*_marts(truth))


def test_the_truth_scores_perfectly(perfect: Lines) -> None:
    assert (perfect[COUNTS].value, perfect[COUNTS].passed) == (0, True)
    assert perfect[RECOVERY].value == pytest.approx(0, abs=1e-3)
    assert perfect[RECOVERY].passed


def test_only_ordinary_days_judge_the_prediction(perfect: Lines) -> None:
    assert (perfect[ORDINARY].value, perfect[ORDINARY].passed) == (2.0, True)
    unknown = perfect["footfall_recovery_daily", "recovery in the epidemic"]
    assert unknown.note.startswith("not available")


def test_the_interval_is_held_against_the_people_at_work(perfect: Lines) -> None:
    assert perfect[HELD].value == 0.5
    assert perfect[HELD].passed is None


def test_mistakes_fail_their_lines(scored: Callable[..., Lines], truth: Path) -> None:
    lines = scored(
        *_marts(truth),
        "UPDATE lake.marts.ticketing_daily SET boardings = boardings + 1 "
        "WHERE data_date = '2020-01-10' AND station <> 'all' AND line = '1号线'",
        "UPDATE lake.marts.ticketing_daily SET recovery_pct = recovery_pct + 6",
        "UPDATE lake.marts.footfall_recovery_daily SET recovery_pct = 80",
    )
    assert lines[COUNTS].passed is False
    assert lines[RECOVERY].passed is False
    assert lines[ORDINARY].passed is False


def test_marts_never_made_say_so(scored: Callable[..., Lines]) -> None:
    lines = scored()
    for name in ("ticketing_daily", "footfall_recovery_daily", "return_to_work_fused_daily"):
        assert lines[name, "all measures"].note.startswith("not available")
