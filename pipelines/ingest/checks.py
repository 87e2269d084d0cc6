"""Row checks generated from a contract, as lazy Polars expressions.

The frame they speak of is `typed(raw)`: every contract column in its own type, and beside it the
value as the file has it, named `raw:<column>`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import cast

import polars as pl

from pipelines.dates import CITY_TIMEZONE
from pipelines.feeds.contract import Column, Table
from pipelines.ingest.codes import RowCode, rule_code
from pipelines.ingest.config import PlausibleDates
from pipelines.ingest.readers import RawTable
from pipelines.ingest.readers.values import fixed_offset

LINE = "_line"
DATA_DATE = "data_date"
_RAW = "raw:"


@dataclass(frozen=True)
class Check:
    """One promise of the contract; `broken` is true for the rows that break it.

    `column` is where the value to show stands; None for a rule across columns.
    """

    code: str
    column: str | None
    message: str
    broken: pl.Expr


def polars_type(duckdb_type: str) -> pl.DataType:
    """The Polars type of a contract column."""
    if duckdb_type.startswith("DECIMAL("):
        precision, scale = duckdb_type[len("DECIMAL(") : -1].split(",")
        return pl.Decimal(int(precision), int(scale))
    types: dict[str, pl.DataType] = {
        "VARCHAR": pl.String(),
        "BIGINT": pl.Int64(),
        "DOUBLE": pl.Float64(),
        "BOOLEAN": pl.Boolean(),
        "DATE": pl.Date(),
        "TIMESTAMP": pl.Datetime("us"),
    }
    return types[duckdb_type]


def raw_name(column: str) -> str:
    """The name of the column that holds a value as the file has it."""
    return f"{_RAW}{column}"


def data_date_of(table: Table) -> pl.Expr | None:
    """A row's data date: its own date column, or the city's day of its instant."""
    if table.data_date_from is None:
        return None
    source = pl.col(table.data_date_from)
    if table.column(table.data_date_from).duckdb_type == "TIMESTAMP":
        source = source.map_batches(_city_date, return_dtype=pl.Date, is_elementwise=True)
    return source.alias(DATA_DATE)


def _city_date(instants: pl.Series) -> pl.Series:
    """The city's day of UTC instants."""
    years = instants.dt.year()
    first, last = cast("int | None", years.min()), cast("int | None", years.max())
    if first is not None and last is not None and first > 1 and last < 9998:
        offset = fixed_offset(str(CITY_TIMEZONE), first, last)
        if offset is not None:  # adding is far faster than zone rules
            return (instants + offset).dt.date()
    local = instants.dt.replace_time_zone("UTC").dt.convert_time_zone(str(CITY_TIMEZONE))
    return local.dt.date()


def typed(raw: RawTable) -> pl.LazyFrame:
    """Contract columns in their types, `raw:` columns, `_line`, and the data date if any."""
    columns = []
    for column in raw.table.columns:
        mapped = raw.columns.get(column.name)
        if mapped is None:
            nothing = pl.lit(None, dtype=polars_type(column.duckdb_type))
            columns.append(nothing.alias(column.name))
        else:
            columns.append(mapped.parse(pl.col(column.name)).alias(column.name))
            columns.append(pl.col(column.name).alias(raw_name(column.name)))
    frame = raw.frame.select(LINE, *columns)
    data_date = data_date_of(raw.table)
    return frame if data_date is None else frame.with_columns(data_date)


def checks_of(raw: RawTable, file_date: date | None, plausible: PlausibleDates) -> list[Check]:
    """Every check of a table's rows in the fixed order in which the first broken one counts."""
    checks = []
    for column in raw.table.columns:
        checks.extend(_column_checks(raw.table, column, column.name in raw.columns))
    for rule in raw.table.row_rules:
        broken = ~pl.sql_expr(rule.expression)
        checks.append(Check(rule_code(rule.id), None, rule.message, broken))
    if raw.table.data_date_from is not None and file_date is not None:
        checks.extend(_date_checks(raw.table.data_date_from, file_date, plausible))
    return checks


def broken_any(checks: list[Check]) -> pl.Expr:
    """Whether a row breaks any check; an unknown (null) answer breaks nothing."""
    return pl.any_horizontal(check.broken for check in checks).fill_null(value=False)


def first_broken(checks: list[Check]) -> pl.Expr:
    """The number of a row's first broken check, null if it breaks none."""
    return pl.coalesce(
        pl.when(check.broken).then(pl.lit(number, dtype=pl.UInt16))
        for number, check in enumerate(checks)
    )


_TYPE_WORDS: dict[str, str] = {
    "BIGINT": "a whole number",
    "DOUBLE": "a number",
    "BOOLEAN": "true or false",
    "DATE": "a date",
    "TIMESTAMP": "an instant",
}


def _type_check(column: Column) -> Check:
    words = _TYPE_WORDS.get(column.duckdb_type)
    if words is None:
        words = "text" if column.duckdb_type == "VARCHAR" else f"a {column.duckdb_type} number"
    broken = pl.col(column.name).is_null() & pl.col(raw_name(column.name)).is_not_null()
    return Check(RowCode.TYPE_MISMATCH, column.name, f"{column.name} must be {words}", broken)


def _literal(column: Column, bound: float) -> pl.Expr:
    """A bound in the column's type, so that no value is compared as a rounded float."""
    if column.duckdb_type.startswith("DECIMAL("):
        return pl.lit(Decimal(str(bound)))
    return pl.lit(bound)


def _column_checks(table: Table, column: Column, given: bool) -> list[Check]:
    name, value = column.name, pl.col(column.name)
    needed = column.required or name in table.key or name == table.data_date_from
    checks = [_type_check(column)] if given else []

    def add(code: str, message: str, broken: pl.Expr) -> None:
        checks.append(Check(code, name, f"{name} {message}", broken))

    if needed:
        add(RowCode.MISSING_VALUE, "must have a value", value.is_null())
    bounds: tuple[tuple[float | None, str, str, Callable[[pl.Expr], pl.Expr]], ...] = (
        (column.minimum, RowCode.BELOW_MINIMUM, "must be at least", value.__lt__),
        (column.exclusive_minimum, RowCode.BELOW_MINIMUM, "must be above", value.__le__),
        (column.maximum, RowCode.ABOVE_MAXIMUM, "must be at most", value.__gt__),
    )
    for bound, code, words, breaks in bounds:
        if bound is not None:
            add(code, f"{words} {bound}", breaks(_literal(column, bound)))
    if column.allowed:
        listed = ", ".join(column.allowed)
        add(RowCode.NOT_ALLOWED, f"must be one of {listed}", ~value.is_in(list(column.allowed)))
    if column.pattern is not None:
        broken = ~value.str.contains(column.pattern)
        add(RowCode.PATTERN_MISMATCH, f"must match {column.pattern}", broken)
    return checks


def _date_checks(column: str, file_date: date, plausible: PlausibleDates) -> list[Check]:
    day = pl.col(DATA_DATE)
    latest = file_date + timedelta(days=plausible.forward_days)
    earliest = file_date - timedelta(days=plausible.back_days)
    return [
        Check(
            RowCode.FUTURE_DATE,
            column,
            f"the data date must not be later than {latest}: the file is of {file_date}",
            day > latest,
        ),
        Check(
            RowCode.STALE_DATE,
            column,
            f"the data date must not be earlier than {earliest}: the file is of {file_date}",
            day < earliest,
        ),
    ]
