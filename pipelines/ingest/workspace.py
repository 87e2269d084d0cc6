"""Scratch space of an ingest: one folder a feed, under a lock, empty at the start and at the end.

Readers unpack raw files here. A killed process leaves its folder behind without its lock, so the
next ingest of any feed removes it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from pipelines.errors import LakeUnavailable
from pipelines.settings import Settings

FEED_LOCK_TIMEOUT_S = 3600


def _remove_orphans(root: Path, mine: str) -> None:
    for folder in root.iterdir():
        if folder.is_dir() and folder.name != mine:
            with suppress(Timeout), FileLock(root / f"{folder.name}.lock", timeout=0):
                shutil.rmtree(folder)


@contextmanager
def workspace(settings: Settings, feed: str) -> Iterator[Path]:
    """An empty folder, for the owner only, while no other process ingests the feed."""
    root = settings.path(settings.work_dir) / "ingest"
    root.mkdir(parents=True, exist_ok=True)
    try:
        lock = FileLock(root / f"{feed}.lock", timeout=FEED_LOCK_TIMEOUT_S)
        with lock:
            _remove_orphans(root, feed)
            folder = root / feed
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700)
            try:
                yield folder
            finally:
                shutil.rmtree(folder)
    except Timeout:
        raise LakeUnavailable(
            f"another process has been ingesting {feed} for over {FEED_LOCK_TIMEOUT_S} s: wait for "
            "it to end or stop it, then run this again."
        ) from None
