"""Ingest, file by file and batch by batch: archive, read, check, merge, write.

Every file is archived before it is read and read from the archive. Files of one batch share a
transaction; a file that cannot be read is refused by itself. When a new file brings rows for data
dates that other archived files touch too, those files are read again for those dates, so that a
partition depends on the set of files alone.
"""

from __future__ import annotations

import re
import shutil
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import count
from pathlib import Path

import polars as pl

from pipelines.dates import DateWindow
from pipelines.errors import LayoutMismatch
from pipelines.feeds.contract import Feed, Table, load_feed
from pipelines.ingest.archive import StillGrowing, archive, hash_file, open_archived
from pipelines.ingest.calendar import write_calendar
from pipelines.ingest.codes import FileCode
from pipelines.ingest.commit import Batch, FileRows, Rebuild, RefusedFile, TakenFile, commit
from pipelines.ingest.config import IngestConfig, ingest_config
from pipelines.ingest.discovery import LandedFile, discover
from pipelines.ingest.merge import power_of_two
from pipelines.ingest.pseudonyms import Pseudonyms, pseudonyms_of
from pipelines.ingest.readers import read_file
from pipelines.ingest.register import Identity, Register, SourceFile, dates_of
from pipelines.ingest.validate import ValidatedTable, validate
from pipelines.ingest.workspace import workspace
from pipelines.lake import connect, init, transaction, writer
from pipelines.outcomes import Outcome, record
from pipelines.settings import Settings

Progress = Callable[[int, int, str], None]

_PACKED = (".gz", ".zip", ".tar", ".tgz", ".parquet", ".xlsx")


def ingest(
    settings: Settings,
    feed: str,
    *,
    provider: str | None = None,
    landing: Path | None = None,
    window: DateWindow | None = None,
    run_id: str,
    progress: Progress | None = None,
) -> list[Outcome]:
    """Take a feed's new files from the landing folder into the lake; one outcome a file x table.

    With a window: files dated in it and undated ones, whatever dates their rows have. Files
    ingested before under the same contract and provider version come back as `noop`, files that do
    not fit their layout as `refused`. Raises `NothingToDo` when the landing folder is missing.
    """
    contract = load_feed(feed)
    config = ingest_config()
    folder = settings.path(landing or settings.landing)
    with workspace(settings, feed) as scratch:
        prepare_lake(settings)
        landed = discover(folder, feed, provider=provider, window=window, settle_s=config.settle_s)
        run = IngestRun(settings, contract, run_id, scratch, progress, config)
        return run.take(_hashed(landed), again=False)


def prepare_lake(settings: Settings) -> None:
    """Bring the lake to today's layout, calendar included."""
    with writer(settings) as con:
        init(con)
        write_calendar(con)


@dataclass(frozen=True)
class Candidate:
    """A file to ingest; `landed` is None for one that is taken from the archive."""

    file: SourceFile
    landed: LandedFile | None = None


def _hashed(landed: Iterable[LandedFile]) -> list[Candidate]:
    candidates = []
    for one in landed:
        if one.unchanged:
            file = SourceFile(one.provider, one.name, hash_file(one.path), one.bytes)
            candidates.append(Candidate(file, one))
    return candidates


@dataclass
class IngestRun:
    """One execution over a set of files of one feed, inside its workspace."""

    settings: Settings
    feed: Feed
    run_id: str
    scratch: Path
    progress: Progress | None
    config: IngestConfig

    def __post_init__(self) -> None:
        self._pseudonyms: dict[str, Pseudonyms] = {}
        self._folder_numbers = count()

    def take(self, candidates: Sequence[Candidate], *, again: bool) -> list[Outcome]:
        """Ingest the candidates; `again`: also those that were seen under these versions."""
        register = self._register()
        fresh: dict[Identity, Candidate] = {}
        seen = []
        for candidate in sorted(candidates, key=lambda c: c.file.order):
            known = None if again else register.seen(candidate.file)
            if known is not None or candidate.file.identity in fresh:
                seen.append(candidate.file)
            else:
                fresh[candidate.file.identity] = candidate
        outcomes = self._noops(seen)
        done = len(seen)
        for batch in _batches(fresh.values(), self.config):
            if done > len(seen):
                register = self._register()
            outcomes += self._take_batch(batch, register, done, len(candidates))
            done += len(batch)
        self._tell(len(candidates), len(candidates), f"{self.feed.name} ingested")
        return outcomes

    def _tell(self, done: int, total: int, what: str) -> None:
        if self.progress is not None:
            self.progress(done, total, what)

    def _register(self) -> Register:
        con = connect(self.settings)
        try:
            return Register(self.feed, con)
        finally:
            con.close()

    def _noops(self, files: Sequence[SourceFile]) -> list[Outcome]:
        """One outcome a file for the caller; on record goes one a provider."""
        by_provider: dict[str, list[SourceFile]] = defaultdict(list)
        for file in files:
            by_provider[file.provider.name].append(file)
        if by_provider:
            summed = [self._noop(name, several) for name, several in sorted(by_provider.items())]
            with writer(self.settings) as con, transaction(con, f"nothing new in {self.feed.name}"):
                record(con, summed)
        return [self._noop(file.provider.name, [file]) for file in files]

    def _noop(self, provider: str, files: Sequence[SourceFile]) -> Outcome:
        return Outcome(
            run_id=self.run_id,
            step="ingest",
            status="noop",
            feed=self.feed.name,
            provider=provider,
            partition_date=files[0].file_date if len(files) == 1 else None,
            bytes_in=sum(file.bytes for file in files),
            input_hashes=tuple(file.sha256 for file in files),
        )

    def _take_batch(
        self, batch: Sequence[Candidate], register: Register, done: int, total: int
    ) -> list[Outcome]:
        work = Batch(self.feed, self.run_id)
        for number, candidate in enumerate(batch):
            self._tell(done + number, total, candidate.file.name)
            started = time.monotonic()
            known_as = register.names_of(candidate.file)
            try:
                tables = self._archived_and_read(candidate)
            except StillGrowing:
                continue
            except LayoutMismatch as error:
                refusal = FileCode.LAYOUT_MISMATCH, str(error)
            except (pl.exceptions.PolarsError, UnicodeError) as error:
                refusal = FileCode.UNREADABLE, _unreadable(candidate.file, error)
            else:
                seconds = time.monotonic() - started
                work.taken.append(TakenFile(candidate.file, tables, seconds, known_as))
                continue
            code, message = refusal
            message = self._masked(message, candidate.file.name)
            seconds = time.monotonic() - started
            work.refused.append(RefusedFile(candidate.file, code, message, seconds, known_as))
        work.rebuilds = self._rebuilds(work.taken, register)
        outcomes = commit(self.settings, work) if work.taken or work.refused else []
        self._empty_scratch()
        return outcomes

    def _archived_and_read(self, candidate: Candidate) -> list[ValidatedTable]:
        if candidate.landed is not None:
            archive(self.settings, candidate.landed.path, candidate.file.sha256)
        return self._read(candidate.file)

    def _read(self, file: SourceFile) -> list[ValidatedTable]:
        """Read an archived file and check its rows; raw copies are gone when this returns."""
        folder = self.scratch / f"{next(self._folder_numbers):06d}"
        unpacked = folder / "raw"
        unpacked.mkdir(parents=True)
        try:
            path = open_archived(self.settings, file.sha256, file.name, unpacked)
            raws = read_file(file.provider, path, file.name, unpacked)
            return [
                validate(
                    raw,
                    file_date=file.file_date,
                    buckets=_buckets(file, self.config),
                    folder=folder / raw.table.name,
                    pseudonyms={
                        name: self._pseudonyms_of(name)
                        for name, mapped in raw.columns.items()
                        if mapped.identifies or raw.table.column(name).is_identifier
                    },
                    config=self.config,
                )
                for raw in raws
            ]
        finally:
            shutil.rmtree(unpacked)

    def _pseudonyms_of(self, column: str) -> Pseudonyms:
        if column not in self._pseudonyms:
            made_by = pseudonyms_of(self.settings, self.feed.name, column)
            self._pseudonyms[column] = made_by
        return self._pseudonyms[column]

    def _rebuilds(self, taken: Sequence[TakenFile], register: Register) -> list[Rebuild]:
        """The partitions that the taken files touch, with everything else that touches them."""
        new: dict[tuple[str, str], list[FileRows]] = defaultdict(list)
        replaced: dict[tuple[str, str], list[SourceFile]] = defaultdict(list)
        for one in taken:
            provider = one.file.provider.name
            for rows in one.tables:
                new[provider, rows.table.name].append(FileRows(one.file, rows))
            entry = register.accepted(one.file)
            for name in entry.tables if entry is not None else ():
                replaced[provider, name].append(one.file)
        mine = {one.file.identity for one in taken}
        reread: dict[Identity, list[ValidatedTable]] = {}
        rebuilds = []
        for provider, name in sorted({*new, *replaced}):
            table, files = self.feed.tables[name], new[provider, name]
            dates = self._touched(table, files, replaced[provider, name])
            if dates is not None and not dates:
                continue
            others = []
            for entry in register.touching(provider, name, dates):
                if entry.file.identity in mine:
                    continue
                if entry.file.identity not in reread:
                    reread[entry.file.identity] = self._read_again(entry.file)
                again = reread[entry.file.identity]
                others += [FileRows(entry.file, rows) for rows in again if rows.table.name == name]
            rebuilds.append(Rebuild(table, provider, dates, files, others))
        return rebuilds

    def _touched(
        self,
        table: Table,
        new: Sequence[FileRows],
        replaced: Sequence[SourceFile],
    ) -> frozenset[date] | None:
        """Data dates with rows of new files, or of files taken again; None if undated."""
        if not table.is_dated:
            return None
        dates = {day for _, rows in new for day in rows.dates if day is not None}
        if replaced:
            con = connect(self.settings)
            try:
                dates |= dates_of(con, table, replaced)
            finally:
                con.close()
        return frozenset(dates)

    def _read_again(self, file: SourceFile) -> list[ValidatedTable]:
        try:
            return self._read(file)
        except LayoutMismatch as error:
            raise LayoutMismatch(
                f"the archived file {file.name} ({file.sha256[:12]}) shares dates with a new file "
                f"but no longer fits provider {file.provider.name}: {error} Mend the YAML so that "
                "both fit, then run this again."
            ) from None

    def _masked(self, message: str, name: str) -> str:
        """The message without what may be an identifier, in feeds that have any.

        A file without its header shows its first row where the column names should be.
        """
        if not any(table.identifiers for table in self.feed.tables.values()):
            return message
        return name.join(_MAYBE_IDENTIFIER.sub("(masked)", part) for part in message.split(name))

    def _empty_scratch(self) -> None:
        for folder in self.scratch.iterdir():
            shutil.rmtree(folder)


_MAYBE_IDENTIFIER = re.compile(r"[^\s',;()]*[0-9]{5,}[^\s',;()]*")


def _unreadable(file: SourceFile, error: Exception) -> str:
    return (
        f"{file.name} cannot be read ({type(error).__name__}): open it with its own program, or "
        "send it again."
    )


def _buckets(file: SourceFile, config: IngestConfig) -> int:
    """Into how many buckets (a power of two) a file's rows are cut."""
    packed = file.name.lower().endswith(_PACKED)
    text_bytes = file.bytes * (config.unpacked_ratio if packed else 1)
    return power_of_two(text_bytes / config.bucket_bytes)


def _batches(candidates: Iterable[Candidate], config: IngestConfig) -> Iterator[list[Candidate]]:
    """Files that share a transaction: a bounded number, of bounded size together."""
    batch: list[Candidate] = []
    size = 0
    for candidate in candidates:
        too_many = len(batch) >= config.batch_files
        if batch and (too_many or size + candidate.file.bytes > config.batch_bytes):
            yield batch
            batch, size = [], 0
        batch.append(candidate)
        size += candidate.file.bytes
    if batch:
        yield batch
