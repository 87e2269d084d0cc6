"""Opening the lake: DuckDB with the DuckLake catalog attached as `lake`."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from pipelines.errors import LakeUnavailable
from pipelines.lake.lock import writer_lock
from pipelines.settings import Settings

EXTENSIONS = ("ducklake", "httpfs", "postgres_scanner", "sqlite_scanner")
AUTHOR = "citypulse"
SQLITE_BUSY_TIMEOUT_MS = 60_000
# what DuckLake says of a reachable database without a lake, read-only
_EMPTY_CATALOG = "creating a new DuckLake is explicitly disabled"


@cache
def extension_directory() -> Path:
    """A folder DuckDB loads extensions from, offline: links to the files in the installed wheels.

    DuckDB looks for `<folder>/v<version>/<platform>/<name>.duckdb_extension`; the wheels hold the
    same files in folders of their own, one platform each.
    """
    row = duckdb.connect().execute("PRAGMA platform").fetchone()
    assert row is not None
    package = Path(importlib.import_module("duckdb_extension_ducklake").__path__[0])
    root = package.parent / "citypulse_duckdb_extensions"
    folder = root / f"v{duckdb.__version__}" / row[0]
    folder.mkdir(parents=True, exist_ok=True)
    for name in EXTENSIONS:
        module = importlib.import_module(f"duckdb_extension_{name}")
        source = next(Path(module.__path__[0]).rglob(f"{name}.duckdb_extension"))
        link = folder / source.name
        if not link.exists():
            link.unlink(missing_ok=True)
            try:
                link.symlink_to(source)
            except FileExistsError:
                continue  # another process linked it first
    return root


def quote(text: str) -> str:
    """A SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def secret_sql(settings: Settings) -> str | None:
    """`CREATE SECRET` for the lake's S3, or None when the lake is a folder."""
    if not settings.lake_is_remote:
        return None
    options = {
        "KEY_ID": settings.s3_access_key_id,
        "SECRET": settings.s3_secret_access_key
        and settings.s3_secret_access_key.get_secret_value(),
        "REGION": settings.s3_region,
        "ENDPOINT": settings.s3_endpoint,
    }
    given = ", ".join(f"{name} {quote(value)}" for name, value in options.items() if value)
    style = "URL_STYLE 'path', " if settings.s3_endpoint else ""
    ssl = "true" if settings.s3_use_ssl else "false"
    return f"CREATE OR REPLACE SECRET lake_storage (TYPE s3, {given}, {style}USE_SSL {ssl})"


def catalog_uri(settings: Settings) -> str:
    """The DuckLake connection string of the catalog."""
    if settings.catalog_is_remote:
        return f"ducklake:postgres:{settings.catalog}"
    return f"ducklake:sqlite:{settings.path(Path(settings.catalog))}"


def attach_options(
    settings: Settings, *, read_only: bool, snapshot: int | None = None
) -> dict[str, str | int | bool]:
    """Options of the ATTACH, by name."""
    options: dict[str, str | int | bool] = {
        "DATA_PATH": f"{settings.lake_location}/data/",
        "OVERRIDE_DATA_PATH": True,  # a lake may be moved: the setting says where it is now
    }
    if not settings.catalog_is_remote:
        options["META_BUSY_TIMEOUT"] = SQLITE_BUSY_TIMEOUT_MS
    if read_only:
        options["READ_ONLY"] = True
    if snapshot is not None:
        options["SNAPSHOT_VERSION"] = snapshot
    return options


def attach_sql(settings: Settings, *, read_only: bool, snapshot: int | None = None) -> str:
    """The ATTACH statement that makes the lake known as database `lake`."""
    options = attach_options(settings, read_only=read_only, snapshot=snapshot)
    text = ", ".join(
        name if value is True else f"{name} {quote(value) if isinstance(value, str) else value}"
        for name, value in options.items()
    )
    return f"ATTACH {quote(catalog_uri(settings))} AS lake ({text})"


def open_duckdb(settings: Settings, database: str | Path = ":memory:") -> duckdb.DuckDBPyConnection:
    """DuckDB with the project's limits and offline extensions; nothing attached yet."""
    scratch = settings.path(settings.work_dir) / "spill"
    scratch.mkdir(parents=True, exist_ok=True)
    config: dict[str, str | bool | int | float | list[str]] = {
        "extension_directory": str(extension_directory()),
        "threads": settings.threads,
        "memory_limit": settings.memory_limit,
        "temp_directory": str(scratch),
    }
    con = duckdb.connect(str(database), config=config)
    con.execute("SET TimeZone = 'UTC'")
    con.execute("SET enable_progress_bar = false")  # it would print between our own lines
    return con


def connect(
    settings: Settings, *, read_only: bool = True, snapshot: int | None = None
) -> duckdb.DuckDBPyConnection:
    """A connection with the lake attached as `lake`.

    Read-only by default; with `snapshot` it is pinned: it sees exactly that state whatever is
    written meanwhile. Raises `LakeUnavailable` with the reason when the catalog cannot be opened.
    """
    catalog = None if settings.catalog_is_remote else settings.path(Path(settings.catalog))
    if read_only and catalog is not None and not catalog.is_file():
        raise _no_lake_yet(settings)
    con = open_duckdb(settings)
    try:
        secret = secret_sql(settings)
        if secret:
            con.execute(secret)
        con.execute(attach_sql(settings, read_only=read_only, snapshot=snapshot))
    except duckdb.Error as error:
        con.close()
        if _EMPTY_CATALOG in str(error):
            raise _no_lake_yet(settings) from None
        raise LakeUnavailable(
            f"the lake's catalog {settings.shown()['catalog']} cannot be opened: "
            f"{settings.without_secrets(_first_line(error))}. "
            "Check CITYPULSE_CATALOG and CITYPULSE_LAKE."
        ) from None
    return con


def _no_lake_yet(settings: Settings) -> LakeUnavailable:
    return LakeUnavailable(
        f"there is no lake yet at {settings.shown()['catalog']}. Ingest something first, "
        "e.g. 'citypulse run --from 2020-02-16 --to 2020-02-18'."
    )


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".")


@contextmanager
def writer(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """The one writer: waits for its turn (`writer_lock`), then opens the lake."""
    with writer_lock(settings):
        if not settings.catalog_is_remote:
            settings.path(Path(settings.catalog)).parent.mkdir(parents=True, exist_ok=True)
        con = connect(settings, read_only=False)
        try:
            yield con
        finally:
            con.close()


@contextmanager
def transaction(
    con: duckdb.DuckDBPyConnection, message: str, extra: dict[str, Any] | None = None
) -> Iterator[None]:
    """One DuckLake transaction: everything inside becomes one snapshot, or nothing does."""
    con.execute("BEGIN")
    try:
        yield
        con.execute(
            "CALL lake.set_commit_message(?, ?, extra_info => ?)",
            [AUTHOR, message, json.dumps(extra or {}, default=str, sort_keys=True)],
        )
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise
