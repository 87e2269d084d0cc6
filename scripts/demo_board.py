"""The table of DAG runs shown while the demonstration runs."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from datetime import date
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

HISTORY = "history"
STYLES = {"success": "green", "failed": "red", "running": "yellow", "queued": "dim"}
MARKS = {"success": "✓", "failed": "✗", "running": "●", "queued": "·"}
# states in which a task instance will not change any more
ENDED = {"success", "failed", "skipped", "upstream_failed", "removed"}


class Board:
    """DAGs down, data dates across, tasks done in each cell.

    On a terminal one table that redraws itself; elsewhere a line whenever a run's state changes.
    """

    def __init__(self, console: Console, days: Sequence[date]) -> None:
        self._console = console
        self._columns = [HISTORY, *(str(day) for day in days)]
        self._started = time.monotonic()
        self._states: dict[tuple[str, str], str] = {}
        self._live = Live(console=console, refresh_per_second=4) if console.is_terminal else None

    def __enter__(self) -> Board:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live:
            self._live.stop()

    def show(self, runs: list[dict[str, Any]], tasks: list[dict[str, Any]]) -> None:
        """Draw the state of these DAG runs and task instances."""
        counts: dict[tuple[str, str], Counter[bool]] = {}
        now: dict[tuple[str, str], str] = {}
        for task in tasks:
            of_run = (task["dag_id"], task["dag_run_id"])
            counts.setdefault(of_run, Counter())[task["state"] in ENDED] += 1
            if task["state"] == "running":
                now[of_run] = task["task_id"]
        cells: dict[tuple[str, str], str] = {}
        for run in runs:
            column = run["partition_key"] or HISTORY
            name = (run["dag_id"], run["dag_run_id"])
            done = counts.get(name, Counter())
            cell = f"{MARKS.get(run['state'], '?')} {done[True]}/{done.total()}"
            if run["state"] == "running" and name in now:
                cell += f" {now[name]}"
            cells[run["dag_id"], column] = f"[{STYLES.get(run['state'], '')}]{cell}[/]"
            self._say(run["dag_id"], column, run["state"])
        if self._live:
            self._live.update(self._table(cells))

    def _table(self, cells: dict[tuple[str, str], str]) -> Table:
        table = Table(title=f"Airflow, {self._elapsed()}", title_justify="left")
        table.add_column("DAG", no_wrap=True)
        for column in self._columns:
            table.add_column(column, min_width=12, no_wrap=True)
        for dag_id in sorted({dag_id for dag_id, _ in cells}, key=_order):
            table.add_row(dag_id, *(cells.get((dag_id, column), "") for column in self._columns))
        return table

    def _say(self, dag_id: str, column: str, state: str) -> None:
        if self._states.get((dag_id, column)) == state:
            return
        self._states[dag_id, column] = state
        if not self._live:
            self._console.print(
                f"{self._elapsed()}  {dag_id:<18} {column:<10} {state}", highlight=False
            )

    def _elapsed(self) -> str:
        seconds = int(time.monotonic() - self._started)
        return f"{seconds // 60}:{seconds % 60:02}"


def _order(dag_id: str) -> tuple[int, str]:
    """Down the board in the order things run."""
    ranks = {"backfill": 0, "cutoff": 2, "release": 3, "report": 4}
    return ranks.get(dag_id, 1), dag_id
