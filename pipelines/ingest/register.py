"""The register `ops.files`: which file was ingested, under which versions, touching which dates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

import duckdb

from pipelines.errors import ContractError
from pipelines.feeds.contract import Feed, Table
from pipelines.ingest.providers import Provider, load_provider

Identity = tuple[str, str, tuple[str, ...], tuple[tuple[str, str | None], ...]]


@dataclass(frozen=True)
class SourceFile:
    """A file by its content, provider and path below the provider's folder."""

    provider: Provider
    name: str
    sha256: str
    bytes: int

    @property
    def file_date(self) -> date | None:
        """The date in its path, if any."""
        return self.provider.file_date(self.name)

    @property
    def order(self) -> tuple[date, str, str]:
        """The fixed order of files: where rows contradict each other, the later file holds."""
        return (self.file_date or date.min, self.name, self.sha256)

    @property
    def identity(self) -> Identity:
        """What decides its rows: the bytes, the tables they are read as, values in the path.

        The same bytes under another name are the same file, unless the name carries data.
        """
        layout = self.provider.layout_of(self.name)
        if layout is None:
            return (self.provider.name, self.sha256, (), ())
        match = layout.path_regex.fullmatch(self.name)
        assert match is not None
        mappings = layout.tables.values()
        used = {s.path for mapping in mappings for s in mapping.columns.values() if s.path}
        values = {k: v for k, v in match.groupdict().items() if k in used}
        return (
            self.provider.name,
            self.sha256,
            tuple(sorted(layout.tables)),
            tuple(sorted(values.items())),
        )


@dataclass
class Entry:
    """What the register knows of a file; `tables` gives first and last data date by table."""

    file: SourceFile
    contract_version: str
    provider_version: str
    status: str
    tables: dict[str, tuple[date | None, date | None]] = field(default_factory=dict)

    def touches(self, table: str, dates: frozenset[date] | None) -> bool:
        """Whether the file may hold rows of the table on any of the dates (None: whatever date)."""
        if table not in self.tables:
            return False
        first, last = self.tables[table]
        if dates is None:
            return True
        return first is not None and last is not None and any(first <= d <= last for d in dates)


class Register:
    """The files of one feed, as registered at the moment it was loaded."""

    def __init__(self, feed: Feed, con: duckdb.DuckDBPyConnection) -> None:
        self._feed = feed
        self._accepted: dict[Identity, Entry] = {}
        self._refused: dict[Identity, Entry] = {}
        for entry in _entries(feed, con):
            known = self._accepted if entry.status == "ok" else self._refused
            known[entry.file.identity] = entry

    def accepted(self, file: SourceFile) -> Entry | None:
        """The entry of an equal file whose rows are in bronze."""
        return self._accepted.get(file.identity)

    def names_of(self, file: SourceFile) -> list[str]:
        """Names under which an equal file is registered, accepted or refused."""
        entries = (known.get(file.identity) for known in (self._accepted, self._refused))
        return sorted({entry.file.name for entry in entries if entry is not None})

    def seen(self, file: SourceFile) -> Entry | None:
        """The entry that makes taking the file again a no-op, if there is one.

        A file that comes again under a name that sorts before the registered one is taken again:
        the order of files must not depend on which copy came first.
        """
        for known in (self._refused, self._accepted):
            entry = known.get(file.identity)
            if (
                entry is not None
                and entry.contract_version == self._feed.version
                and entry.provider_version == file.provider.version
                and entry.file.order <= file.order
            ):
                return entry
        return None

    def touching(self, provider: str, table: str, dates: frozenset[date] | None) -> Iterator[Entry]:
        """Files of a provider with accepted rows that may share partitions with these dates."""
        for entry in self._accepted.values():
            if entry.file.provider.name == provider and entry.touches(table, dates):
                yield entry


def _provider(feed: Feed, name: str) -> Provider | None:
    try:
        return load_provider(feed.name, name)
    except ContractError:
        return None


def _entries(feed: Feed, con: duckdb.DuckDBPyConnection) -> Iterator[Entry]:
    rows = con.execute(
        "SELECT provider, file_name, sha256, bytes, contract_version, provider_version, status, "
        "table_name, first_date, last_date FROM lake.ops.files WHERE feed = ? "
        "ORDER BY ingested_at, provider, file_name, sha256, table_name",
        [feed.name],
    ).fetchall()
    entries: dict[tuple[str, ...], Entry] = {}
    for provider_name, name, sha256, size, contract, version, status, table, first, last in rows:
        provider = _provider(feed, provider_name)
        if provider is None:
            raise ContractError(
                f"feed {feed.name} has files of provider '{provider_name}', whose YAML is gone: "
                f"put {feed.folder / 'providers' / provider_name}.yaml back."
            )
        key = (provider_name, name, sha256, status)
        if key not in entries:
            file = SourceFile(provider, name, sha256, size)
            entries[key] = Entry(file, contract, version, status)
        if table is not None:
            entries[key].tables[table] = (first, last)
    yield from entries.values()


def dates_of(
    con: duckdb.DuckDBPyConnection, table: Table, files: Sequence[SourceFile]
) -> set[date]:
    """Data dates on which rows of these files stand in bronze or in key conflict."""
    hashes = [file.sha256 for file in files]
    rows = con.execute(
        f"SELECT DISTINCT data_date FROM lake.bronze.{table.name} "
        "WHERE list_contains(?::VARCHAR[], source_sha256) "
        "UNION SELECT DISTINCT data_date FROM lake.quarantine.rows WHERE feed = ? "
        "AND table_name = ? AND code = 'key_conflict' "
        "AND list_contains(?::VARCHAR[], source_sha256)",
        [hashes, table.feed, table.name, hashes],
    ).fetchall()
    return {row[0] for row in rows}
