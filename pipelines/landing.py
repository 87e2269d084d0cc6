"""Whether a feed's files of a data date are in the landing folder, whole."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from pipelines.dates import DateWindow
from pipelines.errors import NothingToDo
from pipelines.feeds.contract import load_feed
from pipelines.ingest.discovery import discover
from pipelines.settings import Settings


def settled_files(
    settings: Settings, feed: str, data_date: date, *, settle_seconds: float
) -> list[Path] | None:
    """The feed's files of `data_date` and its undated ones, once none of them grows any more.

    None while there is nothing dated `data_date` (a feed whose tables have no dates waits for
    nothing), or while a file has changed within the last `settle_seconds`. Raises `NothingToDo`
    when the landing folder itself does not exist: nobody will drop anything there.
    """
    landing = settings.path(settings.landing)
    if not landing.is_dir():
        raise NothingToDo(f"the landing folder {landing} does not exist: create it.")
    is_dated = any(table.is_dated for table in load_feed(feed).tables.values())
    if not (landing / feed).is_dir():
        return None if is_dated else []
    day = DateWindow(data_date, data_date)
    settled = discover(landing, feed, provider=None, window=day, settle_s=settle_seconds)
    everything = discover(landing, feed, provider=None, window=day, settle_s=0)
    if len(settled) < len(everything):
        return None
    if is_dated and not any(file.file_date == data_date for file in settled):
        return None
    return [file.path for file in settled]
