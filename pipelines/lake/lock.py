"""The writer's lock: one process writes to a lake at a time, wherever its processes run.

With the catalog in a file the processes share a host, so a file lock is enough. With the catalog in
PostgreSQL they may run anywhere: the lock is an advisory lock of that database. Either belongs to
its process, or its connection, and is released by the system when that dies.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from filelock import FileLock, Timeout

from pipelines.errors import LakeUnavailable
from pipelines.settings import Settings

WRITER_LOCK_TIMEOUT_S = 900
_POLL_S = 0.2
# any number will do as long as every writer of a catalog uses the same: "CityPul" in ASCII
_ADVISORY_KEY = int.from_bytes(b"CityPul", "big")


@contextmanager
def writer_lock(settings: Settings, timeout_s: float = WRITER_LOCK_TIMEOUT_S) -> Iterator[None]:
    """Wait for this process's turn to write; raise `LakeUnavailable` when it does not come."""
    if settings.catalog_is_remote:
        with _advisory_lock(settings, timeout_s):
            yield
        return
    folder = settings.path(settings.work_dir)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / "writer.lock", timeout=timeout_s):
            yield
    except Timeout:
        raise _still_busy(timeout_s) from None


@contextmanager
def _advisory_lock(settings: Settings, timeout_s: float) -> Iterator[None]:
    try:
        connection = psycopg.connect(settings.catalog, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise LakeUnavailable(
            f"the lake's catalog {settings.shown()['catalog']} cannot be reached: "
            f"{settings.without_secrets(str(error)).splitlines()[0].rstrip('.')}. "
            "Check CITYPULSE_CATALOG and the server."
        ) from None
    # closing the connection releases the lock
    with connection:
        deadline = time.monotonic() + timeout_s
        while not _try_lock(connection):
            if time.monotonic() >= deadline:
                raise _still_busy(timeout_s)
            time.sleep(_POLL_S)
        yield


def _try_lock(connection: psycopg.Connection[tuple[bool]]) -> bool:
    row = connection.execute("SELECT pg_try_advisory_lock(%s)", [_ADVISORY_KEY]).fetchone()
    return bool(row and row[0])


def _still_busy(timeout_s: float) -> LakeUnavailable:
    return LakeUnavailable(
        f"another process has been writing to the lake for over {timeout_s:g} s: "
        "wait for it to end or stop it, then run this again."
    )
