"""The whole way of a row in one call: ingest every feed, build, gate, publish, report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipelines.build import build
from pipelines.dates import DateWindow
from pipelines.feeds.contract import all_feeds
from pipelines.gate import gate
from pipelines.ingest import ingest
from pipelines.outcomes import Outcome
from pipelines.publish import Release, publish
from pipelines.report import render
from pipelines.settings import Settings

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class RunResult:
    """What one run did: ingest outcomes, the release readers now see, and the report."""

    outcomes: list[Outcome]
    release: Release
    report: Path


def ingest_all(
    settings: Settings,
    *,
    landing: Path | None,
    window: DateWindow | None,
    run_id: str,
    progress: Progress | None = None,
) -> list[Outcome]:
    """Ingest every feed that has a folder in the landing place."""
    root = landing or settings.path(settings.landing)
    feeds = [name for name in all_feeds() if (root / name).is_dir()]
    outcomes: list[Outcome] = []
    for number, feed in enumerate(feeds):
        if progress:
            progress(number, len(feeds), f"ingest {feed}")
        outcomes += ingest(settings, feed, landing=root, window=window, run_id=run_id)
    return outcomes


def run(
    settings: Settings,
    window: DateWindow,
    *,
    landing: Path | None = None,
    run_id: str,
    progress: Progress | None = None,
) -> RunResult:
    """Ingest, build, gate, publish, then the report of the window's last date.

    Raises `GateRefused` when a `fail` rule refuses the candidate: the last good release stands.
    """
    outcomes = ingest_all(
        settings, landing=landing, window=window, run_id=run_id, progress=progress
    )
    candidate = build(settings, window, run_id=run_id, progress=progress)
    result = gate(settings, candidate, run_id=run_id)
    result.raise_if_refused()
    release = publish(settings, candidate, result, run_id=run_id)
    report = render(settings, window.end, release=release.release, run_id=run_id)
    return RunResult(outcomes, release, report)
