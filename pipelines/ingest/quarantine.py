"""What was refused, and taking it again after the YAML or the contract was mended."""

from __future__ import annotations

import polars as pl

from pipelines.dates import DateWindow
from pipelines.feeds.contract import all_feeds, load_feed
from pipelines.ingest.config import ingest_config
from pipelines.ingest.engine import Candidate, IngestRun, Progress, prepare_lake
from pipelines.ingest.providers import load_provider, providers_of
from pipelines.ingest.register import SourceFile
from pipelines.ingest.workspace import workspace
from pipelines.lake import connect
from pipelines.outcomes import Outcome
from pipelines.settings import Settings

_IN_WINDOW = "(? IS NULL OR {column} BETWEEN ?::DATE AND ?::DATE)"


def _parameters(feed: str, window: DateWindow | None) -> list[object]:
    start, end = (window.start, window.end) if window is not None else (None, None)
    return [feed, start, start, end]


def quarantined_rows(
    settings: Settings, feed: str, window: DateWindow | None = None
) -> pl.DataFrame:
    """Refused rows of a feed, of the window's data dates if given: the columns of the table."""
    con = connect(settings)
    try:
        return con.execute(
            "SELECT * FROM lake.quarantine.rows WHERE feed = ? AND "
            f"{_IN_WINDOW.format(column='data_date')} "
            "ORDER BY table_name, provider, file_name, source_sha256, source_line, code, row_json",
            _parameters(feed, window),
        ).pl()
    finally:
        con.close()


def quarantined_files(
    settings: Settings, feed: str, window: DateWindow | None = None
) -> pl.DataFrame:
    """Files of a feed refused whole, dated in the window if given: the columns of the table."""
    con = connect(settings)
    try:
        return con.execute(
            "SELECT * FROM lake.quarantine.files WHERE feed = ? AND "
            f"{_IN_WINDOW.format(column='file_date')} ORDER BY provider, file_name, sha256",
            _parameters(feed, window),
        ).pl()
    finally:
        con.close()


def _refused_sources(
    settings: Settings, feed: str, window: DateWindow | None
) -> list[tuple[str, str, str, int]]:
    con = connect(settings)
    try:
        return con.execute(
            "SELECT DISTINCT provider, file_name, sha256, bytes FROM lake.ops.files f "
            "WHERE feed = ? AND (EXISTS (FROM lake.quarantine.files q WHERE q.feed = f.feed "
            "AND q.provider = f.provider AND q.sha256 = f.sha256 AND q.file_name = f.file_name "
            f"AND {_IN_WINDOW.format(column='q.file_date')}) "
            "OR EXISTS (FROM lake.quarantine.rows q WHERE q.feed = f.feed "
            "AND q.provider = f.provider AND q.source_sha256 = f.sha256 "
            "AND q.file_name = f.file_name "
            f"AND {_IN_WINDOW.format(column='q.data_date')})) ORDER BY ALL",
            [*_parameters(feed, window), *_parameters(feed, window)[1:]],
        ).fetchall()
    finally:
        con.close()


def replay(
    settings: Settings,
    feed: str,
    *,
    window: DateWindow | None = None,
    run_id: str,
    progress: Progress | None = None,
) -> list[Outcome]:
    """Take from the archive every file that was refused or has refused rows, as if new.

    The YAML is read anew. Files and rows that fit now leave quarantine, the others stay, with
    today's reason. With a window: files dated in it, and files with refused rows of its dates.
    """
    all_feeds.cache_clear()
    providers_of.cache_clear()
    contract = load_feed(feed)
    with workspace(settings, feed) as scratch:
        prepare_lake(settings)
        candidates = [
            Candidate(SourceFile(load_provider(feed, provider), name, sha256, size))
            for provider, name, sha256, size in _refused_sources(settings, feed, window)
        ]
        run = IngestRun(settings, contract, run_id, scratch, progress, ingest_config())
        return run.take(candidates, again=True)
