"""Whether a feed's files of a data date are in the landing folder, whole."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path

from pipelines.feeds.contract import load_feed
from pipelines.ingest.providers import CANONICAL, load_provider
from pipelines.settings import Settings

# how transfer programs name a file they are still writing
UNFINISHED_SUFFIXES = (".part", ".partial", ".tmp", ".filepart", ".crdownload")


def settled_files(
    settings: Settings, feed: str, data_date: date, *, settle_seconds: float
) -> list[Path] | None:
    """The feed's files of `data_date` and its undated ones, once none of them grows any more.

    None while there is nothing dated `data_date` (a feed whose tables have no dates waits for
    nothing), or while a file's size or time changes within `settle_seconds`.
    """
    is_dated = any(table.is_dated for table in load_feed(feed).tables.values())
    folder = settings.path(settings.landing) / feed
    before = _files(folder, feed, data_date)
    if is_dated and data_date not in {day for day, _, _ in before.values()}:
        return None
    time.sleep(settle_seconds)
    return sorted(before) if _files(folder, feed, data_date) == before else None


def _files(folder: Path, feed: str, data_date: date) -> dict[Path, tuple[date | None, int, int]]:
    """Path -> (file date, bytes, time of last change) of the files a run of the date would take."""
    file_date = load_provider(feed, CANONICAL).file_date
    found = {}
    for path in folder.rglob("*"):
        if path.name.startswith(".") or not path.is_file():
            continue
        day = file_date(path.relative_to(folder).as_posix())
        # a file still being written keeps its day waiting, whatever its date turns out to be
        if day in (None, data_date):
            state = path.stat()
            unfinished = path.suffix in UNFINISHED_SUFFIXES
            found[path] = (day, state.st_size, time.time_ns() if unfinished else state.st_mtime_ns)
    return found
