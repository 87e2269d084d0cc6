"""What the dbt Python models call: DuckDB relations in, Arrow batches out, a day at a time.

Each function reads one data date (and, of large days, one group of devices) at once and hands its
rows on before it reads the next, so memory does not grow with the window. No row rests on another
day's events: the same day gives the same rows in every window.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta

import polars as pl
import pyarrow as pa
from duckdb import DuckDBPyRelation

from pipelines.dates import CITY_TIMEZONE, DateWindow
from pipelines.mobility.anchors import ANCHOR_SCHEMA, anchor_days
from pipelines.mobility.cleaning import clean
from pipelines.mobility.daily import device_days, machines
from pipelines.mobility.flows import TRIP_SCHEMA, trips
from pipelines.mobility.movement import GROUP_EVENTS
from pipelines.mobility.parameters import MobilityParameters, load_parameters
from pipelines.mobility.stays import SEGMENT_SCHEMA, segments

DEVICE_DAY_SCHEMA: dict[str, type[pl.DataType]] = {
    "carrier": pl.String,
    "day_event_count": pl.Int64,
    "place_count": pl.Int64,
    "first_place_id": pl.String,
    "day_stay_count": pl.Int64,
    "present_s": pl.Int64,
    "main_region_id": pl.String,
    "main_region_s": pl.Int64,
}
TRACK_SCHEMA: dict[str, type[pl.DataType] | pl.DataType] = {
    "data_date": pl.Date,
    "error_code": pl.String,
    **SEGMENT_SCHEMA,
    **DEVICE_DAY_SCHEMA,
}


def track_day(
    events: DuckDBPyRelation, cells: DuckDBPyRelation, window: DuckDBPyRelation
) -> pa.RecordBatchReader:
    """Segments of every device and date, and beside them its refused events by code.

    `events`, `cells`: the columns of bronze. `window`: data_date. The date before the window is
    computed too. A row without error_code is a segment (SEGMENT_SCHEMA) with what the device did on
    the day (DEVICE_DAY_SCHEMA, the same on all its segments); a row with one holds how many of the
    device's events were refused with that code, and nothing else.
    """
    parameters, register = load_parameters(), cells.pl()

    def of_day(day: date) -> Iterator[pl.DataFrame]:
        for group in _device_groups(_of_day(events, day)):
            yield _tracks(group, register, day, parameters)

    return _batches(_window(window).extended_back(1), of_day, TRACK_SCHEMA)


def machine_day(days: DuckDBPyRelation, window: DuckDBPyRelation) -> pa.RecordBatchReader:
    """`daily.machines` as of every date of `window` and the date before it: data_date, device_id.

    `days`: `device_days` of the window and `device_history_days` before it.
    """
    parameters = load_parameters()

    def of_day(day: date) -> Iterator[pl.DataFrame]:
        first = day - timedelta(days=parameters.device_history_days - 1)
        found = machines(_between(days, first, day).pl(), parameters)
        yield found.with_columns(pl.lit(day).alias("data_date"))

    schema = {"data_date": pl.Date, "device_id": pl.String}
    return _batches(_window(window).extended_back(1), of_day, schema)


def anchor_day(segments_: DuckDBPyRelation, window: DuckDBPyRelation) -> pa.RecordBatchReader:
    """`anchors.anchor_days` of every date of `window`; `segments_`: SEGMENT_SCHEMA, data_date."""
    parameters = load_parameters()

    def of_day(day: date) -> Iterator[pl.DataFrame]:
        found = anchor_days(_of_day(segments_, day).pl(), parameters)
        yield found.filter(pl.col("data_date") == day)

    return _batches(_window(window), of_day, ANCHOR_SCHEMA)


def trip_day(segments_: DuckDBPyRelation, window: DuckDBPyRelation) -> pa.RecordBatchReader:
    """`flows.trips` that arrive on a date of `window`: TRIP_SCHEMA.

    `segments_`: SEGMENT_SCHEMA, data_date, is_stay; the date before the window too, for the stay a
    day's first trip began at.
    """
    parameters = load_parameters()
    stays = segments_.filter("is_stay")

    def of_day(day: date) -> Iterator[pl.DataFrame]:
        for group in _device_groups(_between(stays, day - timedelta(days=1), day)):
            yield trips(group, parameters).filter(pl.col("data_date") == day)

    return _batches(_window(window), of_day, TRIP_SCHEMA)


def _tracks(
    events: pl.DataFrame, cells: pl.DataFrame, day: date, parameters: MobilityParameters
) -> pl.DataFrame:
    cleaned = clean(events, cells, parameters, data_until=_end_of(day))
    accepted = cleaned.accepted
    found = segments(accepted, parameters)
    days = device_days(accepted, found, parameters).filter(pl.col("data_date") == day)
    names = {"event_count": "day_event_count", "stay_count": "day_stay_count"}
    refused = (
        cleaned.events.filter(pl.col("error_code").is_not_null())
        .group_by(pl.col("device_id", "error_code").cast(pl.String))
        .agg(pl.len().cast(pl.Int64).alias("event_count"))
        .sort("device_id", "error_code")
    )
    both = [found.join(days.drop("data_date").rename(names), on="device_id", how="left"), refused]
    return pl.concat(both, how="diagonal").with_columns(pl.lit(day).alias("data_date"))


def _device_groups(rows: DuckDBPyRelation) -> Iterator[pl.DataFrame]:
    """The rows, whole devices, at most about GROUP_EVENTS at a time."""
    counted = rows.aggregate("count(*)").fetchone()
    groups = -(-(counted[0] if counted else 0) // GROUP_EVENTS)
    for group in range(groups):
        yield rows.filter(f"hash(device_id) % {groups} = {group}").pl()


def _of_day(rows: DuckDBPyRelation, day: date) -> DuckDBPyRelation:
    return _between(rows, day, day)


def _between(rows: DuckDBPyRelation, first: date, last: date) -> DuckDBPyRelation:
    return rows.filter(f"data_date BETWEEN DATE '{first}' AND DATE '{last}'")


def _window(dates: DuckDBPyRelation) -> DateWindow:
    row = dates.aggregate("min(data_date), max(data_date)").fetchone()
    assert row is not None  # an aggregate without groups has one row
    return DateWindow(*row)


def _end_of(day: date) -> datetime:
    """The first UTC instant after a civil day of the city, without time zone."""
    midnight = datetime.combine(day + timedelta(days=1), time(), CITY_TIMEZONE)
    return midnight.astimezone(UTC).replace(tzinfo=None)


def _batches(
    window: DateWindow,
    of_day: Callable[[date], Iterator[pl.DataFrame]],
    schema: Mapping[str, type[pl.DataType] | pl.DataType],
) -> pa.RecordBatchReader:
    """The days' tables one after the other, computed when they are asked for."""
    arrow = pl.DataFrame(schema=schema).to_arrow().schema

    def batches() -> Iterator[pa.RecordBatch]:
        for day in window:
            for rows in of_day(day):
                table = rows.select(pl.col(n).cast(t) for n, t in schema.items()).to_arrow()
                yield from table.cast(arrow).to_batches()

    return pa.RecordBatchReader.from_batches(arrow, batches())
