"""CSV and TSV: Polars where every line is sound, a tolerant reader where quotes go wrong.

A line is checked by itself before Polars reads the file, because Polars pads short rows and cuts
or refuses long ones. Line numbers are physical, whatever is quoted.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import polars as pl

from pipelines.errors import LayoutMismatch
from pipelines.ingest.providers import Layout
from pipelines.ingest.readers.source import (
    BLANK,
    LINE,
    MALFORMED_ROW,
    Record,
    Rejected,
    Source,
    Spool,
    rejected_frame,
)
from pipelines.ingest.readers.text import Text

# a quoted field may hold line ends, but an unclosed quote must not swallow the file
_MAX_LINES_A_RECORD = 50
# more broken lines than this are not broken lines but another layout
_MAX_REFUSED_LINES = 1_000_000
_EXTRA = "_extra"

NumberedLine = tuple[int, str]


def _split(line: str, layout: Layout) -> list[str] | None:
    """Fields of one record, or None when its quotes are wrong."""
    if layout.quote is None:
        return line.split(layout.separator)
    if layout.quote not in line:
        return line.split(layout.separator)
    reader = csv.reader(
        [line], delimiter=layout.separator, quotechar=layout.quote, strict=True, doublequote=True
    )
    try:
        rows = list(reader)
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None


def header_names(text: Text, layout: Layout) -> list[str]:
    """Column names of the file: its header's, stripped, or the ones the layout gives."""
    if layout.names is not None:
        return layout.names
    with text.path.open(encoding="utf-8", newline="\n") as file:
        for number, line in enumerate(file):
            if number == layout.skip_lines:
                names = _split(line.rstrip("\r\n"), layout) or [line]
                names = [name.strip(BLANK) for name in names]
                return names[:-1] if layout.trailing_empty_field and not names[-1] else names
    return []


def _sound(fields: list[str], width: int, layout: Layout) -> list[str] | None:
    """The fields of a row of the right width, else None."""
    if len(fields) == width:
        return fields
    if layout.trailing_empty_field and len(fields) == width + 1 and not fields[-1].strip():
        return fields[:-1]
    return None


def _malformed(number: int, line: str, found: int | None, width: int) -> Rejected:
    what = "its quotes do not match" if found is None else f"{found} fields"
    return Rejected(number, MALFORMED_ROW, line, f"expected {width} fields, found {what}")


class _Lines:
    """Numbered lines that can be put back."""

    def __init__(self, lines: Iterable[NumberedLine]) -> None:
        self._source = iter(lines)
        self._ahead: deque[NumberedLine] = deque()

    def __iter__(self) -> Iterator[NumberedLine]:
        return self

    def __next__(self) -> NumberedLine:
        return self._ahead.popleft() if self._ahead else next(self._source)

    def put_back(self, lines: list[NumberedLine]) -> None:
        self._ahead.extendleft(reversed(lines))


def _joined(lines: _Lines, line: str, width: int, layout: Layout) -> list[str] | None:
    """Fields of a record whose quotes stay open at the end of `line`; None when none comes out.

    Takes the lines the record goes on in, or puts all of them back.
    """
    taken: list[NumberedLine] = []
    for item in islice(lines, _MAX_LINES_A_RECORD):
        taken.append(item)
        line = f"{line}\n{item[1]}"
        fields = _split(line, layout)
        if fields is not None:
            row = _sound(fields, width, layout)
            if row is not None:
                return row
            break
    lines.put_back(taken)
    return None


def records(
    lines: Iterable[NumberedLine], width: int, layout: Layout
) -> Iterator[Record | Rejected]:
    """Rows of numbered physical lines; blank ones are no rows.

    A line with an open quote is joined with the next ones while that yields a sound row; if none
    does, the line alone is refused and reading goes on at the next line.
    """
    waiting = _Lines(lines)
    for number, line in waiting:
        if not line or line.isspace():
            continue
        fields = _split(line, layout)
        if fields is None:
            row = _joined(waiting, line, width, layout)
        else:
            row = _sound(fields, width, layout)
        if row is None:
            yield _malformed(number, line, None if fields is None else len(fields), width)
        else:
            yield Record(number, [value or None for value in row])


def numbered_lines(path: Path, layout: Layout) -> Iterator[NumberedLine]:
    """Physical lines after the skipped ones and the header, with their 1-based numbers."""
    skip = layout.skip_lines + (layout.names is None)
    with path.open(encoding="utf-8", newline="\n") as file:
        for number, line in enumerate(file, start=1):
            if number > skip:
                yield number, line.rstrip("\r\n")


def _fields_a_line(layout: Layout) -> tuple[pl.Expr, pl.Expr]:
    """(number of fields of a line, whether its quotes are sound) as expressions over `line`."""
    line = pl.col("line").str.strip_suffix("\r")
    if layout.quote is None:
        return line.str.count_matches(layout.separator, literal=True) + 1, pl.lit(True)
    mark, separator = re.escape(layout.quote), re.escape(layout.separator)
    quoted = f"{mark}(?:[^{mark}]|{mark}{mark})*{mark}"
    field = f"(?:{quoted}|[^{mark}{separator}]*)"
    bare = line.str.replace_all(quoted, "")
    return (
        bare.str.count_matches(layout.separator, literal=True) + 1,
        line.str.contains(f"^{field}(?:{separator}{field})*$"),
    )


def _has_quotes(path: Path, layout: Layout) -> bool:
    if layout.quote is None:
        return False
    mark = layout.quote.encode()
    with path.open("rb") as file:
        while chunk := file.read(1 << 22):
            if mark in chunk:
                return True
    return False


def _check_lines(path: Path, width: int, layout: Layout, where: str) -> pl.DataFrame | None:
    """Lines that are no sound row (`_line`, `line`, `found`); None when quotes need care."""
    fields, quotes = _fields_a_line(layout)
    lines = pl.scan_lines(path, row_index_name=LINE, row_index_offset=1, glob=False).filter(
        pl.col(LINE) > layout.skip_lines + (layout.names is None)
    )
    right = fields == width
    if layout.trailing_empty_field:
        empty_end = pl.col("line").str.contains(
            f'{re.escape(layout.separator)}(?:"")?\\s*$', strict=True
        )
        right |= (fields == width + 1) & empty_end
    checked = lines.select(LINE, "line", found=fields, sound=quotes)
    bad = checked.filter(~(right & pl.col("sound")) | (pl.col("line").str.strip_chars() == ""))
    found = bad.head(_MAX_REFUSED_LINES + 1).collect(engine="streaming")
    if found.height > _MAX_REFUSED_LINES:
        raise LayoutMismatch(
            f"{where}: expected rows of {width} fields, found more than {_MAX_REFUSED_LINES:,} "
            f"lines that are not; the first, line {found[LINE][0]}, has {found['found'][0]}."
        )
    if not found["sound"].all():
        return None
    return found.with_columns(pl.col(LINE).cast(pl.Int64))


def _scan(path: Path, names: list[str], layout: Layout) -> pl.LazyFrame:
    skip = layout.skip_lines + (layout.names is None)
    # one name more than the header: rows with a trailing empty field put it there
    schema = dict.fromkeys([*names, _EXTRA] if layout.trailing_empty_field else names, pl.String)
    frame = pl.scan_csv(
        path,
        has_header=False,
        skip_lines=skip,
        schema=schema,
        separator=layout.separator,
        quote_char=layout.quote,
        missing_columns="insert",
        extra_columns="ignore",
        row_index_name=LINE,
        row_index_offset=skip + 1,
        glob=False,
    )
    return frame.with_columns(pl.col(LINE).cast(pl.Int64))


def read_delimited(
    text: Text, names: list[str], layout: Layout, where: str, scratch: Path
) -> Source:
    """All rows of a CSV or TSV file whose header has been checked.

    Rows in the frame and rows refused add up to the rows of the file. Raises `LayoutMismatch` when
    a million lines do not have the expected number of fields.
    """
    width = len(names)
    quoted = _has_quotes(text.path, layout)
    plain = layout if quoted else layout.model_copy(update={"quote": None})
    bad = _check_lines(text.path, width, plain, where)
    if bad is None:
        spool = Spool(scratch, names)
        spool.extend(records(numbered_lines(text.path, layout), width, layout))
        spool.rejected.extend(text.undecodable)
        return spool.source()
    frame = _scan(text.path, names, plain).select(LINE, *names)
    if quoted:
        frame = frame.with_columns(
            pl.when(pl.col(name) != "").then(pl.col(name)).alias(name) for name in names
        )
    if bad.height:
        frame = frame.filter(~pl.col(LINE).is_in(bad[LINE].implode()))
    short = bad.filter(pl.col("line").str.strip_chars() != "")
    rejected = [
        _malformed(number, line.rstrip("\r"), found, width)
        for number, line, found in short.select(LINE, "line", "found").iter_rows()
    ]
    return Source(names, frame, rejected_frame([*rejected, *text.undecodable]))


def refuse_if_no_row_fits(source: Source, where: str) -> None:
    """Raise `LayoutMismatch` when every row of the file was refused for its fields."""
    malformed = source.rejected.filter(pl.col("code") == MALFORMED_ROW)
    if malformed.height and source.frame.head(1).collect().is_empty():
        first = malformed.row(0, named=True)
        raise LayoutMismatch(
            f"{where}: not one row fits the layout; line {first[LINE]}: {first['message']} "
            f"(columns expected: {', '.join(source.names)})."
        )
