"""The daily DAGs for real: scheduler, LocalExecutor, a small city, a late feed, a rerun."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipelines import lake
from pipelines.dates import DateWindow
from pipelines.feeds.contract import all_feeds
from pipelines.settings import Settings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

HISTORY = DateWindow(date(2020, 2, 8), date(2020, 2, 17))
DAY = "2020-02-18"
PATIENCE_S = 900


class City:
    """A city's files in the landing folder of a home of its own, Airflow beside it."""

    def __init__(self, home: Path, airflow: Any) -> None:
        self.settings = Settings(home=home, key_file=home / "key")
        self.airflow = airflow
        self.withheld = home / "withheld"

    def withhold(self, feed: str, day: str) -> None:
        """Move a feed's files of a day out of the landing folder."""
        folder = self.settings.path(self.settings.landing) / feed
        for path in list(folder.rglob("*")):
            if day in path.name or day.replace("-", "") in path.name:
                target = self.withheld / path.relative_to(folder)
                target.parent.mkdir(parents=True, exist_ok=True)
                path.rename(target)

    def deliver(self, feed: str) -> None:
        folder = self.settings.path(self.settings.landing) / feed
        shutil.copytree(self.withheld, folder, dirs_exist_ok=True)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with lake.connect(self.settings) as con:
            return con.execute(query).fetchall()

    def state(self, dag_id: str, name: str) -> list[str]:
        """States of the DAG's runs of that run id or partition key, oldest first."""
        return [
            run["state"]
            for run in self.airflow.all_runs()
            if run["dag_id"] == dag_id and name in (run["dag_run_id"], run["partition_key"])
        ]

    def task_states(self, dag_id: str, run_id: str) -> dict[str, str]:
        return {
            task["task_id"]: task["state"]
            for task in self.airflow.all_tasks()
            if (task["dag_id"], task["dag_run_id"]) == (dag_id, run_id)
        }

    def wait(self, until: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not until():
            assert time.monotonic() < deadline, f"{what}: {self.airflow.all_runs()}"
            self.airflow.check_alive()
            failed = [
                (task["dag_id"], task["task_id"])
                for task in self.airflow.all_tasks()
                if task["state"] in ("failed", "up_for_retry")
            ]
            assert not failed, f"{failed}; logs in {self.airflow.logs}"
            time.sleep(1)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    import sys

    from pipelines.settings import PROJECT_ROOT
    from pipelines.simulator import simulate

    sys.path.insert(0, str(PROJECT_ROOT / "scripts"))
    try:
        from local_airflow import LocalAirflow
    finally:
        sys.path.pop(0)

    home = tmp_path_factory.mktemp("city")
    window = DateWindow(HISTORY.start, date.fromisoformat(DAY))
    simulate(home, window, people=400, faults="none")
    environment = {
        "CITYPULSE_KEY_FILE": str(home / "key"),
        "CITYPULSE_AUDIT_DIR": str(home / "audit"),
        "CITYPULSE_INVESTIGATIONS_DIR": str(home / "investigations"),
        "CITYPULSE_THREADS": "1",
    }
    with LocalAirflow(home / ".airflow", env=environment) as airflow:
        dags = [f"ingest_{feed}" for feed in all_feeds()]
        dags += ["backfill", "cutoff", "release", "report", "maintenance"]
        airflow.wait_for_dags(dags)
        for dag_id in dags:
            airflow.pause(dag_id, paused=False)
        yield City(home, airflow)


def test_the_daily_dags_from_files_to_report(city: City) -> None:
    airflow = city.airflow
    city.withhold("power", DAY)
    window = {"from": str(HISTORY.start), "to": str(HISTORY.end)}
    assert airflow.trigger("backfill", "history", conf=window)
    city.wait(lambda: city.state("backfill", "history") == ["success"], "backfill")
    assert city.ask("SELECT release, window_start, window_end FROM lake.ops.releases") == [
        (1, HISTORY.start, HISTORY.end)
    ]

    # every feed but the power company's comes; the release waits for it
    for feed in all_feeds():
        conf = {"settle_seconds": 0}
        airflow.trigger(f"ingest_{feed}", "day", partition_key=DAY, conf=conf)
    waiting = {
        dag_id
        for dag_id in (f"ingest_{feed}" for feed in all_feeds())
        if not any(city.settings.path(city.settings.landing).glob(f"{dag_id[7:]}/**/*{DAY}*"))
        and dag_id != "ingest_reference"
    }
    assert "ingest_power" in waiting

    def settled() -> bool:
        return all(
            city.task_states(f"ingest_{feed}", "day")["wait"] == "up_for_reschedule"
            if f"ingest_{feed}" in waiting
            else city.state(f"ingest_{feed}", "day") == ["success"]
            for feed in all_feeds()
        )

    city.wait(settled, "ingest")
    assert city.state("release", DAY) == []

    # the cut-off: release without it, marked stale
    airflow.trigger("cutoff", "day", partition_key=DAY)
    city.wait(lambda: city.state("report", DAY) == ["success"], "release and report")
    stale = city.ask("SELECT feed FROM lake.ops.outcomes WHERE step = 'cutoff' ORDER BY 1")
    assert {f"ingest_{feed}" for (feed,) in stale} == waiting
    assert city.ask("SELECT max(release) FROM lake.ops.releases") == [(2,)]
    without = city.ask(f"SELECT count(*) FROM lake.bronze.energy_daily WHERE data_date = '{DAY}'")
    assert without == [(0,)]

    # the late feed: its own run notices and has the day released again
    city.deliver("power")
    city.wait(lambda: city.state("report", DAY) == ["success"] * 2, "late feed")
    assert city.state("ingest_power", "day") == ["success"]
    assert city.ask("SELECT max(release), max(window_end) FROM lake.ops.releases") == [
        (3, date.fromisoformat(DAY))
    ]
    energy = city.ask(f"SELECT count(*) FROM lake.bronze.energy_daily WHERE data_date = '{DAY}'")
    assert energy > [(0,)]
    assert city.ask(f"SELECT count(*) > 0 FROM lake.ops.reports WHERE data_date = '{DAY}'") == [
        (True,)
    ]


def test_the_same_files_again_start_nothing(city: City) -> None:
    airflow = city.airflow
    before = city.ask("SELECT release, content_hash FROM lake.ops.releases ORDER BY 1")
    runs = len(city.state("release", DAY))
    airflow.trigger("ingest_power", "again", partition_key=DAY, conf={"settle_seconds": 0})
    city.wait(lambda: city.state("ingest_power", "again") == ["success"], "rerun")
    assert city.task_states("ingest_power", "again")["check"] == "skipped"
    airflow.trigger("cutoff", "again", partition_key=DAY)
    city.wait(lambda: city.state("cutoff", "again") == ["success"], "cut-off again")
    assert city.task_states("cutoff", "again")["mark_missing"] == "skipped"
    assert len(city.state("release", DAY)) == runs
    assert city.ask("SELECT release, content_hash FROM lake.ops.releases ORDER BY 1") == before


def test_maintenance_leaves_every_release_readable(city: City) -> None:
    from pipelines.publish import open_release, releases

    conf = {"snapshot_days": 0, "orphan_days": 0}
    city.airflow.trigger("maintenance", "weekly", conf=conf)
    city.wait(lambda: city.state("maintenance", "weekly") == ["success"], "maintenance")
    for release in releases(city.settings):
        with open_release(city.settings, release.release) as con:
            rows = con.execute("SELECT count(*) FROM marts.return_to_work_daily").fetchall()
            assert rows > [(0,)]


def test_a_failed_task_writes_an_outcome(city: City) -> None:
    city.airflow.trigger("backfill", "nothing", conf={"from": "1999-01-01", "to": "1999-01-02"})
    deadline = time.monotonic() + PATIENCE_S
    while city.state("backfill", "nothing") not in (["failed"], ["success"]):
        assert time.monotonic() < deadline
        time.sleep(1)
    failed = city.ask(
        "SELECT step, error FROM lake.ops.outcomes WHERE status = 'failed' ORDER BY recorded_at"
    )
    assert failed
    assert failed[-1][0].startswith("backfill.")
    assert failed[-1][1]
