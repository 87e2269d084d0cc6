"""Reading DuckDB relations a day at a time, and handing tables on before the next day is read.

The functions that dbt's Python models call (`tracks`, `population`) share these, so that memory
does not grow with the window.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date

import polars as pl
import pyarrow as pa
from duckdb import DuckDBPyRelation

from pipelines.dates import DateWindow
from pipelines.mobility.movement import GROUP_EVENTS

Schema = Mapping[str, type[pl.DataType] | pl.DataType]


def window_of(dates: DuckDBPyRelation) -> DateWindow:
    """From the first to the last data_date of a relation."""
    row = dates.aggregate("min(data_date), max(data_date)").fetchone()
    assert row is not None  # an aggregate without groups has one row
    return DateWindow(*row)


def between(rows: DuckDBPyRelation, first: date, last: date) -> DuckDBPyRelation:
    """The rows of these data dates, both ends included."""
    return rows.filter(f"data_date BETWEEN DATE '{first}' AND DATE '{last}'")


def of_day(rows: DuckDBPyRelation, day: date) -> DuckDBPyRelation:
    """The rows of one data date."""
    return between(rows, day, day)


def device_groups(rows: DuckDBPyRelation, group_rows: int = GROUP_EVENTS) -> Iterator[pl.DataFrame]:
    """Whole devices (device_id), about `group_rows` rows at a time; nothing when there are none."""
    counted = rows.aggregate("count(*)").fetchone()
    groups = -(-(counted[0] if counted else 0) // group_rows)
    for group in range(groups):
        yield rows.filter(f"hash(device_id) % {groups} = {group}").pl()


def batches(
    window: DateWindow, tables_of: Callable[[date], Iterator[pl.DataFrame]], schema: Schema
) -> pa.RecordBatchReader:
    """The tables of each day one after the other, each computed when it is asked for."""
    arrow = pl.DataFrame(schema=schema).to_arrow().schema

    def produced() -> Iterator[pa.RecordBatch]:
        for day in window:
            for rows in tables_of(day):
                table = rows.select(pl.col(n).cast(t) for n, t in schema.items()).to_arrow()
                yield from table.cast(arrow).to_batches()

    return pa.RecordBatchReader.from_batches(arrow, produced())
