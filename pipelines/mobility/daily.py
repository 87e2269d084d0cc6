"""One row a device and day, kept as history instead of events; and machines found in it."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.mobility.clock import HOUR_S, day_start_s, local_days
from pipelines.mobility.parameters import MobilityParameters
from pipelines.mobility.presence import presence

IDENTIFIERS_CHANGED = "identifiers_changed"


def split_at_days(
    intervals: pl.DataFrame, start_hour: int, end_hour: int, parameters: MobilityParameters
) -> pl.DataFrame:
    """Cut intervals (from_s, until_s) by the daily hours [start_hour, end_hour) of local days.

    An `end_hour` not after `start_hour` is of the next day; equal hours are whole days. Returns the
    rows once for each day they touch, with `day_date` (the day the hours start in) and `seconds`.
    """
    length_s = ((end_hour - start_hour - 1) % 24 + 1) * HOUR_S
    from_s, until_s = intervals["from_s"].to_numpy(), intervals["until_s"].to_numpy()
    first = local_days(from_s, start_hour, parameters)
    last = local_days(np.maximum(until_s - 1, from_s), start_hour, parameters)
    times = last - first + 1
    row = np.repeat(np.arange(len(first)), times)
    begin = np.repeat(np.cumsum(times) - times, times)
    day = first[row] + np.arange(len(row)) - begin
    start_s = day_start_s(day, start_hour, parameters)
    seconds = np.minimum(until_s[row], start_s + length_s) - np.maximum(from_s[row], start_s)
    return (
        intervals[row]
        .with_columns(
            pl.Series("day_date", day.astype(np.int32)).cast(pl.Date),
            pl.Series("seconds", seconds),
        )
        .filter(pl.col("seconds") > 0)
    )


def device_days(
    accepted: pl.DataFrame, segments: pl.DataFrame, parameters: MobilityParameters
) -> pl.DataFrame:
    """What a device did on a day (from `day_start_hour`), for later windows to read.

    Returns device_id, data_date, carrier (the first in the alphabet, if ever two), event_count,
    place_count (distinct), first_place_id, stay_count (stays that began on the day), present_s,
    main_region_id and main_region_s (where it spent most of the day). Days without an event have
    no row.
    """
    hour = parameters.day_start_hour
    shift = pl.duration(hours=parameters.utc_offset_h - hour)
    day = (pl.col("event_at") + shift).dt.date().alias("data_date")
    seen = (
        accepted.lazy()
        .group_by(pl.col("device_id").cast(pl.String), day)
        .agg(
            pl.col("carrier").cast(pl.String).min(),
            pl.len().cast(pl.Int64).alias("event_count"),
            pl.col("place_id").n_unique().cast(pl.Int64).alias("place_count"),
            pl.col("place_id").cast(pl.String).min().alias("first_place_id"),
        )
        .collect(engine="streaming")
    )
    stays = (
        segments.filter("is_stay")
        .group_by("device_id", (pl.col("first_event_at") + shift).dt.date().alias("data_date"))
        .agg(pl.len().cast(pl.Int64).alias("stay_count"))
    )
    keys = ["device_id", "data_date"]
    return (
        seen.join(stays, on=keys, how="left")
        .with_columns(pl.col("stay_count").fill_null(0))
        .join(_main_regions(segments, parameters), on=keys, how="left")
        .sort(keys)
    )


def _main_regions(segments: pl.DataFrame, parameters: MobilityParameters) -> pl.DataFrame:
    """Region with most present time of each device and day (then the first in the alphabet)."""
    hour = parameters.day_start_hour
    pieces = split_at_days(
        presence(segments, parameters).select("device_id", "region_id", "from_s", "until_s"),
        hour,
        hour,
        parameters,
    ).rename({"day_date": "data_date"})
    keys = ["device_id", "data_date"]
    return (
        pieces.group_by(*keys, "region_id")
        .agg(pl.col("seconds").sum())
        .sort(*keys, "seconds", "region_id", descending=[False, False, True, False])
        .group_by(keys, maintain_order=True)
        .agg(
            pl.col("seconds").sum().alias("present_s"),
            pl.col("region_id").first().alias("main_region_id"),
            pl.col("seconds").first().alias("main_region_s"),
        )
    )


def machines(days: pl.DataFrame, parameters: MobilityParameters) -> pl.DataFrame:
    """device_id of the devices at one single place on `machine_min_days` or more days.

    `days`: `device_days`. People's phones meet neighbour cells even at rest.
    """
    return (
        days.group_by("device_id")
        .agg(
            pl.len().alias("days"),
            pl.col("place_count").max(),
            pl.col("first_place_id").n_unique().alias("places"),
        )
        .filter(
            pl.col("days") >= parameters.machine_min_days,
            pl.col("place_count") == 1,
            pl.col("places") == 1,
        )
        .select("device_id")
        .sort("device_id")
    )


def identifier_changes(days: pl.DataFrame, parameters: MobilityParameters) -> pl.DataFrame:
    """How many of each carrier's devices were known before; code `identifiers_changed` if few.

    `days`: `device_days` of the dates in question and the history before them. When a carrier
    changes the salt of its pseudonyms, every device is new: homes, machines and moves since the
    day before break off for that carrier, though no single row looks wrong.
    Returns data_date, carrier, device_count, known_device_count, known_share (null for the first
    `identifiers_history_days` dates of the carrier), error_code; sorted.
    """
    known = pl.col("data_date") > pl.col("data_date").min().over("device_id")
    by_day = (
        days.with_columns(known.alias("known"))
        .group_by("data_date", "carrier")
        .agg(
            pl.len().cast(pl.Int64).alias("device_count"),
            pl.col("known").sum().cast(pl.Int64).alias("known_device_count"),
        )
        .sort("data_date", "carrier")
    )
    dates_before = pl.int_range(pl.len()).over("carrier")
    share = pl.col("known_device_count") / pl.col("device_count")
    few = pl.col("known_share") < parameters.identifiers_known_share
    return by_day.with_columns(
        pl.when(dates_before >= parameters.identifiers_history_days)
        .then(share)
        .alias("known_share")
    ).with_columns(pl.when(few).then(pl.lit(IDENTIFIERS_CHANGED)).alias("error_code"))
