"""The `citypulse` command; exit status: 0 done, 1 could not, 2 wrong usage, 3 gate refused."""

from __future__ import annotations

import importlib
import sys

import typer
from rich.markup import escape

from pipelines.cli.output import err
from pipelines.errors import CityPulseError

app = typer.Typer(
    name="citypulse",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,  # locals may hold identifiers or secrets
    help="CityPulse (城脉): from dropped files to a published release and a daily report.",
    epilog="Settings come from CITYPULSE_* variables or citypulse.toml; "
    "'citypulse status' shows them.",
)


def main() -> None:
    """Run the command line; expected failures become one sentence and their exit status."""
    for module in (
        "steps",
        "releases",
        "query",
        "status",
        "investigate",
    ):  # in the order --help lists them
        importlib.import_module(f"pipelines.cli.{module}")

    try:
        app()
    except CityPulseError as error:
        err.print(f"[red]citypulse:[/red] {escape(str(error))}", highlight=False, soft_wrap=True)
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        err.print("citypulse: stopped; nothing half done was published.")
        sys.exit(1)
