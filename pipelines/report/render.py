"""Render the daily report of one data date from one pinned release, and keep what it printed."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from pipelines.errors import NothingToDo
from pipelines.lake import transaction, writer
from pipelines.outcomes import Outcome, record
from pipelines.publish import current_release, open_release
from pipelines.report.figures import FigureResult, all_figures, parameters, run_figure
from pipelines.report.page import TEMPLATES_FOLDER, Page, render_page
from pipelines.report.values import Language
from pipelines.settings import Settings


def render(
    settings: Settings,
    data_date: date,
    *,
    release: int | None = None,
    lang: Language = "zh",
    run_id: str,
) -> Path:
    """Write `<reports_dir>/<data_date>/report-r<release>.<lang>.html` and return its path.

    Also `latest.<lang>.html` beside it. All figures are queries on the release (the current one by
    default); they are kept in `ops.reports` with their values. A mart that is missing, empty or
    stale is said to be so. Same release, date and language: the same bytes. Raises `NothingToDo`
    when there is no such release.
    """
    started = time.monotonic()
    if release is None:
        current = current_release(settings)
        if current is None:
            raise NothingToDo(
                "there is no release to report on yet: run 'citypulse run --from ... --to ...'."
            )
        release = current.release
    with open_release(settings, release) as con:
        results = run_figures(con, release, data_date, settings.city_region_id)
    styles = (TEMPLATES_FOLDER / "report.css").read_text(encoding="utf-8")
    html = render_page(Page(results, lang), styles)
    path = _write(settings, data_date, release, lang, html)
    _keep(settings, results, release, data_date, lang, run_id, started)
    return path


def run_figures(
    con: duckdb.DuckDBPyConnection, release: int, data_date: date, city_region_id: str
) -> dict[str, FigureResult]:
    """Every figure's rows on the connection's release, by id."""
    values = parameters(release, data_date, city_region_id)
    return {name: run_figure(con, figure, values) for name, figure in all_figures().items()}


def _write(settings: Settings, data_date: date, release: int, lang: str, html: str) -> Path:
    folder = settings.path(settings.reports_dir) / data_date.isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"report-r{release}.{lang}.html"
    for target in (path, folder / f"latest.{lang}.html"):
        scratch = target.with_suffix(".part")
        scratch.write_text(html, encoding="utf-8")
        scratch.replace(target)
    return path


def _keep(
    settings: Settings,
    results: dict[str, FigureResult],
    release: int,
    data_date: date,
    lang: str,
    run_id: str,
    started: float,
) -> None:
    """Replace this report's records in `ops.reports`; nothing is written when they are the same."""
    rows = [
        (release, data_date, lang, name, r.figure.header.title[lang], r.query, r.value_json())
        for name, r in sorted(results.items())
    ]
    key = "release = ? AND data_date = ? AND language = ?"
    with writer(settings) as con:
        kept = con.execute(
            "SELECT release, data_date, language, figure_id, title, query, value_json "
            f"FROM lake.ops.reports WHERE {key} ORDER BY figure_id",
            [release, data_date, lang],
        ).fetchall()
        if kept == rows:
            return
        now = datetime.now(UTC).replace(tzinfo=None)
        with transaction(con, f"report of {data_date} on release {release} ({lang})"):
            con.execute(f"DELETE FROM lake.ops.reports WHERE {key}", [release, data_date, lang])
            con.executemany(
                "INSERT INTO lake.ops.reports VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [(*row, now) for row in rows],
            )
            outcome = Outcome(
                run_id=run_id,
                step="report",
                status="ok",
                partition_date=data_date,
                rows_in=len(rows),
                rows_accepted=len(rows),
                seconds=time.monotonic() - started,
            )
            record(con, [outcome])
