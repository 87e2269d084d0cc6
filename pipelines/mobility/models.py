"""Single devices for dbt's Python models: tracks, trips, machines, anchors and homes.

DuckDB relations in, Arrow batches out. No track or anchor rests on another day's events: the same
day gives the same rows in every window.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import polars as pl
import pyarrow as pa
from duckdb import DuckDBPyRelation

from pipelines.dates import CITY_TIMEZONE, DateWindow
from pipelines.mobility.anchors import ANCHOR_SCHEMA, anchor_days
from pipelines.mobility.cleaning import clean
from pipelines.mobility.coverage import missing_carriers
from pipelines.mobility.daily import device_days, identifier_changes, machines
from pipelines.mobility.flows import TRIP_SCHEMA, trips
from pipelines.mobility.homes import home_and_work, home_nights
from pipelines.mobility.parameters import MobilityParameters, load_parameters
from pipelines.mobility.relations import (
    Schema,
    batches,
    between,
    device_groups,
    of_day,
    window_of,
)
from pipelines.mobility.stays import SEGMENT_SCHEMA, segments

DEVICE_DAY_SCHEMA: Schema = {
    "carrier": pl.String,
    "day_event_count": pl.Int64,
    "place_count": pl.Int64,
    "first_place_id": pl.String,
    "day_stay_count": pl.Int64,
    "present_s": pl.Int64,
    "main_region_id": pl.String,
    "main_region_s": pl.Int64,
}
TRACK_SCHEMA: Schema = {
    "data_date": pl.Date,
    "error_code": pl.String,
    **SEGMENT_SCHEMA,
    **DEVICE_DAY_SCHEMA,
}
MACHINE_SCHEMA: Schema = {"data_date": pl.Date, "device_id": pl.String}
CARRIER_MISSING = "carrier_missing"
CARRIER_SCHEMA: Schema = {
    "data_date": pl.Date,
    "carrier": pl.String,
    "device_count": pl.Int64,
    "known_device_count": pl.Int64,
    "known_share": pl.Float64,
    "error_code": pl.String,
}
_ANCHOR: Schema = {
    "place_id": pl.String,
    "region_id": pl.String,
    "latitude": pl.Float64,
    "longitude": pl.Float64,
    "day_count": pl.Int64,
    "observed_day_count": pl.Int64,
    "share": pl.Float64,
    "confidence": pl.Float64,
    "missing_reason": pl.String,
}
HOME_SCHEMA: Schema = {
    "reference_date": pl.Date,
    "device_id": pl.String,
    **{f"{kind}_{name}": dtype for kind in ("home", "work") for name, dtype in _ANCHOR.items()},
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

    def tables_of(day: date) -> Iterator[pl.DataFrame]:
        for group in device_groups(of_day(events, day)):
            yield _tracks(group, register, day, parameters)

    return batches(window_of(window).extended_back(1), tables_of, TRACK_SCHEMA)


def machine_day(days: DuckDBPyRelation, window: DuckDBPyRelation) -> pa.RecordBatchReader:
    """`daily.machines` as of every date of `window` and the date before it: MACHINE_SCHEMA.

    `days`: `device_days` of the window and `device_history_days` before it.
    """
    parameters = load_parameters()

    def tables_of(day: date) -> Iterator[pl.DataFrame]:
        found = machines(_recent(days, day, parameters).pl(), parameters)
        yield found.with_columns(pl.lit(day).alias("data_date"))

    return batches(window_of(window).extended_back(1), tables_of, MACHINE_SCHEMA)


def carrier_day(days: DuckDBPyRelation, window: DuckDBPyRelation) -> pa.RecordBatchReader:
    """Each carrier's devices of every date of `window` against the days before: CARRIER_SCHEMA.

    `daily.identifier_changes`, and CARRIER_MISSING for `coverage.missing_carriers`, which have a
    row even without a device.
    """
    parameters = load_parameters()

    def tables_of(day: date) -> Iterator[pl.DataFrame]:
        recent = _recent(days, day, parameters).pl()
        seen = identifier_changes(recent, parameters).filter(pl.col("data_date") == day)
        missing = missing_carriers(recent, day, parameters).with_columns(
            pl.lit(day).alias("data_date"), pl.lit(CARRIER_MISSING).alias("error_code")
        )
        others = seen.join(missing, on="carrier", how="anti", nulls_equal=True)
        yield pl.concat([others, missing], how="diagonal").sort("carrier")

    return batches(window_of(window), tables_of, CARRIER_SCHEMA)


def anchor_day(found: DuckDBPyRelation, window: DuckDBPyRelation) -> pa.RecordBatchReader:
    """`anchors.anchor_days` of every date of `window`; `found`: data_date and SEGMENT_SCHEMA."""
    parameters = load_parameters()

    def tables_of(day: date) -> Iterator[pl.DataFrame]:
        for group in device_groups(of_day(found, day)):
            yield anchor_days(group, parameters).filter(pl.col("data_date") == day)

    return batches(window_of(window), tables_of, ANCHOR_SCHEMA)


def trip_day(found: DuckDBPyRelation, window: DuckDBPyRelation) -> pa.RecordBatchReader:
    """`flows.trips` that arrive on a date of `window`: TRIP_SCHEMA.

    `found`: data_date, is_stay and SEGMENT_SCHEMA; the date before the window too, for the stay a
    day's first trip began at.
    """
    parameters = load_parameters()
    stays = found.filter("is_stay")

    def tables_of(day: date) -> Iterator[pl.DataFrame]:
        for group in device_groups(between(stays, day - timedelta(days=1), day)):
            yield trips(group, parameters).filter(pl.col("data_date") == day)

    return batches(window_of(window), tables_of, TRIP_SCHEMA)


def home(
    anchors: DuckDBPyRelation,
    references: DuckDBPyRelation,
    festivals: DuckDBPyRelation,
    calendar: DuckDBPyRelation,
) -> pa.RecordBatchReader:
    """Home and work of each device as of each reference date: HOME_SCHEMA.

    `anchors`: ANCHOR_SCHEMA, at least `home_reach_days` before each date. `references`:
    reference_date. `festivals`: new_year_date. `calendar`: date, is_workday. Days from the
    reference date on are not looked at.
    """
    parameters = load_parameters()
    dates = references.select("reference_date AS data_date").distinct()
    wanted = set(dates.pl()["data_date"])
    new_years = festivals.pl()["new_year_date"].to_list()
    workdays = calendar.filter("is_workday").pl()["date"]

    def tables_of(day: date) -> Iterator[pl.DataFrame]:
        if day not in wanted:
            return
        reach = DateWindow(
            day - timedelta(days=parameters.home_reach_days), day - timedelta(days=1)
        )
        nights = home_nights(reach, new_years, parameters)
        working = nights.filter(nights.is_in(workdays.implode()))
        for group in device_groups(between(anchors, reach.start, reach.end)):
            found = home_and_work(group, nights, working, parameters)
            yield found.with_columns(pl.lit(day).alias("reference_date"))

    return batches(window_of(dates), tables_of, HOME_SCHEMA)


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


def _recent(days: DuckDBPyRelation, day: date, parameters: MobilityParameters) -> DuckDBPyRelation:
    return between(days, day - timedelta(days=parameters.device_history_days - 1), day)


def _end_of(day: date) -> datetime:
    """The first UTC instant after a civil day of the city, without time zone."""
    midnight = datetime.combine(day + timedelta(days=1), time(), CITY_TIMEZONE)
    return midnight.astimezone(UTC).replace(tzinfo=None)
