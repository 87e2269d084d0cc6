"""From an archived file to scratch: rows that keep the contract, and rows that do not, streaming.

Identifiers are replaced before anything of them reaches scratch on our side; what readers unpack
there is removed with the folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from pipelines.feeds.contract import Table
from pipelines.ingest.checks import (
    DATA_DATE,
    LINE,
    Check,
    broken_any,
    checks_of,
    first_broken,
    raw_name,
    typed,
)
from pipelines.ingest.config import IngestConfig
from pipelines.ingest.pseudonyms import Pseudonyms
from pipelines.ingest.readers import RawTable

REFUSED_SCHEMA = {
    LINE: pl.Int64(),
    DATA_DATE: pl.Date(),
    "code": pl.String(),
    "column_name": pl.String(),
    "value": pl.String(),
    "message": pl.String(),
    "row_json": pl.String(),
}
_CHECK = "_check"
_PSEUDONYM = "_pseudonym"
_CODE = "_code"
_BUCKET = "bucket"
_PREFIXES = 16**4  # pseudonyms are cut into ranges by their first four digits, hashes likewise
_HASHES_A_PREFIX = 2**64 // _PREFIXES


@dataclass(frozen=True)
class ValidatedTable:
    """One table's rows of one file, in scratch.

    `parts[b]` is a Parquet file of the valid rows whose key falls into bucket b (None: no such
    row). There, columns in `codes` hold places in the file's sorted pseudonyms (a number is moved
    and compared faster than a text); `scan` puts the pseudonyms back. `dates` counts valid rows by
    data date (key None for a table without dates); `refused` has `REFUSED_SCHEMA`. `adds`: the
    provider's rows of one key are to be summed.
    """

    table: Table
    parts: tuple[Path | None, ...]
    codes: dict[str, pl.Enum]
    dates: dict[date | None, int]
    refused: Path
    rows_refused: int
    adds: bool

    @property
    def rows_valid(self) -> int:
        return sum(self.dates.values())

    def scan(self, part: Path) -> pl.LazyFrame:
        """Rows of a part with pseudonyms in their places, as `Enum`s or texts."""
        put_back = (pl.col(name).cat.to(kind) for name, kind in self.codes.items())
        return pl.scan_parquet(part).with_columns(put_back)

    def rows_on(self, dates: frozenset[date] | None) -> int:
        """Valid rows on some data dates (None: all)."""
        return sum(n for day, n in self.dates.items() if dates is None or day in dates)


def bucket_of(table: Table, buckets: int) -> pl.Expr:
    """The bucket of a row: rows that could be duplicates of each other share one.

    Buckets are ranges of a prefix of the row's hash, so each of them lies whole in one of fewer,
    larger ones (`part_of`). Where the key begins with an identifier, its pseudonym is the hash, so
    that persons stay whole.
    """
    first = table.key[0] if table.key else ""
    if first in table.identifiers:
        prefix = pl.col(first).cast(pl.String).str.head(4).str.to_integer(base=16)
    else:
        row = pl.struct(table.key or [c.name for c in table.columns])
        prefix = (row.hash(seed=0) // _HASHES_A_PREFIX).cast(pl.Int64)
    return prefix * buckets // _PREFIXES


def part_of(bucket: int, buckets: int, parts: int) -> int:
    """Which of `parts` larger buckets holds a bucket of `buckets`; both are powers of two."""
    return bucket * parts // buckets


def validate(
    raw: RawTable,
    *,
    file_date: date | None,
    buckets: int,
    folder: Path,
    pseudonyms: dict[str, Pseudonyms],
    config: IngestConfig,
) -> ValidatedTable:
    """Check every row of a table and put it where it belongs, in `folder` (new, empty)."""
    table = raw.table
    checks = checks_of(raw, file_date, config.plausible_dates)
    frame = typed(raw)
    is_broken = broken_any(checks)
    given = {c: p for c, p in pseudonyms.items() if c in raw.columns}
    names = [LINE, *(c.name for c in table.columns)]
    if table.is_dated and DATA_DATE not in names:
        names.append(DATA_DATE)
    # the answer first: then the values as they came need not be carried through the filter
    valid = frame.select(*names, is_broken.alias(_CHECK)).filter(~pl.col(_CHECK))
    valid, codes = _pseudonymised(valid, frame, given, config, table, buckets)
    if buckets > 1 and (not table.key or table.key[0] not in codes):
        valid = valid.with_columns(bucket_of(table, buckets).alias(_BUCKET))
    folder.mkdir()  # before both sinks: whichever starts first needs it
    refused_path = folder / "refused.parquet"
    pl.collect_all(
        [
            _sink_valid(valid, names, buckets, folder),
            _refused(frame.filter(is_broken), raw, checks, given).sink_parquet(
                refused_path, compression="lz4", lazy=True, maintain_order=False
            ),
        ],
        engine="streaming",
    )
    parts = tuple(_part(folder, bucket, buckets) for bucket in range(buckets))
    return ValidatedTable(
        table=table,
        parts=parts,
        codes=codes,
        dates=_dates(table, parts),
        refused=_with_rejected(refused_path, raw),
        rows_refused=_height(refused_path) + raw.rejected.height,
        adds=raw.duplicates == "sum",
    )


def _sink_valid(valid: pl.LazyFrame, names: list[str], buckets: int, folder: Path) -> pl.LazyFrame:
    if buckets == 1:
        target: Path | pl.PartitionBy = folder / "valid.parquet"
        valid = valid.select(names)
    else:
        target = pl.PartitionBy(
            folder / "valid", key=_BUCKET, include_key=False, approximate_bytes_per_file=None
        )
        valid = valid.select(*names, _BUCKET)
    sink = valid.sink_parquet(
        target,
        compression="lz4",
        statistics=False,
        maintain_order=False,
        mkdir=buckets > 1,
        lazy=True,
    )
    assert sink is not None
    return sink


def _part(folder: Path, bucket: int, buckets: int) -> Path | None:
    if buckets == 1:
        return folder / "valid.parquet"
    found = list((folder / "valid" / f"bucket={bucket}").glob("*.parquet"))
    assert len(found) <= 1
    return found[0] if found else None


def _height(path: Path) -> int:
    height = pl.scan_parquet(path).select(pl.len()).collect().item()
    assert isinstance(height, int)
    return height


def _dates(table: Table, parts: tuple[Path | None, ...]) -> dict[date | None, int]:
    paths = [part for part in parts if part is not None]
    if not paths:
        return {}
    frame = pl.scan_parquet(paths)
    if not table.is_dated:
        rows = frame.select(pl.len()).collect().item()
        return {None: rows} if rows else {}
    counted = frame.group_by(DATA_DATE).len().collect(engine="streaming").sort(DATA_DATE)
    return dict(counted.iter_rows())


def _pseudonymised(
    frame: pl.LazyFrame,
    every_row: pl.LazyFrame,
    pseudonyms: dict[str, Pseudonyms],
    config: IngestConfig,
    table: Table,
    buckets: int,
) -> tuple[pl.LazyFrame, dict[str, pl.Enum]]:
    """The frame with pseudonyms, or places in sorted ones, in the identifiers' places.

    Distinct values come from `every_row`, unfiltered: then only these columns have to be read. An
    identifier that begins the key brings the row's bucket along, worked out once a person.
    """
    codes: dict[str, pl.Enum] = {}
    for column, made_by in pseudonyms.items():
        values = every_row.select(column)
        if buckets > 1 and not _few_distinct(values, config):
            frame = frame.with_columns(_in_place(pl.col(column), made_by))
            continue
        distinct = values.drop_nulls().unique().collect(engine="streaming")[column]
        found = made_by.lookup(distinct, column, _PSEUDONYM).sort(_PSEUDONYM)
        codes[column] = pl.Enum(found[_PSEUDONYM])
        brought = [column, pl.int_range(pl.len(), dtype=pl.UInt32).alias(_CODE)]
        if buckets > 1 and table.key[:1] == (column,):
            person = pl.col(_PSEUDONYM).alias(column)
            brought.append(
                found.select(person).select(bucket_of(table, buckets)).to_series().alias(_BUCKET)
            )
        lookup = found.lazy().select(brought)
        frame = (
            frame.join(lookup, on=column, how="left", maintain_order="none")
            .drop(column)
            .rename({_CODE: column})
        )
    return frame, codes


def _few_distinct(values: pl.LazyFrame, config: IngestConfig) -> bool:
    """Whether a column's distinct values may be kept in memory, judged by its first rows.

    A column that repeats its values early on is taken to go on so; a wrong guess costs memory or
    time, never a row.
    """
    sample = values.head(config.lookup_sample_rows).drop_nulls().collect().to_series()
    return bool(sample.n_unique() <= config.lookup_distinct_share * max(sample.len(), 1))


def _in_place(expr: pl.Expr, made_by: Pseudonyms) -> pl.Expr:
    return expr.map_batches(made_by.series, return_dtype=pl.String, is_elementwise=True)


def _refused(
    frame: pl.LazyFrame, raw: RawTable, checks: list[Check], pseudonyms: dict[str, Pseudonyms]
) -> pl.LazyFrame:
    """Refused rows as `REFUSED_SCHEMA`: the first broken check, its value, the row as it came."""
    shown = {
        column: _in_place(pl.col(raw_name(column)).cast(pl.String), pseudonyms[column])
        if column in pseudonyms
        else pl.col(raw_name(column)).cast(pl.String)
        for column in raw.columns
    }
    numbers = pl.int_range(len(checks), dtype=pl.UInt16, eager=True)
    value = pl.lit(None, dtype=pl.String)
    for column, text in shown.items():
        mine = [number for number, check in enumerate(checks) if check.column == column]
        value = pl.when(pl.col(_CHECK).is_in(mine)).then(text).otherwise(value)
    dated = raw.table.is_dated
    row = pl.struct(text.alias(column) for column, text in shown.items()).struct.json_encode()

    def said(texts: list[str | None]) -> pl.Expr:
        answers = pl.Series(texts, dtype=pl.String)
        return pl.col(_CHECK).replace_strict(numbers, answers, return_dtype=pl.String)

    return frame.with_columns(first_broken(checks).alias(_CHECK)).select(
        LINE,
        pl.col(DATA_DATE) if dated else pl.lit(None, dtype=pl.Date).alias(DATA_DATE),
        code=said([str(check.code) for check in checks]),
        column_name=said([check.column for check in checks]),
        value=value,
        message=said([check.message for check in checks]),
        row_json=row,
    )


def _with_rejected(path: Path, raw: RawTable) -> Path:
    """Add the rows the reader could not split; their text only where nobody is named in it."""
    if raw.rejected.is_empty():
        return path
    named = bool(raw.table.identifiers)
    text = pl.lit(None, dtype=pl.String) if named else pl.col("raw")
    nothing = pl.lit(None, dtype=pl.String)
    rejected = raw.rejected.select(
        LINE,
        pl.lit(None, dtype=pl.Date).alias(DATA_DATE),
        pl.col("code"),
        column_name=nothing,
        value=text,
        message=pl.lit("the row cannot be split into fields") if named else pl.col("message"),
        row_json=nothing,
    )
    both = path.with_name("refused_all.parquet")
    pl.concat([pl.scan_parquet(path), rejected.lazy()]).sink_parquet(both, compression="lz4")
    return both
