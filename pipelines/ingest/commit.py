"""Writing a batch to the lake: partitions replaced whole, with all that goes with them, at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from typing import NamedTuple

import duckdb
import polars as pl
import pyarrow as pa

from pipelines.feeds.contract import Feed, Table
from pipelines.ingest.checks import DATA_DATE, LINE, polars_type
from pipelines.ingest.codes import FileCode
from pipelines.ingest.config import ingest_config
from pipelines.ingest.merge import FILE, Merge, Merged, MergeInput, conflict_rows
from pipelines.ingest.register import SourceFile
from pipelines.ingest.validate import ValidatedTable
from pipelines.lake import transaction, writer
from pipelines.outcomes import ConservationBroken, Outcome, record
from pipelines.settings import Settings

_ROWS_A_BATCH = 1 << 17
_QUARANTINE_COLUMNS = (
    "feed, table_name, provider, data_date, code, column_name, value, file_name, source_sha256, "
    "source_line, message, row_json"
)


@dataclass(frozen=True)
class TakenFile:
    """A file read and checked; `seconds` of work so far.

    `known_as`: names under which the same file is registered already.
    """

    file: SourceFile
    tables: Sequence[ValidatedTable]
    seconds: float
    known_as: Sequence[str] = ()


@dataclass(frozen=True)
class RefusedFile:
    """A file refused whole, and the sentence that says why."""

    file: SourceFile
    code: FileCode
    message: str
    seconds: float
    known_as: Sequence[str] = ()


class FileRows(NamedTuple):
    """The checked rows one file has of the table in question."""

    file: SourceFile
    rows: ValidatedTable


@dataclass(frozen=True)
class Rebuild:
    """Partitions of one table and provider to replace: from new files and re-read ones."""

    table: Table
    provider: str
    dates: frozenset[date] | None
    new: Sequence[FileRows]
    reread: Sequence[FileRows]

    @cached_property
    def files(self) -> list[FileRows]:
        """All of them in the fixed order; the index is a file's number in the merge."""
        return sorted([*self.new, *self.reread], key=lambda one: one.file.order)

    def number_of(self, file: SourceFile) -> int:
        """The number of a file in the merge."""
        return [one.file.order for one in self.files].index(file.order)


@dataclass
class Batch:
    """Everything one transaction writes."""

    feed: Feed
    run_id: str
    taken: list[TakenFile] = field(default_factory=list)
    refused: list[RefusedFile] = field(default_factory=list)
    rebuilds: list[Rebuild] = field(default_factory=list)
    notes: list[Outcome] = field(default_factory=list)


def commit(settings: Settings, batch: Batch) -> list[Outcome]:
    """Write the batch in one transaction and give its outcomes; all of it or nothing."""
    files = [*(t.file for t in batch.taken), *(r.file for r in batch.refused)]
    message = f"ingest {batch.feed.name}: {len(batch.taken)} files, {len(batch.refused)} refused"
    extra = {"run_id": batch.run_id, "files": [file.sha256 for file in files]}
    with writer(settings) as con:
        # one thread keeps the rows of a file in the order they are given
        con.execute("SET threads = 1")
        if _few_partitions(batch):
            con.execute(f"SET memory_limit = '{ingest_config().writer_memory_mb}MB'")
        with transaction(con, message, extra):
            _forget_refused_rows(con, batch)
            counts: dict[tuple[str, str], tuple[Rebuild, Merged]] = {}
            restated: list[Outcome] = []
            for rebuild in batch.rebuilds:
                merged = _rebuild(con, batch.feed.name, rebuild)
                counts[rebuild.provider, rebuild.table.name] = (rebuild, merged)
                restated.extend(_restated(batch, rebuild, merged))
            outcomes = [o for taken in batch.taken for o in _taken_outcomes(batch, taken, counts)]
            outcomes += [_refused_outcome(batch, refused) for refused in batch.refused]
            for taken in batch.taken:
                _quarantine_rows(con, batch.feed.name, taken)
            _register(con, batch)
            record(con, [*outcomes, *restated, *batch.notes])
    return outcomes


def _few_partitions(batch: Batch) -> bool:
    """Whether DuckDB can do with its smaller share: every partition it writes has its buffers."""
    most = max((len(rebuild.dates or ()) for rebuild in batch.rebuilds), default=0)
    return most <= ingest_config().writer_partitions


def _in_partition(rebuild: Rebuild) -> tuple[str, list[object]]:
    """SQL condition and parameters for the partitions a rebuild replaces."""
    if rebuild.dates is None:
        return "provider = ?", [rebuild.provider]
    return "provider = ? AND list_contains(?::DATE[], data_date)", [
        rebuild.provider,
        sorted(rebuild.dates),
    ]


def _rebuild(con: duckdb.DuckDBPyConnection, feed: str, rebuild: Rebuild) -> Merged:
    """Replace the partitions; raise `ConservationBroken` unless exactly what survived arrived."""
    table = rebuild.table
    where, parameters = _in_partition(rebuild)
    con.execute(f"DELETE FROM lake.bronze.{table.name} WHERE {where}", parameters)
    inputs = [MergeInput(number, one.rows) for number, one in enumerate(rebuild.files)]
    merge = Merge(table, inputs, rebuild.dates)
    merged = Merged()
    hashes = [one.file.sha256 for one in rebuild.files]
    columns = ", ".join(f'"{name}"' for name, _ in table.bronze_columns())
    reader = _reader(table, rebuild.provider, hashes, merge.buckets(merged))
    con.register("survivors", reader)
    inserted = con.execute(
        f"INSERT INTO lake.bronze.{table.name} ({columns}) SELECT {columns} FROM survivors"
    ).fetchone()
    con.unregister("survivors")
    accepted = sum(merged.accepted.values())
    if inserted is None or inserted[0] != accepted:
        raise ConservationBroken(
            f"bronze.{table.name}: {accepted} rows accepted, {inserted} written"
        )
    _replace_conflicts(con, feed, rebuild, merged)
    return merged


def _reader(
    table: Table, provider: str, hashes: list[str], buckets: Iterator[pl.DataFrame]
) -> pa.RecordBatchReader:
    """Surviving rows as bronze has them, a batch at a time."""
    types = [(name, polars_type(kind)) for name, kind in table.bronze_columns()]
    newest = pl.CompatLevel.newest()
    schema = pl.DataFrame(schema=dict(types)).to_arrow(compat_level=newest).schema

    def batches() -> Iterator[pa.RecordBatch]:
        sources = pl.Series(hashes, dtype=pl.String)
        for rows in _one_ahead(buckets):
            for part in rows.iter_slices(_ROWS_A_BATCH):
                bronze = part.with_columns(
                    provider=pl.lit(provider),
                    source_sha256=sources.gather(part[FILE]),
                    source_line=pl.col(LINE),
                ).select(pl.col(name).cast(kind) for name, kind in types)
                yield from bronze.to_arrow(compat_level=newest).cast(schema).to_batches()

    return pa.RecordBatchReader.from_batches(schema, batches())


def _one_ahead(buckets: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The same buckets; the next is made ready while the lake writes the one before."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        waiting = pool.submit(next, buckets, None)
        while (rows := waiting.result()) is not None:
            waiting = pool.submit(next, buckets, None)
            yield rows


def _replace_conflicts(
    con: duckdb.DuckDBPyConnection, feed: str, rebuild: Rebuild, merged: Merged
) -> None:
    """Key conflicts belong to the partition, not to one file: replaced with it."""
    where, parameters = _in_partition(rebuild)
    con.execute(
        "DELETE FROM lake.quarantine.rows WHERE feed = ? AND table_name = ? "
        f"AND code = 'key_conflict' AND {where}",
        [feed, rebuild.table.name, *parameters],
    )
    if not merged.conflicts:
        return
    rows = conflict_rows(pl.concat(merged.conflicts), rebuild.table)
    for number, part in sorted(rows.group_by(FILE), key=lambda pair: pair[0]):
        index = number[0]
        assert isinstance(index, int)
        con.register("refused", part.to_arrow())
        _insert_quarantine(con, feed, rebuild.table.name, rebuild.files[index].file, "refused")
        con.unregister("refused")


def _insert_quarantine(
    con: duckdb.DuckDBPyConnection, feed: str, table: str, file: SourceFile, relation: str
) -> None:
    con.execute(
        f"INSERT INTO lake.quarantine.rows ({_QUARANTINE_COLUMNS}) "
        f"SELECT ?, ?, ?, {DATA_DATE}, code, column_name, value, ?, ?, {LINE}, message, row_json "
        f"FROM {relation} ORDER BY {LINE}, code, row_json",
        [feed, table, file.provider.name, file.name, file.sha256],
    )


def _quarantine_rows(con: duckdb.DuckDBPyConnection, feed: str, taken: TakenFile) -> None:
    for rows in taken.tables:
        if rows.rows_refused:
            relation = f"read_parquet('{rows.refused}')"
            _insert_quarantine(con, feed, rows.table.name, taken.file, relation)


def _forget_refused_rows(con: duckdb.DuckDBPyConnection, batch: Batch) -> None:
    """Refused rows of files taken anew; key conflicts go with their partitions."""
    for taken in batch.taken:
        if taken.known_as:
            con.execute(
                "DELETE FROM lake.quarantine.rows WHERE feed = ? AND provider = ? "
                "AND source_sha256 = ? AND list_contains(?::VARCHAR[], file_name) "
                "AND code <> 'key_conflict'",
                [batch.feed.name, taken.file.provider.name, taken.file.sha256, taken.known_as],
            )


def _register(con: duckdb.DuckDBPyConnection, batch: Batch) -> None:
    """Bring `ops.files` and `quarantine.files` up to date."""
    now = datetime.now(UTC).replace(tzinfo=None)
    feed = batch.feed
    rows: list[tuple[object, ...]] = []
    for taken in batch.taken:
        for table in taken.tables:
            days = [day for day in table.dates if day is not None]
            first, last = (min(days), max(days)) if days else (None, None)
            rows.append((*_file_row(feed, taken.file), table.table.name, first, last, "ok"))
    rows += [
        (*_file_row(feed, refused.file), None, None, None, "refused") for refused in batch.refused
    ]
    for taken in batch.taken:
        _forget_file(con, feed.name, taken.file, taken.known_as, accepted=True)
    for refused in batch.refused:
        _forget_file(con, feed.name, refused.file, refused.known_as, accepted=False)
    if rows:
        con.executemany(
            f"INSERT INTO lake.ops.files VALUES ({', '.join('?' * 14)})",
            [(*row, batch.run_id, now) for row in rows],
        )
    for refused in batch.refused:
        file = refused.file
        con.execute(
            f"INSERT INTO lake.quarantine.files VALUES ({', '.join('?' * 12)})",
            [
                feed.name, file.provider.name, file.name, file.sha256, file.bytes, file.file_date,
                str(refused.code), refused.message, feed.version, file.provider.version,
                batch.run_id, now,
            ],
        )  # fmt: skip


def _file_row(feed: Feed, file: SourceFile) -> tuple[object, ...]:
    return (
        file.sha256, feed.name, file.provider.name, file.name, file.file_date, file.bytes,
        feed.version, file.provider.version,
    )  # fmt: skip


def _forget_file(
    con: duckdb.DuckDBPyConnection,
    feed: str,
    file: SourceFile,
    known_as: Sequence[str],
    *,
    accepted: bool,
) -> None:
    """Take a file's old entries away: refusals always, acceptances when it is accepted anew."""
    if not known_as:
        return
    mine = "feed = ? AND provider = ? AND sha256 = ? AND list_contains(?::VARCHAR[], file_name)"
    parameters = [feed, file.provider.name, file.sha256, list(known_as)]
    status = "" if accepted else " AND status = 'refused'"
    con.execute(f"DELETE FROM lake.ops.files WHERE {mine}{status}", parameters)
    con.execute(f"DELETE FROM lake.quarantine.files WHERE {mine}", parameters)


def _taken_outcomes(
    batch: Batch,
    taken: TakenFile,
    counts: dict[tuple[str, str], tuple[Rebuild, Merged]],
) -> Iterator[Outcome]:
    for rows in taken.tables:
        accepted = duplicates = conflicting = 0
        found = counts.get((taken.file.provider.name, rows.table.name))
        if found is not None:
            rebuild, merged = found
            number = rebuild.number_of(taken.file)
            accepted = merged.accepted[number]
            duplicates = merged.duplicates(number)
            conflicting = merged.conflicting[number]
        days = list(rows.dates)
        yield Outcome(
            run_id=batch.run_id,
            step="ingest",
            status="ok",
            feed=batch.feed.name,
            table_name=rows.table.name,
            provider=taken.file.provider.name,
            partition_date=days[0] if len(days) == 1 else None,
            rows_in=rows.rows_valid + rows.rows_refused,
            rows_accepted=accepted,
            rows_quarantined=rows.rows_refused + conflicting,
            rows_duplicate=duplicates,
            bytes_in=taken.file.bytes,
            seconds=taken.seconds,
            input_hashes=(taken.file.sha256,),
        )


def _refused_outcome(batch: Batch, refused: RefusedFile) -> Outcome:
    return Outcome(
        run_id=batch.run_id,
        step="ingest",
        status="refused",
        feed=batch.feed.name,
        provider=refused.file.provider.name,
        partition_date=refused.file.file_date,
        bytes_in=refused.file.bytes,
        seconds=refused.seconds,
        input_hashes=(refused.file.sha256,),
        error=refused.message,
    )


def _restated(batch: Batch, rebuild: Rebuild, merged: Merged) -> Iterator[Outcome]:
    """What became of rows of earlier files in the replaced partitions; never added to `ingest`."""
    numbers = [rebuild.number_of(one.file) for one in rebuild.reread]
    rows_in = sum(merged.valid[n] for n in numbers)
    if not rows_in:
        return
    yield Outcome(
        run_id=batch.run_id,
        step="restate",
        status="ok",
        feed=batch.feed.name,
        table_name=rebuild.table.name,
        provider=rebuild.provider,
        rows_in=rows_in,
        rows_accepted=sum(merged.accepted[n] for n in numbers),
        rows_quarantined=sum(merged.conflicting[n] for n in numbers),
        rows_duplicate=sum(merged.duplicates(n) for n in numbers),
        input_hashes=sorted(one.file.sha256 for one in rebuild.reread),
    )
