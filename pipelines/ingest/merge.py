"""One partition from all the files that touch it: de-duplication and order, bucket by bucket.

The result depends on the set of files only: rows are ordered by data date, key, the contract's
`latest_by`, then file (date, name, hash) and line, whatever the order of arrival or the threads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path

import polars as pl
import polars.selectors as cs
from polars.selectors import Selector

from pipelines.feeds.contract import Table
from pipelines.ingest.checks import DATA_DATE, LINE
from pipelines.ingest.codes import RowCode
from pipelines.ingest.config import ingest_config
from pipelines.ingest.validate import REFUSED_SCHEMA, ValidatedTable, bucket_of, part_of

FILE = "_file"
PACKED = "_packed"
_INT64_ROOM = 2**62
_CONFLICT = "another row of the same key says otherwise, and the contract does not say which holds"


def power_of_two(at_least: float) -> int:
    """The smallest power of two that is not below a number, 1 at the least."""
    power = 1
    while power < at_least:
        power *= 2
    return power


@dataclass(frozen=True)
class MergeInput:
    """One file's valid rows of the table, and its place in the fixed order of files."""

    file: int
    rows: ValidatedTable


@dataclass
class Merged:
    """What became of the rows, by file number; filled while `Merge.buckets` is consumed."""

    accepted: Counter[int] = field(default_factory=Counter)
    conflicting: Counter[int] = field(default_factory=Counter)
    valid: Counter[int] = field(default_factory=Counter)
    conflicts: list[pl.DataFrame] = field(default_factory=list)

    def duplicates(self, file: int) -> int:
        """Rows of a file that another row stands for, or that were summed into another."""
        return self.valid[file] - self.accepted[file] - self.conflicting[file]


@dataclass(frozen=True)
class Merge:
    """The rows of one table and provider for some data dates (None: all, of an undated table)."""

    table: Table
    inputs: Sequence[MergeInput]
    dates: frozenset[date] | None

    @cached_property
    def count(self) -> int:
        """How many buckets there are: a power of two, at least what each file was cut into."""
        rows = sum(one.rows.rows_on(self.dates) for one in self.inputs)
        needed = power_of_two(rows / ingest_config().bucket_rows)
        return max([needed, *(len(one.rows.parts) for one in self.inputs)])

    def buckets(self, merged: Merged) -> Iterator[pl.DataFrame]:
        """Surviving rows: contract columns, data date, `_file`, `_line`, in their final order."""
        for bucket in range(self.count):
            lazy = (self._bucket(one, bucket) for one in self.inputs)
            # file by file: one query over hundreds of files would open them all at once
            frames = [frame.collect() for frame in lazy if frame is not None]
            if not frames:
                continue
            rows = frames[0] if len(frames) == 1 else pl.concat(map(_as_text, frames))
            _count(merged.valid, rows)
            kept, conflicts = deduplicate(rows, self.table, self._adds)
            _count(merged.accepted, kept)
            if not conflicts.is_empty():
                _count(merged.conflicting, conflicts)
                merged.conflicts.append(conflicts)
            yield kept

    @property
    def _adds(self) -> bool:
        return any(one.rows.adds for one in self.inputs)

    def _bucket(self, one: MergeInput, bucket: int) -> pl.LazyFrame | None:
        parts = one.rows.parts
        path: Path | None = parts[part_of(bucket, self.count, len(parts))]
        if path is None:
            return None
        frame = one.rows.scan(path)
        if len(parts) < self.count:
            frame = frame.filter(bucket_of(self.table, self.count) == bucket)
        if self.dates is not None:
            frame = frame.filter(pl.col(DATA_DATE).is_in(sorted(self.dates)))
        return frame.with_columns(pl.lit(one.file, dtype=pl.Int32).alias(FILE))


def _as_text(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with `Enum`s as the texts they stand for."""
    return rows.with_columns(pl.col(pl.Enum).cast(pl.String))


def _count(counter: Counter[int], rows: pl.DataFrame) -> None:
    counter.update(dict(rows.group_by(FILE).len().iter_rows()))


def deduplicate(rows: pl.DataFrame, table: Table, adds: bool) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(rows kept in order, rows in conflict) under the contract's rules.

    `adds`: the provider splits keys over rows, so rows of one key are summed and identical ones
    are not taken for repeats.
    """
    partition = [DATA_DATE] if table.is_dated else []
    kept, conflicts = _settled(rows, table, adds, partition)
    return _as_text(kept), _as_text(conflicts)


def _settled(
    rows: pl.DataFrame, table: Table, adds: bool, partition: list[str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The same, with texts of the group still as `Enum`s: those compare as numbers."""
    columns = [column.name for column in table.columns]
    group = [*partition, *(name for name in table.key if name not in partition)]
    rule = "sum" if adds else table.on_key_conflict
    latest = [table.latest_by] if table.latest_by and table.latest_by not in group else []
    rows = _sorted(
        rows, group if table.key else list(dict.fromkeys([*partition, *columns])), latest
    )
    nothing = rows.clear()
    if not table.key:
        if table.on_identical == "drop":
            rows = rows.unique([*partition, *columns], keep="first", maintain_order=True)
        return rows, nothing
    if rule == "latest":
        return rows.filter(_last_of(rows, group)), nothing
    distinct = rows
    if table.on_identical == "drop" and not adds:
        distinct = rows.unique(columns, keep="first", maintain_order=True)
    if rule == "sum":
        return _summed(distinct, table, group), nothing
    lonely = distinct.select(~pl.struct(group).is_duplicated()).to_series()
    contested = distinct.filter(~lonely).select(group).unique()
    conflicts = rows.join(contested, on=group, how="semi", maintain_order="left")
    return distinct.filter(lonely), conflicts


def _sorted(rows: pl.DataFrame, group: list[str], latest: list[str]) -> pl.DataFrame:
    """Rows by the group's columns, then `latest`, file and line.

    Texts are compared through the ranks of their distinct values, and ranks and other integers
    of the group are packed into one: several times faster than comparing column by column.
    """
    texts = _of_kind(rows, cs.string())
    ranks = {
        name: rows[name].cast(pl.Enum(rows[name].drop_nulls().unique().sort()))
        for name in group
        if name in texts
    }
    ranked = rows.with_columns(column.alias(name) for name, column in ranks.items())
    packed = _packed(ranked, group)
    if packed is None:
        ranked = ranked.sort([*group, *latest, FILE, LINE])
    else:
        ranked = ranked.with_columns(packed).sort([PACKED, *latest, FILE, LINE]).drop(PACKED)
    return ranked


def _packed(rows: pl.DataFrame, group: list[str]) -> pl.Expr | None:
    """One integer that orders like the columns together; None where they do not fit in one."""
    packed = pl.lit(0, dtype=pl.Int64)
    room = 1
    whole = _of_kind(rows, cs.integer() | cs.date() | cs.datetime() | cs.enum())
    for name in group:
        if name not in whole:
            return None
        codes = pl.col(name).to_physical().cast(pl.Int64)
        low, high, nulls = rows.select(
            low=codes.min(), high=codes.max(), nulls=pl.col(name).null_count()
        ).row(0)
        if low is None or nulls:
            return None
        room *= high - low + 1
        if room >= _INT64_ROOM:
            return None
        packed = packed * (high - low + 1) + (codes - low)
    return packed.alias(PACKED)


def _of_kind(rows: pl.DataFrame, kind: Selector) -> set[str]:
    """Names of the columns of a kind; a look at the schema would build every `Enum` anew."""
    return set(rows.select(kind).columns)


def _last_of(rows: pl.DataFrame, group: list[str]) -> pl.Series:
    """Whether a row is the last of its group, in rows sorted by the group."""
    changes = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(-1)) for name in group)
    at_end = pl.int_range(pl.len()) == pl.len() - 1
    return rows.select(changes | at_end).to_series()


def _summed(rows: pl.DataFrame, table: Table, group: list[str]) -> pl.DataFrame:
    """One row a key: the measures added, everything else from the latest row."""
    sums = [name for name in table.sums if name not in group]
    last = rows.filter(_last_of(rows, group))
    # a sum of missing values is missing, not zero
    added = rows.group_by(group, maintain_order=True).agg(
        pl.when(pl.col(name).count() > 0).then(pl.col(name).sum()).cast(rows.schema[name])
        for name in sums
    )
    return last.with_columns(added[name] for name in sums)


def conflict_rows(rows: pl.DataFrame, table: Table) -> pl.DataFrame:
    """Conflicting rows as quarantine shows them (`REFUSED_SCHEMA` and `_file`)."""
    names = [column.name for column in table.columns]
    key = pl.concat_str((pl.col(name).cast(pl.String) for name in table.key), separator=" | ")
    day = pl.col(DATA_DATE) if table.is_dated else pl.lit(None, dtype=pl.Date).alias(DATA_DATE)
    texts = (pl.col(name).cast(pl.String) for name in names)
    return rows.select(
        pl.col(FILE),
        pl.col(LINE),
        day,
        code=pl.lit(str(RowCode.KEY_CONFLICT)),
        column_name=pl.lit(", ".join(table.key)),
        value=key,
        message=pl.lit(_CONFLICT),
        row_json=pl.struct(texts).struct.json_encode(),
    ).select(FILE, *REFUSED_SCHEMA)
