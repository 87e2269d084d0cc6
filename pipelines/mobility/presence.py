"""Where each device was at any time, as far as its segments tell, and how many were in a region."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from pipelines.dates import DateWindow
from pipelines.mobility.clock import HOUR_S, ordinal_day
from pipelines.mobility.codes import Ints
from pipelines.mobility.parameters import MobilityParameters

PRESENT_SCHEMA: dict[str, type[pl.DataType]] = {
    "data_date": pl.Date,
    "hour": pl.Int8,
    "device_count": pl.Int64,
}


def presence(segments: pl.DataFrame, parameters: MobilityParameters) -> pl.DataFrame:
    """`segments` plus from_s and until_s: when the device counts as being there (UTC seconds).

    A device is where it was last seen until halfway to the next sighting elsewhere, and where it
    is seen next from then on; neither for longer than half of `stay_gap_s`, so that a gap of up to
    `stay_gap_s` leaves no hole and a longer one does. The intervals of a device do not overlap.
    """
    ordered = segments.sort("device_id", "first_event_at").with_columns(
        pl.col("first_event_at").dt.epoch("s").alias("from_s"),
        pl.col("last_event_at").dt.epoch("s").alias("until_s"),
    )
    carry_s = parameters.stay_gap_s // 2
    same_before = (pl.col("device_id") == pl.col("device_id").shift()).fill_null(value=False)
    same_after = (pl.col("device_id") == pl.col("device_id").shift(-1)).fill_null(value=False)
    gap_before_s = pl.col("from_s") - pl.col("until_s").shift()
    gap_after_s = pl.col("from_s").shift(-1) - pl.col("until_s")
    # the halves of an odd gap must meet: the earlier segment gets the smaller one
    before_s = pl.when(same_before).then(gap_before_s - gap_before_s // 2).otherwise(carry_s)
    after_s = pl.when(same_after).then(gap_after_s // 2).otherwise(carry_s)
    return ordered.with_columns(
        from_s=pl.col("from_s") - pl.min_horizontal(before_s, carry_s),
        until_s=pl.col("until_s") + pl.min_horizontal(after_s, carry_s),
    )


def present_population(
    segments: pl.DataFrame,
    window: DateWindow,
    parameters: MobilityParameters,
    by: Sequence[str] = ("region_id",),
) -> pl.DataFrame:
    """Devices present at minute `presence_minute` of every local hour of the window.

    `by`: columns of `segments` to count by: region_id, and strata joined on by the caller. Returns
    data_date, hour (0-23), the `by` columns and device_count, one row an hour and combination that
    occurs in `segments`, sorted by all. Each device counts once an hour, so counts of groups of
    devices can be added up.
    """
    keys = list(by)
    located = presence(segments.filter(pl.col("region_id").is_not_null()), parameters)
    combinations = located.select(keys).unique().sort(keys).with_row_index("combination")
    joined = located.join(combinations, on=keys, how="left", nulls_equal=True)
    combination = joined["combination"].to_numpy().astype(np.int64)
    hours = len(window) * 24
    start_s = ordinal_day(window.start) * 24 * HOUR_S - parameters.utc_offset_s
    start_s += parameters.presence_minute * 60
    # hour h is seen by an interval when from <= start + h hours < until
    first, after = (
        np.clip(-((start_s - joined[name].to_numpy()) // HOUR_S), 0, hours)
        for name in ("from_s", "until_s")
    )
    counts = _sums_of_steps(combination, first, after, len(combinations), hours)
    index = pl.DataFrame({"combination": np.repeat(np.arange(len(combinations)), hours)})
    hour = pl.Series(np.tile(np.arange(hours), len(combinations)))
    return (
        index.with_columns(
            pl.lit(window.start).alias("start"), hour.alias("n"), pl.Series("device_count", counts)
        )
        .with_columns(
            (pl.col("start") + pl.duration(days=pl.col("n") // 24)).alias("data_date"),
            (pl.col("n") % 24).cast(pl.Int8).alias("hour"),
        )
        .join(combinations.with_columns(pl.col("combination").cast(pl.Int64)), on="combination")
        .select("data_date", "hour", *keys, "device_count")
        .sort("data_date", "hour", *keys)
    )


def _sums_of_steps(
    combination: Ints, first: Ints, after: Ints, combinations: int, hours: int
) -> Ints:
    """How many intervals of each combination cover each hour: +1 where one begins, -1 after it."""
    width = hours + 1
    size = combinations * width
    steps = np.bincount(combination * width + first, minlength=size) - np.bincount(
        combination * width + after, minlength=size
    )
    covered: Ints = np.cumsum(steps.reshape(combinations, width), axis=1)[:, :hours].reshape(-1)
    return covered
