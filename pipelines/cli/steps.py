"""Commands that make something: simulate, ingest, build, gate, publish, run, report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from pipelines.cli.app import app
from pipelines.cli.output import CsvFlag, Format, JsonFlag, err, out, progress_bar, show
from pipelines.dates import DateError, DateWindow, parse_date
from pipelines.outcomes import Outcome, new_run_id
from pipelines.settings import load_settings

DateOption = Annotated[
    str | None, typer.Option("--date", metavar="D", help="One data date, YYYY-MM-DD.")
]
FromOption = Annotated[
    str | None, typer.Option("--from", metavar="D", help="First data date, YYYY-MM-DD.")
]
ToOption = Annotated[
    str | None, typer.Option("--to", metavar="D", help="Last data date, YYYY-MM-DD.")
]
LandingOption = Annotated[
    Path | None,
    typer.Option("--landing", metavar="DIR", help="Folder the providers' files were dropped in."),
]

OUTCOME_COLUMNS = (
    "feed", "table", "provider", "status", "rows in", "accepted", "quarantined", "duplicate",
)  # fmt: skip


def required_window(date_: str | None, from_: str | None, to: str | None) -> DateWindow:
    """The window of a command that cannot do without one."""
    window = DateWindow.parse(date_, from_, to)
    if window is None:
        raise DateError("say which data dates: --date D, or --from D --to D.")
    return window


def show_outcomes(outcomes: Sequence[Outcome], fmt: Format) -> None:
    """Ingest outcomes summed by feed, table, provider and status, so that conservation is seen."""
    sums: dict[tuple[str, ...], list[int]] = {}
    for o in outcomes:
        key = (o.feed or "", o.table_name or "", o.provider or "", o.status)
        counts = sums.setdefault(key, [0, 0, 0, 0])
        for index, value in enumerate(
            (o.rows_in, o.rows_accepted, o.rows_quarantined, o.rows_duplicate)
        ):
            counts[index] += value
    rows = [(*key, *counts) for key, counts in sorted(sums.items())]
    show(OUTCOME_COLUMNS, rows, fmt, title="rows in = accepted + quarantined + duplicate")
    for outcome in outcomes:
        if outcome.error:
            err.print(f"{outcome.status}: {outcome.error}", markup=False, soft_wrap=True)


@app.command(
    epilog="Examples:\n\n"
    "citypulse simulate --out demo --from 2019-12-01 --to 2020-02-18\n\n"
    "citypulse simulate --out clean --from 2020-02-01 --to 2020-02-29 --people 5000 --faults none"
)
def simulate(
    out_dir: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where to write.")],
    from_: Annotated[str, typer.Option("--from", metavar="D", help="First data date.")],
    to: Annotated[str, typer.Option("--to", metavar="D", help="Last data date.")],
    people: Annotated[int, typer.Option(min=100, help="People in the city.")] = 20_000,
    seed: Annotated[int, typer.Option(help="Same seed, same city.")] = 1,
    faults: Annotated[
        str, typer.Option(metavar="none|default|FILE", help="Faults to inject, or a YAML file.")
    ] = "default",
) -> None:
    """Make a synthetic city: its providers' files under DIR/landing, the truth under DIR/truth."""
    from pipelines.simulator import simulate as simulate_city

    window = required_window(None, from_, to)
    chosen = faults if faults in ("none", "default") else Path(faults)
    with progress_bar("simulate") as progress:
        simulate_city(out_dir, window, people=people, seed=seed, faults=chosen, progress=progress)
    out.print(f"files: {out_dir / 'landing'}\ntruth: {out_dir / 'truth'}")


@app.command(
    epilog="Examples:\n\n"
    "citypulse ingest power --landing demo/landing --date 2020-02-18\n\n"
    "citypulse ingest power --provider tianchi --landing /data/tianchi"
)
def ingest(
    feed: Annotated[str, typer.Argument(metavar="FEED", help="Feed, e.g. power.")],
    provider: Annotated[
        str | None, typer.Option(help="Whose format the files have (default: by folder).")
    ] = None,
    landing: LandingOption = None,
    date_: DateOption = None,
    from_: FromOption = None,
    to: ToOption = None,
    as_json: JsonFlag = False,
    as_csv: CsvFlag = False,
) -> None:
    """Archive, check, pseudonymise and store a feed's files; refused rows go to quarantine."""
    from pipelines.ingest import ingest as ingest_feed

    fmt = Format(as_json, as_csv)
    window = DateWindow.parse(date_, from_, to)
    with progress_bar(f"ingest {feed}", fmt) as progress:
        outcomes = ingest_feed(
            load_settings(), feed, provider=provider, landing=landing, window=window,
            run_id=new_run_id(), progress=progress,
        )  # fmt: skip
    show_outcomes(outcomes, fmt)


@app.command(
    epilog="Examples:\n\ncitypulse build --date 2020-02-18\n\n"
    "citypulse build --from 2020-02-01 --to 2020-02-18"
)
def build(date_: DateOption = None, from_: FromOption = None, to: ToOption = None) -> None:
    """Build the candidate marts of the window with dbt, in a private database."""
    from pipelines.build import build as build_candidate

    window = required_window(date_, from_, to)
    with progress_bar("build") as progress:
        candidate = build_candidate(load_settings(), window, run_id=new_run_id(), progress=progress)
    out.print(f"candidate: {candidate.path}\nnext: citypulse gate --date {window.end}")


@app.command(epilog="Examples:\n\ncitypulse gate --date 2020-02-18\n\ncitypulse gate --json")
def gate(date_: DateOption = None, as_json: JsonFlag = False, as_csv: CsvFlag = False) -> None:
    """Audit the candidate; exit status 3 when a `fail` rule refuses it."""
    from pipelines.build import find_candidate
    from pipelines.gate import gate as check

    settings = load_settings()
    fmt = Format(as_json, as_csv)
    candidate = find_candidate(settings, parse_date(date_) if date_ else None)
    result = check(settings, candidate, run_id=new_run_id())
    show(
        ("mart", "rule", "severity", "status", "observed", "expected"),
        [(r.mart, r.rule_id, r.severity, r.status, r.observed, r.expected) for r in result.rules],
        fmt,
        title=f"gate of {candidate.window}",
    )
    result.raise_if_refused()


@app.command(epilog="Examples:\n\ncitypulse publish --date 2020-02-18\n\ncitypulse publish")
def publish(date_: DateOption = None) -> None:
    """Release the candidate that passed the gate: all marts in one transaction."""
    from pipelines.build import find_candidate
    from pipelines.gate import last_result
    from pipelines.publish import publish as release_candidate

    settings = load_settings()
    candidate = find_candidate(settings, parse_date(date_) if date_ else None)
    release = release_candidate(settings, candidate, last_result(candidate), run_id=new_run_id())
    out.print(f"release {release.release}: {release.window_start}..{release.window_end}")


@app.command(
    epilog="Examples:\n\ncitypulse run --from 2020-02-16 --to 2020-02-18 --landing demo/landing"
)
def run(
    from_: Annotated[str, typer.Option("--from", metavar="D", help="First data date.")],
    to: Annotated[str, typer.Option("--to", metavar="D", help="Last data date.")],
    landing: LandingOption = None,
    as_json: JsonFlag = False,
    as_csv: CsvFlag = False,
) -> None:
    """Ingest every feed, build, gate, publish and write the report of the last date."""
    from pipelines.run import run as run_all

    fmt = Format(as_json, as_csv)
    window = required_window(None, from_, to)
    with progress_bar("run", fmt) as progress:
        result = run_all(
            load_settings(), window, landing=landing, run_id=new_run_id(), progress=progress
        )
    show_outcomes(result.outcomes, fmt)
    if fmt.for_people:
        out.print(f"release {result.release.release}\nreport: {result.report}")


@app.command(
    epilog="Examples:\n\ncitypulse report --date 2020-02-18\n\n"
    "citypulse report --date 2020-02-18 --release 3 --lang en"
)
def report(
    date_: Annotated[str, typer.Option("--date", metavar="D", help="Data date of the report.")],
    release: Annotated[int | None, typer.Option(help="Release (default: the newest).")] = None,
    lang: Annotated[Literal["zh", "en"], typer.Option(help="Language.")] = "zh",
) -> None:
    """Write the daily report from one release."""
    from pipelines.report import render

    path = render(
        load_settings(), parse_date(date_), release=release, lang=lang, run_id=new_run_id()
    )
    out.print(f"report: {path}", soft_wrap=True)
