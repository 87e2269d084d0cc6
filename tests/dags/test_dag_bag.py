"""The DAGs as Airflow reads them: no errors, no work on reading, and the structure promised."""

from __future__ import annotations

import copy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.feeds.contract import all_feeds

ROOT = Path(__file__).resolve().parents[2]
DAGS = ROOT / "dags"
SECONDS_A_FILE = 2.0
OTHERS = {
    "release", "cutoff", "report", "backfill", "maintenance", "freshness", "investigate",
}  # fmt: skip
SCHEDULE = yaml.safe_load((DAGS / "schedule.yaml").read_text(encoding="utf-8"))


def edges(dag: Any) -> dict[str, set[str]]:
    return {task.task_id: set(task.downstream_task_ids) for task in dag.tasks}


def test_every_file_is_read_without_error_and_a_feed_is_a_dag(dag_bag: Any) -> None:
    assert dag_bag.import_errors == {}
    assert set(dag_bag.dags) == {f"ingest_{feed}" for feed in all_feeds()} | OTHERS


def test_reading_a_file_takes_less_than_two_seconds(dag_bag: Any) -> None:
    seconds = {stat.file: stat.duration.total_seconds() for stat in dag_bag.dagbag_stats}
    assert len(seconds) >= 6
    assert {file: s for file, s in seconds.items() if s >= SECONDS_A_FILE} == {}


def test_reading_the_files_imports_nothing_heavy() -> None:
    heavy = ("polars", "duckdb", "pandas", "great_expectations", "dbt", "pyarrow")
    files = sorted(path.stem for path in DAGS.glob("*.py"))
    code = (
        f"import sys, airflow.sdk; sys.path.insert(0, {str(DAGS)!r}); before = set(sys.modules)\n"
        + "".join(f"import {name}\n" for name in files)
        + f"print([m for m in {heavy!r} if m in set(sys.modules) - before])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip().splitlines()[-1] == "[]"


def test_every_dag_is_documented_tagged_and_retries_with_backoff(dag_bag: Any) -> None:
    for dag in dag_bag.dags.values():
        assert dag.doc_md, dag.dag_id
        assert len(dag.doc_md.strip()) > 200, dag.dag_id
        assert "citypulse" in dag.tags, dag.dag_id
        assert dag.catchup is False, dag.dag_id
        for task in dag.tasks:
            assert task.owner == "citypulse"
            assert task.on_failure_callback, task.task_id
            assert task.retry_exponential_backoff, task.task_id
            assert task.retries == SCHEDULE["retries"]


def test_an_ingest_dag_waits_ingests_checks_and_announces_its_feed(dag_bag: Any) -> None:
    for feed in all_feeds():
        dag = dag_bag.dags[f"ingest_{feed}"]
        assert edges(dag) == {"wait": {"ingest"}, "ingest": {"check"}, "check": set()}
        assert dag.get_task("wait").mode == "reschedule"
        assert f"feed_{feed}" in {outlet.name for outlet in dag.get_task("check").outlets}


def test_a_release_builds_gates_and_publishes_in_order(dag_bag: Any) -> None:
    order = {"build": {"gate"}, "gate": {"publish"}, "publish": set()}
    assert edges(dag_bag.dags["release"]) == order
    assert edges(dag_bag.dags["backfill"]) == {"ingest": {"build"}} | order
    publish = dag_bag.dags["release"].get_task("publish")
    assert [outlet.name for outlet in publish.outlets] == ["release"]


def test_a_look_up_is_checked_approved_twice_then_carried_out(dag_bag: Any) -> None:
    dag = dag_bag.dags["investigate"]
    assert edges(dag) == {
        "check": {"approve_first", "approve_second"},
        "approve_first": {"look_up"},
        "approve_second": {"look_up"},
        "look_up": {"turn_down"},
        "turn_down": set(),
    }
    assert dag.schedule is None
    for name in ("approve_first", "approve_second"):
        assert dag.get_task(name).response_timeout.total_seconds() > 0


def test_the_release_waits_for_every_feed_or_the_cut_off(dag_bag: Any) -> None:
    condition = dag_bag.dags["release"].schedule.asset_condition
    all_of, due = condition.objects
    assert {asset.name for asset in all_of.objects} == {f"feed_{feed}" for feed in all_feeds()}
    assert due.name == "release_due"
    cutoff = dag_bag.dags["cutoff"].get_task("mark_missing")
    assert [outlet.name for outlet in cutoff.outlets] == ["release_due"]


def test_whoever_writes_the_lake_takes_the_only_writer_slot(dag_bag: Any) -> None:
    assert SCHEDULE["pools"]["lake_writer"]["slots"] == 1
    writers = {"publish", "mark_missing", "render", "maintain", "watch"}
    for dag in dag_bag.dags.values():
        for task in dag.tasks:
            assert task.pool in {"default_pool", *SCHEDULE["pools"]}, task.task_id
            assert (task.pool == "lake_writer") == (task.task_id in writers), task.task_id
            assert (task.pool == "ingest") == (task.task_id == "ingest"), task.task_id


def test_the_partition_key_is_the_data_date_before_the_run(dag_bag: Any) -> None:
    from airflow.timetables.trigger import CronPartitionTimetable
    from pendulum import datetime

    for dag_id in ("ingest_power", "cutoff"):
        written = dag_bag.dags[dag_id].schedule
        timetable = CronPartitionTimetable(
            written.expression,
            timezone=written.timezone,
            run_offset=written.run_offset,
            key_format=written.key_format,
        )
        first, last = datetime(2020, 2, 16), datetime(2020, 2, 18, 23, 59)
        keys = [
            info.partition_key
            for info in timetable.iter_partition_dagrun_infos(earliest=first, latest=last)
        ]
        assert keys == ["2020-02-16", "2020-02-17", "2020-02-18"]
        assert written.run_offset == -1


@pytest.mark.parametrize(
    ("dag_id", "conf", "fault"),
    [
        ("backfill", {"from": "2020-02-01", "to": "18 Feb"}, "'18 Feb' is not a 'date'"),
        ("backfill", {"from": "2020-02-01"}, "No value passed"),
        ("ingest_power", {"settle_seconds": -1}, "-1 is less than the minimum"),
        ("ingest_power", {"feed": "voucher"}, "'power' was expected"),
        ("report", {"language": "fr"}, "'fr' is not one of"),
        ("report", {"release": 0}, "0 is less than the minimum"),
        ("maintenance", {"release_days": 0}, "0 is less than the minimum"),
        ("investigate", {"purpose": "curiosity"}, "'curiosity' is not one of"),
        ("investigate", {"kind": "gossip"}, "'gossip' is not one of"),
        ("investigate", {"case_number": "../x"}, "does not match"),
        ("investigate", {"subject_file": "../key"}, "does not match"),
    ],
)
def test_params_are_checked_by_their_schema(
    dag_bag: Any, dag_id: str, conf: dict[str, Any], fault: str
) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    params = copy.deepcopy(dag_bag.dags[dag_id].params)
    with pytest.raises(ParamValidationError, match=fault):
        params.update(conf)
        params.validate()


def test_no_dag_reads_the_clock_for_a_date() -> None:
    for path in DAGS.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        for clock in ("logical_date", "date.today", "datetime.now", "utcnow", "time.time"):
            assert clock not in text, f"{path.name} uses {clock}"
