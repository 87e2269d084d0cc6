"""From a file's columns to contract columns: templates, constants, conditions, wide to long."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import polars as pl

from pipelines.errors import LayoutMismatch
from pipelines.feeds.contract import Column, Table
from pipelines.ingest.providers import ColumnSource, Layout, TableMapping, When
from pipelines.ingest.readers.layout import Resolved
from pipelines.ingest.readers.source import BLANK, LINE, PATH_PREFIX, Source
from pipelines.ingest.readers.values import (
    Parse,
    from_native,
    from_text,
    native_text,
    scalar_text,
)

_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True)
class MappedColumn:
    """How a column of a `RawTable` becomes the contract's type.

    `parse(pl.col(name))` is null where the value cannot be read. `assumed`: the value is our
    assignment, not the publisher's word. `identifies`: the value is made from a column that is an
    identifier in the contract, so it needs a pseudonym too (a voucher number with the user in it).
    """

    parse: Callable[[pl.Expr], pl.Expr]
    assumed: bool
    identifies: bool = False


@dataclass(frozen=True)
class RawTable:
    """Rows of one contract table as found in one file, before any check.

    `frame` has `_line` (Int64: physical line, or running record number where there are no lines)
    and one column for each contract column the file provides, null where the value is missing.
    `rejected` (`_line`, `code`, `raw`, `message`) are rows that could not be split into fields.
    `duplicates` is the provider's override of the contract ('sum'). `rows_outside` counts rows that
    the mapping says are not of this table. Rows of the file = frame + rejected + rows_outside.
    """

    table: Table
    frame: pl.LazyFrame
    columns: dict[str, MappedColumn]
    rejected: pl.DataFrame
    duplicates: str | None
    rows_outside: int


def _cleaned(nulls: frozenset[str], series: pl.Series) -> pl.Series:
    series = series.str.strip_chars(BLANK)
    missing = series.is_in(list(nulls)) if len(nulls) > 1 else series == ""
    if missing.any():
        return series.set(missing, None)
    return series


class _Columns:
    """Expressions over a source's columns, as clean text or as the native values they are."""

    def __init__(self, frame: pl.LazyFrame, layout: Layout) -> None:
        self.schema = frame.collect_schema()
        self._nulls = frozenset(["", *layout.null_values])
        self._clean = partial(_cleaned, self._nulls)

    def text(self, name: str) -> pl.Expr:
        """Stripped text, null where blank or one of the layout's null markers."""
        dtype = self.schema[name]
        expr = pl.col(name)
        if dtype != pl.String:
            expr = native_text(expr, dtype)
        return expr.map_batches(self._clean, return_dtype=pl.String, is_elementwise=True)

    def is_native(self, name: str, source: ColumnSource) -> bool:
        """Whether the column's own values serve, without a detour through text."""
        as_text = source.when or source.pattern or source.values or source.formats
        return self.schema[name] != pl.String and not as_text and len(self._nulls) == 1

    def template(self, text: str) -> pl.Expr:
        """A text with `{column}` filled in; null where one of them is."""
        pieces: list[pl.Expr] = []
        for position, piece in enumerate(_PLACEHOLDER.split(text)):
            if position % 2:
                pieces.append(self.text(piece))
            elif piece:
                pieces.append(pl.lit(piece))
        return pl.concat_str(pieces)

    def condition(self, when: When) -> pl.Expr:
        """True where the condition is met; false where the value is missing."""
        text = self.text(when.column)
        if when.is_in is not None:
            met = text.is_in(when.is_in)
        elif when.matches is not None:
            met = text.str.contains(when.matches)
        else:
            met = ~text.str.contains(when.lacks or "")
        return met.fill_null(value=False)


def _literal(value: str | int | float | bool) -> pl.Expr:
    return pl.lit(scalar_text(value), dtype=pl.String)


def _raw(resolved: Resolved, columns: _Columns) -> tuple[pl.Expr, pl.DataType] | None:
    """The raw value of a contract column and its type; None when the file does not provide it."""
    source = resolved.source
    if resolved.column is not None:
        name = resolved.column
        if columns.is_native(name, source):
            return pl.col(name), columns.schema[name]
        expr = columns.text(name)
    elif resolved.templates:
        expr = pl.coalesce(columns.template(text) for text in resolved.templates)
    elif source.path is not None:
        expr = pl.col(PATH_PREFIX + source.path)
    elif source.constant is not None or source.assume is not None:
        value = source.constant if source.constant is not None else source.assume
        assert value is not None
        expr = _literal(value)
    else:
        return None
    if source.when is not None:
        expr = pl.when(columns.condition(source.when)).then(expr)
    return expr, pl.String()


def _parse(column: Column, resolved: Resolved, dtype: pl.DataType) -> Parse:
    stated = resolved.source.constant is not None or resolved.source.assume is not None
    if stated and resolved.column is None:
        # in the contract's unit already, even where the file's column would need a conversion
        return from_text(column, ColumnSource(assume=""))
    if dtype == pl.String:
        return from_text(column, resolved.source)
    return from_native(column, resolved.source, dtype)


def _long(source: Source, layout: Layout) -> pl.LazyFrame:
    """A wide file as one row a cell."""
    if layout.wide is None:
        return source.frame
    cells = [name for name in source.names if re.fullmatch(layout.wide.columns, name)]
    schema = source.frame.collect_schema()
    texts = [native_text(pl.col(n), schema[n]) for n in cells if schema[n] != pl.String]
    return source.frame.with_columns(texts).unpivot(
        on=cells,
        index=[name for name in schema.names() if name not in set(cells)],
        variable_name=layout.wide.name_as,
        value_name=layout.wide.value_as,
    )


def _used(resolved: Resolved) -> set[str]:
    """The file's columns a value is made of."""
    columns = {resolved.column} if resolved.column is not None else set()
    return columns.union(*(_PLACEHOLDER.findall(text) for text in resolved.templates))


def _identifying(table: Table, resolved: dict[str, Resolved]) -> set[str]:
    """The file's columns that feed identifiers of the contract."""
    return set().union(*(_used(resolved[n]) for n in table.identifiers if n in resolved))


def _count(frame: pl.LazyFrame) -> int:
    return int(frame.select(pl.len()).collect(engine="streaming").item())


def map_table(
    table: Table,
    mapping: TableMapping,
    resolved: dict[str, Resolved],
    source: Source,
    layout: Layout,
) -> RawTable:
    """One contract table out of one file's rows."""
    frame = _long(source, layout)
    columns = _Columns(frame, layout)
    conditions = []
    if layout.wide is not None:
        conditions.append(columns.text(layout.wide.value_as).is_not_null())
    if mapping.only is not None:
        conditions.append(columns.condition(mapping.only))
    outside = 0
    if conditions:
        belongs = pl.all_horizontal(conditions)
        outside = _count(frame.filter(~belongs))
        frame = frame.filter(belongs)
    identifying = _identifying(table, resolved)
    selected: dict[str, pl.Expr] = {}
    mapped: dict[str, MappedColumn] = {}
    for name, found in resolved.items():
        raw = _raw(found, columns)
        if raw is None:
            continue
        expr, dtype = raw
        selected[name] = expr
        assumed = found.fallback or (found.source.assume is not None and found.column is None)
        identifies = bool(_used(found) & identifying) and not table.column(name).is_identifier
        parse = _parse(table.column(name), found, dtype)
        mapped[name] = MappedColumn(parse, assumed, identifies)
    return RawTable(
        table=table,
        frame=frame.select(pl.col(LINE).cast(pl.Int64), **selected),
        columns=mapped,
        rejected=source.rejected,
        duplicates=mapping.duplicates,
        rows_outside=outside,
    )


def refuse_nested(source: Source, where: str) -> None:
    """Raise `LayoutMismatch` for columns that hold lists, structs or bytes."""
    schema = source.frame.collect_schema()
    nested = [n for n in source.names if schema[n].is_nested() or schema[n] == pl.Binary]
    if nested:
        raise LayoutMismatch(
            f"{where}: expected plain values, found {schema[nested[0]]} in column '{nested[0]}'."
        )
