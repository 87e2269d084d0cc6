"""Releases on record: list them, find their snapshot and their content, open one to read."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from datetime import date, datetime
from typing import Any, Literal

import duckdb

from pipelines import lake
from pipelines.errors import NothingToDo
from pipelines.lake import PartitionContent
from pipelines.settings import PROJECT_ROOT, Settings

VIEWS_FILE = PROJECT_ROOT / "warehouse" / "views.sql"

TableName = tuple[str, str]  # layer, table
Contents = dict[TableName, dict[date, PartitionContent]]


@dataclass(frozen=True)
class Release:
    """One published state of all marts: a row of `ops.releases`.

    `window_start`..`window_end` are the dates asked for (a rollback: the dates it restores).
    `content_hash` covers every partition of every published table, whenever it was published.
    """

    release: int
    kind: Literal["publish", "rollback"]
    restores_release: int | None
    window_start: date
    window_end: date
    input_snapshot: int
    code_version: str
    content_hash: str
    gate_status: str
    run_id: str
    published_at: datetime


_COLUMNS = ", ".join(field.name for field in fields(Release))


def insert_release(con: duckdb.DuckDBPyConnection, release: Release) -> None:
    """Record a release inside the caller's transaction."""
    marks = ", ".join("?" for _ in fields(Release))
    con.execute(
        f"INSERT INTO lake.ops.releases ({_COLUMNS}) VALUES ({marks})", list(astuple(release))
    )


def read_releases(con: duckdb.DuckDBPyConnection) -> list[Release]:
    """Every release the connection can see, newest first."""
    rows = con.execute(f"SELECT {_COLUMNS} FROM lake.ops.releases ORDER BY release DESC").fetchall()
    return [Release(*row) for row in rows]


def releases(settings: Settings) -> list[Release]:
    """Every release, newest first."""
    with lake.connect(settings) as con:
        return read_releases(con)


def newest(con: duckdb.DuckDBPyConnection) -> Release | None:
    """The release a connection sees as the current one."""
    found = read_releases(con)
    return found[0] if found else None


def current_release(settings: Settings) -> Release | None:
    """The release readers see, or None before the first one."""
    with lake.connect(settings) as con:
        return newest(con)


def contents_at(con: duckdb.DuckDBPyConnection, release: int) -> Contents:
    """Rows and hash of every partition at a release, by (layer, table) and date.

    `ops.release_contents` holds only what each release changed (zero rows: emptied), so the state
    at a release is each partition's newest record up to it.
    """
    rows = con.execute(
        """SELECT layer, table_name, data_date, row_count, content_hash
           FROM lake.ops.release_contents WHERE release <= ?
           QUALIFY row_number() OVER (
               PARTITION BY layer, table_name, data_date ORDER BY release DESC) = 1
           ORDER BY ALL""",
        [release],
    ).fetchall()
    contents: Contents = {}
    for layer, table, day, row_count, digest in rows:
        if row_count:
            contents.setdefault((layer, table), {})[day] = PartitionContent(row_count, digest)
    return contents


def combined_hash(contents: Contents) -> str:
    """One hash over a whole state."""
    return lake.combine(
        {
            f"{layer}.{table}/{day}": part
            for (layer, table), by_date in contents.items()
            for day, part in by_date.items()
        }
    )


def snapshots(con: duckdb.DuckDBPyConnection) -> dict[int, int]:
    """The DuckLake snapshot of each release that has not expired."""
    rows = con.execute(
        """SELECT TRY_CAST(json_extract(commit_extra_info, '$.release') AS BIGINT) AS release,
                  snapshot_id
           FROM lake.snapshots() WHERE release IS NOT NULL"""
    ).fetchall()
    return dict(rows)


def snapshot_of(con: duckdb.DuckDBPyConnection, release: int) -> int:
    """The DuckLake snapshot of a release; raise `NothingToDo` when it is unknown or expired."""
    found = snapshots(con)
    if release in found:
        return found[release]
    numbers = [known.release for known in read_releases(con)]
    if release in numbers:
        raise NothingToDo(
            f"release {release} has expired from the lake: open its exported file "
            f"marts-{release}.duckdb instead."
        )
    known = f"the newest is {numbers[0]}" if numbers else "there is none yet"
    raise NothingToDo(f"there is no release {release}: {known}; see 'citypulse releases'.")


def open_release(settings: Settings, release: int | None = None) -> duckdb.DuckDBPyConnection:
    """A read-only connection that sees one release and nothing newer.

    Marts need no prefix; other layers are `bronze.*`, `intermediate.*`, `quarantine.*`, `ops.*`.
    Without `release`: the newest state of the lake, whose marts are the current release's. Raises
    `NothingToDo` when there is no such release.
    """
    with lake.connect(settings) as con:
        if release is None:
            row: Any = con.execute("SELECT max(snapshot_id) FROM lake.snapshots()").fetchone()
            snapshot = int(row[0])
        else:
            snapshot = snapshot_of(con, release)
    pinned = lake.connect(settings, snapshot=snapshot)
    pinned.execute("USE lake.marts")
    pinned.execute(VIEWS_FILE.read_text(encoding="utf-8"))
    return pinned
