"""One plain DuckDB file a release, for tools that open files."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import duckdb
from filelock import FileLock

from pipelines import lake
from pipelines.publish.release import contents_at, snapshots
from pipelines.settings import Settings

NEWEST_FILE = "marts.duckdb"
BLOCK_BYTES = 16_384  # the smallest: marts are many narrow columns of few rows
_EXPORTED = re.compile(r"marts-(\d+)\.duckdb")


def export_missing(settings: Settings) -> list[Path]:
    """Export every release newer than the newest exported one (without any: the current one).

    So a run killed between commit and export is made up for by the next, and files that retention
    removed stay removed. `marts.duckdb` then leads to the newest. Returns the new files.
    """
    folder = settings.path(settings.exports_dir)
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".export.lock"):
        for left_behind in folder.glob(".marts-*"):
            left_behind.unlink()
        with lake.connect(settings) as con:
            known = snapshots(con)
        newest_exported = max(_exported(folder), default=max(known, default=1) - 1)
        missing = {n: known[n] for n in sorted(known) if n > newest_exported}
        made = [_export(settings, folder, *item) for item in missing.items()]
        if exported := _exported(folder):
            _point_at(folder, _file_name(max(exported)))
    return made


def _exported(folder: Path) -> list[int]:
    found = (_EXPORTED.fullmatch(path.name) for path in folder.iterdir())
    return [int(match[1]) for match in found if match]


def _file_name(release: int) -> str:
    return f"marts-{release}.duckdb"


def _export(settings: Settings, folder: Path, release: int, snapshot: int) -> Path:
    """Write under a hidden name, then rename: a reader finds the whole file or none."""
    partial = folder / f".{_file_name(release)}"
    with lake.connect(settings, snapshot=snapshot) as con:
        con.execute(f"ATTACH {lake.quote(str(partial))} AS export (BLOCK_SIZE {BLOCK_BYTES})")
        con.execute("CREATE SCHEMA export.marts")
        con.execute("CREATE SCHEMA export.ops")
        for mart in _published_marts(con):
            # the lake's files are sorted, one a date
            con.execute(
                f'CREATE TABLE export.marts."{mart}" AS FROM lake.marts."{mart}" ORDER BY data_date'
            )
        con.execute("CREATE TABLE export.ops.releases AS FROM lake.ops.releases ORDER BY release")
        _contents_table(con, release)
        con.execute("DETACH export")
    return partial.rename(folder / _file_name(release))


def _published_marts(con: duckdb.DuckDBPyConnection) -> list[str]:
    rows = con.execute(
        "SELECT table_name FROM duckdb_tables() "
        "WHERE database_name = 'lake' AND schema_name = 'marts' ORDER BY 1"
    ).fetchall()
    return [row[0] for row in rows]


def _contents_table(con: duckdb.DuckDBPyConnection, release: int) -> None:
    con.execute(
        "CREATE TABLE export.ops.release_contents (release BIGINT, mart VARCHAR, data_date DATE, "
        "row_count BIGINT, content_hash VARCHAR)"
    )
    rows = [
        (release, table, day, *part)
        for (layer, table), by_date in contents_at(con, release).items()
        if layer == "marts"
        for day, part in by_date.items()
    ]
    if rows:
        con.executemany("INSERT INTO export.ops.release_contents VALUES (?, ?, ?, ?, ?)", rows)


def _point_at(folder: Path, target: str) -> None:
    """Make `marts.duckdb` lead to a file, atomically; a copy where links are not allowed."""
    temporary = folder / f".{NEWEST_FILE}"
    temporary.unlink(missing_ok=True)
    try:
        temporary.symlink_to(target)
    except OSError:
        shutil.copyfile(folder / target, temporary)
    os.replace(temporary, folder / NEWEST_FILE)
