"""What the command line prints: tables for people, CSV and JSON for programs."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from pipelines.errors import CityPulseError

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
CsvFlag = Annotated[bool, typer.Option("--csv", help="Print CSV instead of a table.")]

MAX_TABLE_WIDTH = 2000

out = Console()
err = Console(stderr=True)


class BothFormats(CityPulseError):
    """--json and --csv were given together."""

    exit_status = 2


@dataclass(frozen=True)
class Format:
    """How to print tables in this call."""

    as_json: bool = False
    as_csv: bool = False

    def __post_init__(self) -> None:
        if self.as_json and self.as_csv:
            raise BothFormats("give either --json or --csv, not both.")

    @property
    def for_people(self) -> bool:
        return not (self.as_json or self.as_csv)


def show(
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    fmt: Format,
    *,
    title: str | None = None,
) -> None:
    """Print rows in the format asked for."""
    if fmt.as_json:
        records = [dict(zip(columns, row, strict=True)) for row in rows]
        json.dump(records, sys.stdout, ensure_ascii=False, indent=2, default=str)
        sys.stdout.write("\n")
    elif fmt.as_csv:
        writer = csv.writer(sys.stdout)
        writer.writerow(columns)
        writer.writerows(rows)
    else:
        _show_to_people(columns, rows, title)


def _show_to_people(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], title: str | None
) -> None:
    """A table where it fits; on a narrow screen a block a row, so that nothing is cut to shreds."""
    table = _table(columns, rows, title)
    needed = Measurement.get(out, out.options.update(max_width=MAX_TABLE_WIDTH), table).maximum
    if needed <= out.width:
        out.print(table)
    elif not out.is_terminal:
        Console(width=needed).print(table)
    else:
        if title:
            out.print(f"[italic]{escape(title)}[/italic]")
        for row in rows:
            out.print(_block(columns, row))


def _block(columns: Sequence[str], row: Sequence[Any]) -> Table:
    block = Table.grid(padding=(0, 2))
    for name, value in zip(columns, row, strict=True):
        block.add_row(f"[bold]{escape(name)}[/bold]", "" if value is None else escape(str(value)))
    block.add_row("", "")
    return block


def _table(columns: Sequence[str], rows: Sequence[Sequence[Any]], title: str | None) -> Table:
    table = Table(title=title, title_justify="left", header_style="bold")
    for index, name in enumerate(columns):
        numeric = bool(rows) and all(
            isinstance(row[index], int | float) or row[index] is None for row in rows
        )
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*("" if value is None else escape(str(value)) for value in row))
    return table


@contextmanager
def progress_bar(
    title: str, fmt: Format | None = None
) -> Iterator[Callable[[int, int, str], None]]:
    """A bar on standard error, fed by `(done, total, what)`; silent for programs."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err,
        disable=fmt is not None and not fmt.for_people,
    )
    with bar:
        task = bar.add_task(title, total=None)

        def advance(done: int, total: int, what: str) -> None:
            bar.update(task, completed=done, total=total, description=escape(what))

        yield advance
        total = bar.tasks[0].total
        bar.update(task, completed=total or 1, total=total or 1, description=title)
