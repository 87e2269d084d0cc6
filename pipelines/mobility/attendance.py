"""Who is at the workplace on a day: the daily side of the mobility return-to-work index."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import polars as pl
import pyarrow as pa
from duckdb import DuckDBPyRelation

from pipelines.mobility.anchors import WORK
from pipelines.mobility.geo import distance_m
from pipelines.mobility.parameters import MobilityParameters, load_parameters
from pipelines.mobility.relations import batches, device_groups, of_day, window_of

AT_WORK_SCHEMA: dict[str, type[pl.DataType]] = {
    "data_date": pl.Date,
    "device_id": pl.String,
    "seconds": pl.Int64,
}


def at_work(
    workers: pl.DataFrame, anchors: pl.DataFrame, parameters: MobilityParameters
) -> pl.DataFrame:
    """The workers who were at their workplace, and for how long.

    `workers`: device_id, work_latitude, work_longitude. `anchors`: `anchors.anchor_days` of these
    devices. At the workplace: `work_min_s` seconds or more of the working hours at places within
    `anchor_radius_m` of it, whatever kind of day it is. Returns AT_WORK_SCHEMA, sorted.
    """
    held = workers.join(anchors.filter(pl.col("period") == WORK), on="device_id")
    ends = ("work_latitude", "work_longitude", "latitude", "longitude")
    away_m = distance_m(*(held[name].to_numpy() for name in ends))
    return (
        held.filter(pl.Series(away_m <= parameters.anchor_radius_m))
        .group_by("data_date", "device_id")
        .agg(pl.col("seconds").sum())
        .filter(pl.col("seconds") >= parameters.work_min_s)
        .select(pl.col(name).cast(dtype) for name, dtype in AT_WORK_SCHEMA.items())
        .sort("data_date", "device_id")
    )


def at_work_day(
    workers: DuckDBPyRelation,
    anchors: DuckDBPyRelation,
    references: DuckDBPyRelation,
    window: DuckDBPyRelation,
) -> pa.RecordBatchReader:
    """`at_work` of every date of `window`: AT_WORK_SCHEMA.

    `workers`: reference_date and the columns above. `anchors`: ANCHOR_SCHEMA. `references`:
    data_date, reference_date: whose workplaces hold on a date.
    """
    parameters = load_parameters()
    reference_of: dict[date, date] = dict(references.select("data_date, reference_date").fetchall())

    def tables_of(day: date) -> Iterator[pl.DataFrame]:
        known = workers.filter(f"reference_date = DATE '{reference_of[day]}'").pl()
        for group in device_groups(of_day(anchors, day)):
            yield at_work(known, group, parameters)

    return batches(window_of(window), tables_of, AT_WORK_SCHEMA)
