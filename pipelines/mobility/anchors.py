"""Where each device spent the nights and working hours of a day: what homes are found from."""

from __future__ import annotations

import polars as pl

from pipelines.mobility.daily import split_at_days
from pipelines.mobility.parameters import MobilityParameters
from pipelines.mobility.presence import presence

NIGHT, WORK = "night", "work"
PLACE = ["place_id", "region_id", "latitude", "longitude"]

ANCHOR_SCHEMA: dict[str, type[pl.DataType]] = {
    "data_date": pl.Date,
    "device_id": pl.String,
    "period": pl.String,
    "place_id": pl.String,
    "region_id": pl.String,
    "latitude": pl.Float64,
    "longitude": pl.Float64,
    "seconds": pl.Int64,
}


def anchor_days(segments: pl.DataFrame, parameters: MobilityParameters) -> pl.DataFrame:
    """The places at which a device spent the night and the working hours of each civil date.

    The night of a date is its hours before `night_end_hour` and from `night_start_hour`: so a row
    of a date needs nothing of the next morning. Period `night` has one row a device and date, the
    place of most time. Period `work` has every place held for `work_min_s` or more, because the
    workplace is looked for away from a home that is not known yet; where there is none, the place
    of most time. So a device has a row in every period in which it was present.

    Returns ANCHOR_SCHEMA, sorted by data_date, device_id, period and place_id.
    """
    present = presence(segments, parameters).select("device_id", *PLACE, "from_s", "until_s")
    nights = [
        split_at_days(present, start, end, parameters) for start, end in _night_hours(parameters)
    ]
    working = split_at_days(
        present, parameters.work_start_hour, parameters.work_end_hour, parameters
    )
    night = _held(pl.concat(nights)).filter(pl.col("rank") == 1)
    work = _held(working).filter(
        (pl.col("rank") == 1) | (pl.col("seconds") >= parameters.work_min_s)
    )
    both = pl.concat(
        part.with_columns(pl.lit(period).alias("period"))
        for period, part in ((NIGHT, night), (WORK, work))
    )
    return both.select(*ANCHOR_SCHEMA).sort("data_date", "device_id", "period", "place_id")


def _night_hours(parameters: MobilityParameters) -> list[tuple[int, int]]:
    """The night's hours of a civil date: its morning and its evening."""
    start, end = parameters.night_start_hour, parameters.night_end_hour
    return [(start, end)] if start < end else [(0, end), (start, 24)]


def _held(pieces: pl.DataFrame) -> pl.DataFrame:
    """Seconds of each device, date and place; `rank` 1 has most (then first in the alphabet)."""
    return (
        pieces.rename({"day_date": "data_date"})
        .group_by("device_id", "data_date", *PLACE)
        .agg(pl.col("seconds").sum())
        .sort(
            "device_id", "data_date", "seconds", "place_id", descending=[False, False, True, False]
        )
        .with_columns(pl.int_range(1, pl.len() + 1).over("device_id", "data_date").alias("rank"))
    )
