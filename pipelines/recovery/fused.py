"""One index of return to work from several sources, with an interval.

Source i of m shows y_i = theta + d_i + e_i: theta is how far the city is back, d_i ~ N(0, tau2) is
how far this kind of source is off on principle, e_i ~ N(0, s_i2) its sampling error. The index is
sum(w_i y_i), the published weights over the sources that measured the day, made to add up to one;
its variance is sum(w_i2 (tau2 + s_i2)).

tau2 is estimated from the spread between the sources. For a day with m sources,
E[sum_i (y_i - mean)2] = (m - 1) tau2 + (1 - 1/m) sum_i s_i2; the days of the spread window are
pooled and the estimate, never below zero, is shrunk to a published prior:

    tau2 = (n0 * prior2 + n * pooled) / (n0 + n),  n = (most sources on any day of the window) - 1

n counts sources, not days: a source that is off today was off yesterday. The interval is
index +- t(n0 + n) * sqrt(variance). With fewer sources the weights concentrate and t grows, so the
interval widens; with one source there is no spread and the prior stands alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl
from scipy.special import stdtrit

INDEX_SCHEMA: dict[str, type[pl.DataType]] = {
    "data_date": pl.Date,
    "region_id": pl.String,
    "index_value": pl.Float64,
    "lower_value": pl.Float64,
    "upper_value": pl.Float64,
    "source_count": pl.Int64,
    "sources": pl.String,
    "weight_present_share": pl.Float64,
    "source_spread_points": pl.Float64,
    "degrees_of_freedom": pl.Int64,
}
_DAY = ["region_id", "data_date"]


@dataclass(frozen=True)
class FusedParameters:
    """Of seeds/parameters."""

    prior_spread_points: float
    prior_degrees: int
    spread_days: int
    coverage_share: float

    @classmethod
    def of(cls, parameters: Mapping[str, float]) -> FusedParameters:
        """From names and values of seeds/parameters."""
        return cls(
            prior_spread_points=float(parameters["fused_prior_spread_points"]),
            prior_degrees=int(parameters["fused_prior_degrees"]),
            spread_days=int(parameters["fused_spread_days"]),
            coverage_share=float(parameters["fused_coverage_share"]),
        )


def fuse(
    values: pl.DataFrame,
    weights: Mapping[str, float],
    window: list[date],
    parameters: FusedParameters,
) -> pl.DataFrame:
    """INDEX_SCHEMA: one row a region and date of `window` on which a source measured something.

    `values`: data_date, region_id, source, index_value, standard_error (null: unknown, taken as
    zero), of the window and `spread_days - 1` days before it; measured on their own day only.
    `weights`: the published weight of every source. A row of date D rests on no value after D.
    """
    measured = (
        values.select(*_DAY, "source", "index_value", "standard_error")
        .with_columns(
            pl.col("source").replace_strict(weights, return_dtype=pl.Float64).alias("weight"),
            pl.col("standard_error").fill_null(0.0).pow(2).alias("sampling"),
        )
        .sort(*_DAY, "source")
    )
    today = measured.filter(pl.col("data_date").is_in(window))
    if today.is_empty():
        return pl.DataFrame(schema=INDEX_SCHEMA)
    tau2 = _between_sources(_spread_by_day(measured), today, parameters)
    share = pl.col("weight") / pl.col("weight").sum()
    index = (
        today.join(tau2, on=_DAY)
        .group_by(_DAY, maintain_order=True)
        .agg(
            (share * pl.col("index_value")).sum().alias("index_value"),
            (share.pow(2) * (pl.col("tau2") + pl.col("sampling"))).sum().alias("variance"),
            pl.len().cast(pl.Int64).alias("source_count"),
            pl.col("source").str.join("+").alias("sources"),
            (pl.col("weight").sum() / sum(weights.values())).alias("weight_present_share"),
            pl.col("tau2").first().sqrt().alias("source_spread_points"),
            pl.col("degrees_of_freedom").first(),
        )
    )
    half = pl.col("quantile") * pl.col("variance").sqrt()
    return (
        index.join(_quantiles(index, parameters), on="degrees_of_freedom")
        .with_columns(
            # no city is less than not at work
            pl.max_horizontal(pl.lit(0.0), pl.col("index_value") - half).alias("lower_value"),
            (pl.col("index_value") + half).alias("upper_value"),
        )
        .select(list(INDEX_SCHEMA))
        .with_columns(pl.col(pl.Float64).round(4))
        .sort(*_DAY)
        .cast(INDEX_SCHEMA)  # type: ignore[arg-type]
    )


def _spread_by_day(measured: pl.DataFrame) -> pl.DataFrame:
    """Each day's sum of squares between its sources less what sampling explains of it."""
    count, value = pl.len(), pl.col("index_value")
    return measured.group_by(_DAY, maintain_order=True).agg(
        ((value - value.mean()).pow(2).sum() - (1 - 1 / count) * pl.col("sampling").sum()).alias(
            "between"
        ),
        (count.cast(pl.Int64) - 1).alias("degrees"),
    )


def _between_sources(
    spread: pl.DataFrame, today: pl.DataFrame, parameters: FusedParameters
) -> pl.DataFrame:
    """tau2 and its degrees of freedom for each region and date of the window."""
    earlier = spread.rename({"data_date": "spread_date"})
    age = (pl.col("data_date") - pl.col("spread_date")).dt.total_days()
    pooled = (
        today.select(_DAY).unique(maintain_order=True)
        .join(earlier, on="region_id")
        .filter(age.is_between(0, parameters.spread_days - 1))
        .sort(*_DAY, "spread_date")
        .group_by(_DAY, maintain_order=True)
        .agg(pl.col("between", "degrees").sum(), pl.col("degrees").max().alias("most"))
    )  # fmt: skip
    estimate = (
        pl.when(pl.col("degrees") > 0)
        .then(pl.max_horizontal(pl.lit(0.0), pl.col("between") / pl.col("degrees")))
        .otherwise(0.0)
    )
    prior, degrees = parameters.prior_spread_points**2, pl.lit(parameters.prior_degrees)
    freedom = degrees + pl.col("most")
    return pooled.select(
        *_DAY,
        ((degrees * prior + pl.col("most") * estimate) / freedom).alias("tau2"),
        freedom.cast(pl.Int64).alias("degrees_of_freedom"),
    )


def _quantiles(index: pl.DataFrame, parameters: FusedParameters) -> pl.DataFrame:
    degrees = index["degrees_of_freedom"].unique().sort()
    upper = 0.5 + parameters.coverage_share / 2
    values = [float(stdtrit(each, upper)) for each in degrees]
    return pl.DataFrame({"degrees_of_freedom": degrees, "quantile": values})
