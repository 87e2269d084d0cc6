"""The main job: a synthetic city's files through a real Airflow to releases and reports.

The city drops its files, Airflow backfills the history through the `backfill` DAG, then runs the
daily DAGs for the last data dates. What exists already is used, not made again.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml
from demo_board import Board
from local_airflow import AirflowUnavailable, LocalAirflow
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from pipelines.dates import DateWindow
from pipelines.errors import CityPulseError
from pipelines.feeds.contract import all_feeds
from pipelines.settings import Settings, load_settings

POLL_S = 2.0
# the DAG files do not change meanwhile: reading them again and again costs a third of a core
ENVIRONMENT = {"AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "3600"}
DEMO_FILE = Path(__file__).with_name("demo.yaml")


@dataclass(frozen=True)
class Demo:
    """`demo.yaml`."""

    people: int
    seed: int
    faults: str
    first_date: date
    last_date: date
    daily_dates: int
    settle_seconds: int
    patience_seconds: int
    query: str

    @property
    def days(self) -> list[date]:
        """The data dates the daily DAGs run for."""
        return [self.last_date - timedelta(days=n) for n in reversed(range(self.daily_dates))]

    @property
    def history(self) -> DateWindow:
        return DateWindow(self.first_date, self.days[0] - timedelta(days=1))


class DemoFailed(CityPulseError):
    """The demonstration could not be completed."""


def drop_city(settings: Settings, demo: Demo, console: Console) -> None:
    """Simulate the city and move its files into the landing folder, unless they are there."""
    from pipelines.simulator import simulate

    city = settings.path(settings.work_dir).parent / "city"
    landing = settings.path(settings.landing)
    window = DateWindow(demo.first_date, demo.last_date)
    dropped = city / "dropped"
    if dropped.is_file() and dropped.read_text() == str(demo):
        console.print(f"the city's files are in {landing} already")
        return
    if landing.is_dir() and any(landing.iterdir()):
        raise DemoFailed(
            f"{landing} holds files that are not this demonstration's: move them away, or give "
            "the demonstration another home, e.g. CITYPULSE_HOME=/tmp/demo make run."
        )
    shutil.rmtree(city, ignore_errors=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("the city drops its files", total=len(window))
        simulate(
            city,
            window,
            people=demo.people,
            seed=demo.seed,
            faults=demo.faults,
            progress=lambda done, total, what: progress.update(
                bar, completed=done, total=total, description=what
            ),
        )
    landing.parent.mkdir(parents=True, exist_ok=True)
    if landing.is_dir():
        landing.rmdir()
    shutil.move(city / "landing", landing)
    dropped.write_text(str(demo))
    console.print(f"the city dropped its files of {window} in {landing}")


def run_dags(airflow: LocalAirflow, demo: Demo, board: Board) -> None:
    """Backfill the history, then the daily DAGs date by date, until every report is written."""
    ingests = [f"ingest_{feed}" for feed in all_feeds()]
    daily = [*ingests, "release", "report"]
    needed = ["backfill", "cutoff", *daily]
    airflow.wait_for_dags(needed)
    for dag_id in needed:
        airflow.pause(dag_id, paused=False)
    try:
        window = demo.history
        conf = {"from": str(window.start), "to": str(window.end)}
        run_id = f"history_{window.start}_{window.end}"
        start(airflow, "backfill", run_id, conf=conf)
        wait_for(airflow, demo, board, {("backfill", run_id)})
        for day in demo.days:
            run_day(airflow, demo, board, str(day), ingests)
        wait_for(airflow, demo, board, {("report", str(day)) for day in demo.days})
    finally:
        # a DAG left on would wait for files of today's date, which a synthetic city has not
        for dag_id in needed:
            airflow.pause(dag_id, paused=True)


def run_day(airflow: LocalAirflow, demo: Demo, board: Board, day: str, ingests: list[str]) -> None:
    """One data date: its ingest runs; the release and report follow through the assets.

    For feeds that dropped nothing for that day the cut-off is called, as the clock would.
    """
    run_id = f"day_{day}"
    for dag_id in ingests:
        start(airflow, dag_id, run_id, key=day, conf={"settle_seconds": demo.settle_seconds})
    wanted = {(dag_id, run_id) for dag_id in ingests}
    waiting = wait_for(airflow, demo, board, wanted)
    if waiting:
        start(airflow, "cutoff", run_id, key=day)
    # the report of a day is written while the next day's files are read
    wait_for(airflow, demo, board, {("release", day)})
    for dag_id in waiting:
        airflow.skip(dag_id, run_id, "wait")


def start(
    airflow: LocalAirflow,
    dag_id: str,
    run_id: str,
    *,
    key: str | None = None,
    conf: Mapping[str, Any] | None = None,
) -> None:
    """Start the run, or start again what failed in it; one that exists and is well is kept."""
    if not airflow.trigger(dag_id, run_id, partition_key=key, conf=conf):
        airflow.retry_failed(dag_id, run_id)


def wait_for(
    airflow: LocalAirflow, demo: Demo, board: Board, wanted: set[tuple[str, str]]
) -> list[str]:
    """Until the runs, each named by run id or partition key, have succeeded; show them all along.

    A run that has looked for files and found none counts as done; the names of their DAGs are
    returned. Raises `DemoFailed` naming the task and its log when a run fails or none ends in time.
    """
    deadline = time.monotonic() + demo.patience_seconds
    missing = wanted
    while time.monotonic() < deadline:
        airflow.check_alive()
        # in this order: a run may begin between the two, a task's run is always known
        tasks, runs = airflow.all_tasks(), airflow.all_runs()
        board.show(runs, tasks)
        for run in runs:
            if run["state"] == "failed" and wanted & names(run):
                raise DemoFailed(airflow.why_failed(run["dag_id"], run["dag_run_id"]))
        waiting = wanted & {
            (task["dag_id"], task["dag_run_id"])
            for task in tasks
            if task["state"] == "up_for_reschedule"
        }
        missing = wanted - waiting
        for run in runs:
            if run["state"] == "success":
                missing = missing - names(run)
        if not missing:
            return sorted(dag_id for dag_id, _ in waiting)
        time.sleep(POLL_S)
    named = ", ".join(sorted(f"{dag_id} {name}" for dag_id, name in missing))
    raise DemoFailed(
        f"not done after {demo.patience_seconds} s: {named}; the logs are in {airflow.logs}."
    )


def names(run: dict[str, str]) -> set[tuple[str, str]]:
    """What a run is known by: its id and its partition key."""
    return {(run["dag_id"], run["dag_run_id"]), (run["dag_id"], run["partition_key"])}


def forget(settings: Settings) -> None:
    """Delete the lake, its reports, the city's files and Airflow's state."""
    city = settings.path(settings.work_dir).parent / "city"
    if (city / "dropped").is_file():
        shutil.rmtree(settings.path(settings.landing), ignore_errors=True)
    if not settings.lake_is_remote:
        shutil.rmtree(settings.lake_location, ignore_errors=True)
    if not settings.catalog_is_remote:
        catalog = settings.path(Path(settings.catalog))
        for file in catalog.parent.glob(f"{catalog.name}*"):
            file.unlink()
    for folder in (settings.work_dir, settings.reports_dir, settings.exports_dir):
        shutil.rmtree(settings.path(folder), ignore_errors=True)
    for folder in (city, settings.home / ".airflow"):
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    """Exit status: 0 done, 1 could not (one sentence says why and where the log is)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--forget", action="store_true", help="delete what earlier runs made")
    arguments = parser.parse_args()
    console = Console()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        settings = load_settings()
        if arguments.forget:
            forget(settings)
            return 0
        from demo_summary import print_summary

        demo = Demo(**yaml.safe_load(DEMO_FILE.read_text(encoding="utf-8")))
        drop_city(settings, demo, console)
        with console.status("starting Airflow"):
            airflow = LocalAirflow(settings.home / ".airflow", env=ENVIRONMENT)
            airflow.start()
        with airflow, Board(console, demo.days) as board:
            run_dags(airflow, demo, board)
        print_summary(settings, demo.days, demo.query, console)
    except (CityPulseError, AirflowUnavailable) as error:
        console.print(f"[red]make run: {error}[/red]", highlight=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("make run: stopped; run it again to go on from here.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
