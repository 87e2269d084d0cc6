"""Text (or native Parquet values) to a contract column's type; null where it cannot be read."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache, partial
from typing import cast
from zoneinfo import ZoneInfo

import polars as pl

from pipelines.feeds.contract import Column
from pipelines.ingest.providers import ColumnSource

Parse = Callable[[pl.Expr], pl.Expr]
Read = Callable[[pl.Series], pl.Series]

# ISO 8601 as anyone would write it; `%+` covers an offset or Z with or without a fraction
_ZONED = ("%Y-%m-%dT%H:%M:%S%z", "%+", "%Y-%m-%d %H:%M:%S%z", "%Y-%m-%dT%H:%M%z")
# without a fraction first: reading one that is not there takes four times as long
_LOCAL = (
    "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M",
)  # fmt: skip
_DAYS = ("%Y-%m-%d", "%Y%m%d", "%Y/%m/%d")
# a date exported as an instant: read where its time is midnight, for then nothing is lost
_MIDNIGHTS = ("%Y-%m-%d 00:00:00", "%Y-%m-%dT00:00:00")
INSTANT_FORMATS = (*_ZONED, *_LOCAL, *_DAYS)
_MICROSECONDS = pl.Datetime("us")
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")
_LARGEST_EXACT_FLOAT = 2**53
_BOOLEANS = {
    "true": True, "t": True, "1": True, "yes": True, "y": True, "是": True,
    "false": False, "f": False, "0": False, "no": False, "n": False, "否": False,
}  # fmt: skip


def decimal_type(duckdb_type: str) -> pl.Decimal | None:
    """`DECIMAL(p,s)` as a Polars type; None for other types."""
    if not duckdb_type.startswith("DECIMAL("):
        return None
    precision, scale = duckdb_type[len("DECIMAL(") : -1].split(",")
    return pl.Decimal(int(precision), int(scale))


def _in_likely_order(series: pl.Series, readers: Sequence[Read]) -> list[Read]:
    """The readers, beginning with one that reads the first value: a file keeps to one format."""
    first = series.drop_nulls().head(1)
    able = [reader for reader in readers if reader(first).null_count() == 0]
    return [*able, *(reader for reader in readers if reader not in able)]


def _first_that_reads(readers: Sequence[Read], dtype: pl.DataType, series: pl.Series) -> pl.Series:
    """Every value by the first reader that can; null where none can."""
    if series.null_count() == len(series):
        return pl.Series(series.name, [None], dtype=dtype).new_from_index(0, len(series))
    likely = _in_likely_order(series, readers)
    result = likely[0](series)
    for reader in likely[1:]:
        unread = result.is_null() & series.is_not_null()
        if not unread.any():
            break
        result = result.zip_with(~unread, reader(series.set(~unread, None)))
    return result


def _day(format_: str, series: pl.Series) -> pl.Series:
    return series.str.to_date(format_, strict=False)


@cache
def fixed_offset(zone: str, first_year: int, last_year: int) -> timedelta | None:
    """The zone's offset if it never changes from the year before `first_year` to the one after."""
    at = datetime(first_year - 1, 1, 1, 12, tzinfo=ZoneInfo(zone))
    offsets = {
        (at + timedelta(days=day)).utcoffset() for day in range((last_year - first_year + 3) * 366)
    }
    return offsets.pop() if len(offsets) == 1 else None


def _to_utc(series: pl.Series, zone: str) -> pl.Series:
    """Local time to UTC; nonexistent hours are null, repeated ones the earlier."""
    years = series.dt.year()
    first, last = cast("int | None", years.min()), cast("int | None", years.max())
    if first is not None and last is not None and first > 1 and last < 9998:
        offset = fixed_offset(zone, first, last)
        if offset is not None:  # subtracting is a hundred times faster than zone rules
            return series - offset
    local = series.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return local.dt.convert_time_zone("UTC").dt.replace_time_zone(None)


def _common_offset(series: pl.Series) -> timedelta | None:
    """The offset when every value is `YYYY-MM-DDTHH:MM:SS+HH:MM` with the same one."""
    texts = series.drop_nulls()
    tail = texts.str.tail(6)
    match = _OFFSET.fullmatch(tail[0]) if len(tail) else None
    if match is None or not (tail == tail[0]).all() or not (texts.str.len_bytes() == 25).all():
        return None
    sign = -1 if match[1] == "-" else 1
    return sign * timedelta(hours=int(match[2]), minutes=int(match[3]))


def _zoned(format_: str, series: pl.Series) -> pl.Series:
    offset = _common_offset(series) if format_ == _ZONED[0] else None
    if offset is not None:  # far faster than reading each value's offset
        parsed = series.str.head(19).str.to_datetime(
            "%Y-%m-%dT%H:%M:%S", strict=False, time_unit="us", cache=False
        )
        return parsed - offset
    parsed = series.str.to_datetime(format_, strict=False, time_unit="us")
    return parsed.dt.convert_time_zone("UTC").dt.replace_time_zone(None)


def _instant(format_: str, zone: str, series: pl.Series) -> pl.Series:
    """Text to UTC; without an offset local time of `zone`, without hours midnight."""
    if "%z" in format_ or "%:z" in format_ or "%+" in format_:
        return _zoned(format_, series)
    if "%H" not in format_ and "%T" not in format_:
        return _to_utc(series.str.to_date(format_, strict=False).cast(_MICROSECONDS), zone)
    parsed = series.str.to_datetime(format_, strict=False, time_unit="us", cache=False)
    return _to_utc(parsed, zone)


def _text(expr: pl.Expr, source: ColumnSource) -> pl.Expr:
    if source.pattern is not None:
        expr = expr.str.extract(source.pattern, 1)
    if source.values is not None:
        texts = {key: scalar_text(value) for key, value in source.values.items()}
        expr = expr.replace_strict(texts, default=None, return_dtype=pl.String)
    return expr


def scalar_text(value: str | int | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _scaled(expr: pl.Expr, source: ColumnSource) -> pl.Expr:
    number = expr.cast(pl.Float64, strict=False)
    number = pl.when(number.is_finite()).then(number)
    if source.factor is None and source.plus == 0.0:
        return number
    # binary fractions: 200 * 0.01 and 1 - 0.9 must come out as 2 and 0.1
    return (number * (source.factor if source.factor is not None else 1.0) + source.plus).round(9)


def _integer(expr: pl.Expr, source: ColumnSource) -> pl.Expr:
    if source.factor is None and source.plus == 0.0:
        return expr.str.replace(r"\.0*$", "").cast(pl.Int64, strict=False)
    return _whole(_scaled(expr, source))


def _whole(number: pl.Expr) -> pl.Expr:
    """A float as an integer where it is one."""
    fits = (number == number.floor()) & (number.abs() <= _LARGEST_EXACT_FLOAT)
    return pl.when(fits).then(number).cast(pl.Int64, strict=False)


def _decimal(expr: pl.Expr, source: ColumnSource, target: pl.Decimal) -> pl.Expr:
    if source.factor is None and source.plus == 0.0:
        return expr.cast(target, strict=False)
    return _scaled(expr, source).round(target.scale).cast(target, strict=False)


def from_text(column: Column, source: ColumnSource) -> Parse:
    """How text becomes the column's type."""
    target = decimal_type(column.duckdb_type)
    if target is not None:
        return lambda expr: _decimal(_text(expr, source), source, target)
    if column.duckdb_type in ("DATE", "TIMESTAMP"):
        readers: list[Read]
        if column.duckdb_type == "DATE":
            readers = [partial(_day, f) for f in source.formats or (*_DAYS, *_MIDNIGHTS)]
            result: pl.DataType = pl.Date()
        else:
            formats = source.formats or INSTANT_FORMATS
            readers = [partial(_instant, f, source.timezone) for f in formats]
            result = _MICROSECONDS
        read = partial(_first_that_reads, readers, result)
        return lambda expr: _text(expr, source).map_batches(
            read, return_dtype=result, is_elementwise=True
        )
    by_type: dict[str, Parse] = {
        "VARCHAR": lambda expr: _text(expr, source),
        "BIGINT": lambda expr: _integer(_text(expr, source), source),
        "DOUBLE": lambda expr: _scaled(_text(expr, source), source),
        "BOOLEAN": lambda expr: (
            _text(expr, source)
            .str.to_lowercase()
            .replace_strict(_BOOLEANS, default=None, return_dtype=pl.Boolean)
        ),
    }
    return by_type[column.duckdb_type]


def _native_instant(expr: pl.Expr, dtype: pl.DataType, zone: str) -> pl.Expr:
    expr = expr.cast(pl.Datetime("us", getattr(dtype, "time_zone", None)))
    if getattr(dtype, "time_zone", None) is None:
        expr = expr.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return expr.dt.convert_time_zone("UTC").dt.replace_time_zone(None)


def from_native(column: Column, source: ColumnSource, dtype: pl.DataType) -> Parse:
    """How a Parquet column of that type becomes the contract's type."""
    zone = source.timezone
    target = decimal_type(column.duckdb_type)
    if dtype == pl.String:
        return from_text(column, source)
    if column.duckdb_type == "TIMESTAMP" and dtype.is_temporal():
        return lambda expr: _native_instant(expr, dtype, zone)
    if column.duckdb_type == "DATE" and isinstance(dtype, pl.Datetime):
        aware = dtype.time_zone is not None
        return lambda expr: (expr.dt.convert_time_zone(zone) if aware else expr).dt.date()
    if column.duckdb_type == "DATE" and dtype == pl.Date:
        return lambda expr: expr
    if column.duckdb_type == "BOOLEAN" and dtype == pl.Boolean:
        return lambda expr: expr
    if dtype.is_numeric() and source.factor is None and source.plus == 0.0:
        if target is not None:
            finite = dtype.is_float()
            return lambda expr: (pl.when(expr.is_finite()).then(expr) if finite else expr).cast(
                target, strict=False
            )
        if column.duckdb_type == "DOUBLE":
            return lambda expr: _scaled(expr, source)
        if column.duckdb_type == "BIGINT" and dtype.is_integer():
            return lambda expr: expr.cast(pl.Int64, strict=False)
        if column.duckdb_type == "BIGINT":
            return lambda expr: _whole(_scaled(expr, source))
    text = from_text(column, source)
    return lambda expr: text(native_text(expr, dtype))


def native_text(expr: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """A native value as the text a person would write."""
    if isinstance(dtype, pl.Datetime):
        form = "%Y-%m-%dT%H:%M:%S%.f" + ("%:z" if dtype.time_zone is not None else "")
        return expr.dt.strftime(form)
    if dtype.is_float():
        whole = _whole(expr)
        return pl.coalesce(whole.cast(pl.String), expr.cast(pl.String))
    return expr.cast(pl.String)
