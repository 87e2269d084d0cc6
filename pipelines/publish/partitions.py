"""Replacing partitions of published tables inside a transaction, checked by content hash."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

import duckdb

from pipelines import lake
from pipelines.dates import DateWindow
from pipelines.errors import PublishFailed
from pipelines.lake import PartitionContent
from pipelines.publish.release import Contents, TableName

EMPTIED = PartitionContent(0, "")

Changes = dict[TableName, dict[date, PartitionContent]]


@dataclass(frozen=True)
class Source:
    """Where a table's new rows come from: a relation and its columns with their types."""

    relation: str
    columns: Mapping[str, str]

    @classmethod
    def of(cls, con: duckdb.DuckDBPyConnection, relation: str) -> Source:
        described = con.execute(f"DESCRIBE FROM {relation}").fetchall()
        return cls(relation, {row[0]: row[1] for row in described})

    def select(self, days: Collection[date], relation: str | None = None) -> str:
        """These columns of some dates, of the source or of another relation that has them."""
        listed = ", ".join(f'"{name}"' for name in self.columns)
        return f"SELECT {listed} FROM {relation or self.relation} WHERE {on_days(days)}"


def changed(now: Contents, wanted: Contents, within: DateWindow | None = None) -> Changes:
    """Partitions of `wanted` that differ from `now`, and those of `now` it empties.

    Dates are emptied only `within` a window; None means all.
    """
    changes: Changes = {}
    for name in sorted({*now, *wanted}):
        old, new = now.get(name, {}), wanted.get(name, {})
        parts = {day: part for day, part in new.items() if old.get(day) != part}
        gone = [day for day in old if day not in new and (within is None or day in within)]
        parts |= dict.fromkeys(gone, EMPTIED)
        if parts:
            changes[name] = dict(sorted(parts.items()))
    return changes


def after(now: Contents, changes: Changes) -> Contents:
    """The state once the changes are made."""
    state = {name: dict(by_date) for name, by_date in now.items()}
    for name, parts in changes.items():
        by_date = state.setdefault(name, {})
        for day, part in parts.items():
            if part == EMPTIED:
                by_date.pop(day, None)
            else:
                by_date[day] = part
    return state


def replace_partitions(
    con: duckdb.DuckDBPyConnection,
    name: TableName,
    parts: Mapping[date, PartitionContent],
    source: Source | None,
) -> None:
    """Make dates of a published table hold exactly the source's rows (None: no rows).

    Raises `PublishFailed` unless what is stored then hashes to what `parts` says.
    """
    layer, table = name
    target = f'lake.{layer}."{table}"'
    if source is None:
        con.execute(f"DELETE FROM {target} WHERE {on_days(parts)}")
        return
    if _fit_table(con, name, source):
        con.execute(f"DELETE FROM {target} WHERE {on_days(parts)}")
    order = ", ".join(["data_date", *(f'"{c}"' for c in source.columns if c != "data_date")])
    con.execute(f"INSERT INTO {target} BY NAME {source.select(parts)} ORDER BY {order}")
    expected = {day: part for day, part in parts.items() if part != EMPTIED}
    if lake.content_by_date(con, source.select(parts, target)) != expected:
        raise PublishFailed(
            f"{layer}.{table} would not be stored as it passed the gate, so nothing was published: "
            "build and gate it again; if that does not help, a column's type is not kept."
        )


def record_contents(con: duckdb.DuckDBPyConnection, release: int, changes: Changes) -> None:
    """Record what a release changed; the rest stands as before."""
    rows = [
        (release, layer, table, day, part.row_count, part.content_hash)
        for (layer, table), by_date in changes.items()
        for day, part in by_date.items()
    ]
    con.executemany("INSERT INTO lake.ops.release_contents VALUES (?, ?, ?, ?, ?, ?)", rows)


def on_days(days: Collection[date]) -> str:
    """The SQL condition that picks some data dates."""
    return f"data_date IN ({', '.join(f'DATE {lake.quote(str(day))}' for day in days)})"


def _fit_table(con: duckdb.DuckDBPyConnection, name: TableName, source: Source) -> bool:
    """Create the published table, or add and widen columns; True when it existed."""
    layer, table = name
    target = f'lake.{layer}."{table}"'
    stored = dict(
        con.execute(
            "SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = 'lake' "
            "AND schema_name = ? AND table_name = ?",
            [layer, table],
        ).fetchall()
    )
    if not stored:
        listed = ", ".join(f'"{column}" {kind}' for column, kind in source.columns.items())
        con.execute(f"CREATE TABLE {target} ({listed})")
        con.execute(f"ALTER TABLE {target} SET PARTITIONED BY (data_date)")
        return False
    for column, kind in source.columns.items():
        if column not in stored:
            con.execute(f'ALTER TABLE {target} ADD COLUMN "{column}" {kind}')
        elif stored[column] != kind:
            _widen(con, target, column, stored[column], kind)
    return True


def _widen(con: duckdb.DuckDBPyConnection, target: str, column: str, old: str, new: str) -> None:
    """Make a stored column hold another type, where the lake allows it."""
    row = con.execute(f"SELECT can_cast_implicitly(NULL::{new}, NULL::{old})").fetchone()
    if row and row[0]:
        return  # the stored type is the wider one
    try:
        con.execute(f'ALTER TABLE {target} ALTER COLUMN "{column}" SET DATA TYPE {new}')
    except duckdb.CatalogException:
        raise PublishFailed(
            f"column {column} of {target.removeprefix('lake.')} was published as {old} and is now "
            f"{new}, which cannot hold the old values: keep {old}, or give the column a new name."
        ) from None
