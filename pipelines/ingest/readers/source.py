"""What every format reader hands to the mapping: named text columns, line numbers, refused rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

LINE = "_line"
# spaces of any kind and stray byte order marks around a value
BLANK = " \t\r\n\u00a0\u3000\ufeff"
PATH_PREFIX = "path:"
REJECTED_SCHEMA = {
    LINE: pl.Int64,
    "code": pl.String,
    "raw": pl.String,
    "message": pl.String,
}
MALFORMED_ROW = "malformed_row"
BAD_ENCODING = "bad_encoding"
_BATCH_ROWS = 50_000
_RAW_LIMIT = 2_000


@dataclass(frozen=True)
class Rejected:
    """A row that could not be split into fields; `line` is physical, 1-based."""

    line: int
    code: str
    raw: str
    message: str


@dataclass(frozen=True)
class Record:
    """A row split into fields."""

    line: int
    fields: Sequence[str | None]


@dataclass
class Source:
    """One file as text columns (parquet: native ones) named as in the file, plus `_line`.

    Values of the path's named groups are columns called `path:<group>`.
    """

    names: list[str]
    frame: pl.LazyFrame
    rejected: pl.DataFrame


def rejected_frame(rejected: Iterable[Rejected]) -> pl.DataFrame:
    """Refused rows as a table, raw text cut to a length fit for a person."""
    rows = [(r.line, r.code, r.raw[:_RAW_LIMIT], r.message) for r in rejected]
    return pl.DataFrame(rows, schema=REJECTED_SCHEMA, orient="row").sort(LINE)


@dataclass
class Spool:
    """Rows read one by one, put down as Parquet in scratch so that memory stays bounded."""

    folder: Path
    names: list[str]
    rejected: list[Rejected] = field(default_factory=list, init=False)
    _rows: list[tuple[object, ...]] = field(default_factory=list, init=False)
    _parts: list[Path] = field(default_factory=list, init=False)

    @property
    def _schema(self) -> dict[str, type[pl.DataType]]:
        return {LINE: pl.Int64, **dict.fromkeys(self.names, pl.String)}

    def add(self, record: Record) -> None:
        self._rows.append((record.line, *record.fields))
        if len(self._rows) >= _BATCH_ROWS:
            self._flush()

    def extend(self, records: Iterator[Record | Rejected]) -> None:
        """Take rows and refused rows as they come."""
        for record in records:
            if isinstance(record, Rejected):
                self.rejected.append(record)
            else:
                self.add(record)

    def _flush(self) -> None:
        if not self._rows:
            return
        part = self.folder / f"part-{len(self._parts):05d}.parquet"
        frame = pl.DataFrame(self._rows, schema=self._schema, orient="row")
        frame.write_parquet(part, compression="lz4")
        self._parts.append(part)
        self._rows = []

    def source(self) -> Source:
        """Everything put in, as one lazy table in the order it came."""
        self._flush()
        if self._parts:
            frame = pl.scan_parquet(self._parts, glob=False)
        else:
            frame = pl.LazyFrame(schema=self._schema)
        return Source(self.names, frame, rejected_frame(self.rejected))
