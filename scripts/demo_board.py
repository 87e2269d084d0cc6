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
SAID = {*ENDED, "up_for_retry", "up_for_reschedule"}


class Board:
    """DAGs down, data dates across, tasks done in each cell.

    On a terminal one table that redraws itself; elsewhere a line whenever a task ends.
    """

    def __init__(self, console: Console, days: Sequence[date]) -> None:
        self._console = console
        self._columns = [HISTORY, *(str(day) for day in days)]
        self._started = time.monotonic()
        self._states: dict[tuple[str, str, str], str] = {}
        self._first = True
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
        columns = {_name(run): run["partition_key"] or HISTORY for run in runs}
        for task in tasks:
            name = _name(task)
            counts.setdefault(name, Counter())[task["state"] in ENDED] += 1
            if task["state"] == "running":
                now[name] = task["task_id"]
            # a mapped task is known by what it was mapped over, e.g. the feed
            part = task["rendered_map_index"] if task["map_index"] >= 0 else ""
            self._say(name[0], columns[name], f"{task['task_id']} {part or ''}", task["state"])
        self._first = False
        cells: dict[tuple[str, str], str] = {}
        for run in runs:
            name = _name(run)
            done = counts.get(name, Counter())
            cell = f"{MARKS.get(run['state'], '?')} {done[True]}/{done.total()}"
            if run["state"] == "running" and name in now:
                cell += f" {now[name]}"
            cells[name[0], columns[name]] = f"[{STYLES.get(run['state'], '')}]{cell}[/]"
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

    def _say(self, dag_id: str, column: str, task: str, state: str | None) -> None:
        """One line for a task instance that has come to an end, or will be tried again."""
        known = self._states.get((dag_id, column, task))
        if self._live or state is None or state == known or state not in SAID:
            return
        self._states[dag_id, column, task] = state
        if self._first:
            return  # it ended in an earlier run of the demonstration
        line = f"{self._elapsed():>5}  {dag_id:<18} {column:<10}  {task} {state}"
        self._console.print(line, highlight=False, soft_wrap=True)

    def _elapsed(self) -> str:
        seconds = int(time.monotonic() - self._started)
        return f"{seconds // 60}:{seconds % 60:02}"


def _name(item: dict[str, Any]) -> tuple[str, str]:
    """The DAG run a run or a task instance is of."""
    return item["dag_id"], item["dag_run_id"]


def _order(dag_id: str) -> tuple[int, str]:
    """Down the board in the order things run."""
    ranks = {"backfill": 0, "cutoff": 2, "release": 3, "report": 4}
    return ranks.get(dag_id, 1), dag_id
