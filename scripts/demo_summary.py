"""What the demonstration says at its end: report, releases, an example query, where to go on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from rich.console import Console
from rich.table import Table

from pipelines.lake import connect
from pipelines.settings import Settings


def print_summary(settings: Settings, days: Sequence[date], query: str, console: Console) -> None:
    """Read the lake as it is now and print the way into it."""
    from pipelines.publish import releases

    reports = settings.path(settings.reports_dir)
    written = sorted((reports / str(days[-1])).glob("latest.*.html"))
    console.rule("done")
    console.print(
        f"report     {written[0] if written else reports}", soft_wrap=True, highlight=False
    )
    table = Table("release", "from", "to", "gate", "content hash", title="releases")
    for release in releases(settings):
        table.add_row(
            str(release.release),
            str(release.window_start),
            str(release.window_end),
            release.gate_status,
            release.content_hash[:12],
        )
    console.print(table)
    console.print(f'[bold]citypulse sql[/bold] "{" ".join(query.split())}"', soft_wrap=True)
    with connect(settings) as con:
        con.execute("USE lake.marts")
        cursor = con.execute(query)
        answer = Table(*(column[0] for column in cursor.description))
        for row in cursor.fetchall():
            answer.add_row(*(str(value) for value in row))
    console.print(answer)
    console.print(
        "Airflow's page   make airflow\n"
        "SQL prompt       .venv/bin/citypulse sql\n"
        "freshness        .venv/bin/citypulse status",
        highlight=False,
    )
