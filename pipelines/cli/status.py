"""Commands that look: status, quarantine, score."""

from __future__ import annotations

from dataclasses import astuple, fields
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.app import app
from pipelines.cli.output import CsvFlag, Format, JsonFlag, out, show
from pipelines.cli.steps import DateOption, show_outcomes
from pipelines.dates import DateWindow, parse_date
from pipelines.outcomes import new_run_id
from pipelines.settings import load_settings
from pipelines.status import FeedStatus, feed_status, last_outcomes, mart_status

FEED_COLUMNS = ("feed.table", "in", "accepted", "quarantined", "duplicate", "newest", "state")
FEEDS_TITLE = "feeds: rows in = accepted + quarantined + duplicate"

FILE_COLUMNS = ("provider", "file_name", "code", "message")
ROW_COLUMNS = (
    "table_name", "provider", "data_date", "code", "column_name", "value", "file_name",
    "source_line", "message",
)  # fmt: skip


def _feed_row(f: FeedStatus) -> tuple[object, ...]:
    refused = f", {f.files_refused} files refused" if f.files_refused else ""
    return (
        f"{f.feed}.{f.table}", f.rows_in, f.rows_accepted, f.rows_quarantined, f.rows_duplicate,
        f.last_date, f.state + refused,
    )  # fmt: skip


@app.command(epilog="Examples:\n\ncitypulse status\n\ncitypulse status --date 2020-02-18 --json")
def status(date_: DateOption = None, as_json: JsonFlag = False, as_csv: CsvFlag = False) -> None:
    """Freshness of every feed and mart, where every row went, and what is refused or stale."""
    from pipelines.lake import connect

    settings = load_settings()
    fmt = Format(as_json, as_csv)
    as_of = parse_date(date_) if date_ else None
    if fmt.for_people:
        show(("setting", "value"), list(settings.shown().items()), fmt, title="settings")
    with connect(settings) as con:
        feeds = feed_status(con, as_of)
        marts = mart_status(con, as_of)
        troubles = last_outcomes(con)
    if not fmt.for_people:
        show([f.name for f in fields(FeedStatus)], [astuple(f) for f in feeds], fmt)
        return
    show(FEED_COLUMNS, [_feed_row(f) for f in feeds], fmt, title=FEEDS_TITLE)
    show(
        ("mart", "rows", "first date", "last date", "age days"),
        [(m.mart, m.rows, m.first_date, m.last_date, m.age_days) for m in marts],
        fmt,
        title="marts",
    )
    if troubles:
        out.print("[italic]newest troubles[/italic]")
        for step, feed, day, state, error in troubles:
            what = " ".join(str(part) for part in (day, step, feed) if part is not None)
            out.print(f"{what}: {state}: {error or ''}", markup=False, soft_wrap=True)


@app.command(
    epilog="Examples:\n\ncitypulse quarantine power\n\n"
    "citypulse quarantine power --date 2020-02-18 --csv\n\n"
    "citypulse quarantine ticketing --replay"
)
def quarantine(
    feed: Annotated[str, typer.Argument(metavar="FEED", help="Feed, e.g. power.")],
    date_: DateOption = None,
    replay: Annotated[
        bool, typer.Option("--replay", help="Ingest what was refused again, after a fix.")
    ] = False,
    as_json: JsonFlag = False,
    as_csv: CsvFlag = False,
) -> None:
    """List what a feed's quarantine holds (files refused whole, then rows), or replay it."""
    import polars as pl

    from pipelines import ingest

    settings = load_settings()
    fmt = Format(as_json, as_csv)
    window = DateWindow.parse(date_)
    if replay:
        show_outcomes(ingest.replay(settings, feed, window=window, run_id=new_run_id()), fmt)
        return
    files = ingest.quarantined_files(settings, feed, window).select(FILE_COLUMNS)
    rows = ingest.quarantined_rows(settings, feed, window).select(ROW_COLUMNS)
    if fmt.for_people:
        show(FILE_COLUMNS, files.rows(), fmt, title="files refused whole")
        show(ROW_COLUMNS, rows.rows(), fmt, title="rows refused")
        return
    together = pl.concat([files, rows], how="diagonal")
    show(together.columns, together.rows(), fmt)


@app.command(
    epilog="Examples:\n\ncitypulse score --truth demo/truth\n\n"
    "citypulse score --truth demo/truth --json"
)
def score(
    truth: Annotated[Path, typer.Option("--truth", metavar="DIR", help="The city's truth folder.")],
    as_json: JsonFlag = False,
    as_csv: CsvFlag = False,
) -> None:
    """Hold the quarantine and the marts against what the synthetic city planted."""
    from pipelines.scoring import score as score_marts

    lines = score_marts(load_settings(), truth)
    fmt = Format(as_json, as_csv)
    verdict = {True: "pass", False: "MISS", None: ""}
    show(
        ("mart", "measure", "value", "target", "result", "note"),
        [(x.mart, x.measure, x.value, x.target, verdict[x.passed], x.note) for x in lines],
        fmt,
    )
    missed = sum(x.passed is False for x in lines)
    if fmt.for_people:
        out.print(f"{missed} of {sum(x.passed is not None for x in lines)} targets missed")
    if missed:
        raise typer.Exit(1)
