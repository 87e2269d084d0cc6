"""A look-up through a real Airflow with log-ins: two people approve, one cannot do for both."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from pipelines.dates import DateWindow
from pipelines.ingest import ingest
from pipelines.investigate import audit, results
from pipelines.settings import PROJECT_ROOT, Settings
from pipelines.simulator import simulate

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

PATIENCE_S = 600
# a scheduler that is still busy with parking a task may miss an answer within the second
THINKING_S = 5
PASSWORDS = {"wang.fang": "w-secret", "li.na": "l-secret", "zhang.wei": "z-secret"}
ENDED = {"success", "failed"}


class Office:
    """A lake with a small city, and an Airflow in which three people have log-ins."""

    def __init__(self, settings: Settings, airflow: Any, person: str) -> None:
        self.settings = settings
        self.airflow = airflow
        self.person = person

    def ask(self, run_id: str, **change: str) -> None:
        """The requester triggers a look-up of one device."""
        path = results.subject_file(self.settings, "persons.csv")
        path.write_text(f"feed,id\nsignaling,{self.person}\n")
        path.chmod(0o600)
        conf = {
            "case_number": f"CASE-{run_id}",
            "requester": "wang.fang",
            "approver_1": "li.na",
            "approver_2": "zhang.wei",
            "purpose": "contact_tracing",
            "kind": "travel-history",
            "to": "2020-02-18",
            "subject_file": "persons.csv",
        }
        self.log_in("wang.fang")
        assert self.airflow.trigger("investigate", run_id, conf=conf | change)

    def log_in(self, name: str) -> None:
        self.airflow.log_in(name, PASSWORDS[name])

    def answer(self, run_id: str, **answers: tuple[str, str]) -> dict[str, str]:
        """Answer as (person, option) whenever a task asks; states once the run is over.

        A task that Airflow tries again (it lost sight of its first try) asks again.
        """
        path = f"/dags/investigate/dagRuns/{run_id}"

        def over() -> bool:
            for task_id, (person, option) in answers.items():
                if self.states(run_id).get(task_id) == "awaiting_input":
                    time.sleep(THINKING_S)
                    self.log_in(person)
                    detail = f"{path}/taskInstances/{task_id}/-1/hitlDetails"
                    self.airflow.call("PATCH", detail, {"chosen_options": [option]})
            return self.airflow.get(path)["state"] in ENDED

        self.wait(over, run_id)
        return self.states(run_id)

    def states(self, run_id: str) -> dict[str, str]:
        found = self.airflow.get(f"/dags/investigate/dagRuns/{run_id}/taskInstances")
        return {task["task_id"]: task["state"] for task in found["task_instances"]}

    def wait(self, until: Any, what: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not until():
            assert time.monotonic() < deadline, f"{what}: {self.airflow.all_tasks()}"
            self.airflow.check_alive()
            time.sleep(1)

    def actions(self, run_id: str) -> list[str]:
        return [
            record.action
            for record in audit.records(self.settings)
            if record.details.get("case_number") == f"CASE-{run_id}"
        ]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    sys.path.insert(0, str(PROJECT_ROOT / "scripts"))
    try:
        from local_airflow import LocalAirflow
    finally:
        sys.path.pop(0)

    home = tmp_path_factory.mktemp("office")
    settings = Settings(
        home=home, key_file=home / "key", audit_dir=home / "audit", investigations_dir=home / "inv"
    )
    simulate(home, DateWindow(date(2020, 2, 4), date(2020, 2, 17)), people=300, faults="none")
    for feed in ("reference", "signaling"):
        ingest(settings, feed, landing=home / "landing", run_id="test")
    import polars as pl

    person = str(pl.read_parquet(home / "truth" / "people.parquet")["device_id"].sort()[0])
    passwords = home / "passwords.json"
    passwords.write_text(json.dumps(PASSWORDS))
    environment = {
        "CITYPULSE_KEY_FILE": str(settings.key_file),
        "CITYPULSE_AUDIT_DIR": str(settings.audit_dir),
        "CITYPULSE_INVESTIGATIONS_DIR": str(settings.investigations_dir),
        "CITYPULSE_THREADS": "1",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{n}:op" for n in PASSWORDS),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
    }
    with LocalAirflow(home / ".airflow", env=environment) as airflow:
        made = Office(settings, airflow, person)
        made.log_in("wang.fang")
        airflow.wait_for_dags(["investigate"])
        airflow.pause("investigate", paused=False)
        yield made


def test_two_people_approve_and_the_result_is_stored(office: Office) -> None:
    office.ask("both")
    states = office.answer(
        "both", approve_first=("li.na", "Approve"), approve_second=("zhang.wei", "Approve")
    )
    assert states["look_up"] == "success"
    assert office.actions("both") == ["requested", "look_up", "result_stored"]
    (look_up,) = (r for r in audit.records(office.settings) if r.action == "look_up")
    assert look_up.details["approvers"] == ["li.na", "zhang.wei"]
    assert len(results.stored(office.settings)) == 1


def test_one_person_cannot_answer_for_both(office: Office) -> None:
    office.ask("alone")
    states = office.answer(
        "alone", approve_first=("li.na", "Approve"), approve_second=("li.na", "Approve")
    )
    assert states["look_up"] == "failed"
    assert office.actions("alone") == ["requested", "refused"]


def test_a_rejection_ends_it(office: Office) -> None:
    office.ask("no")
    states = office.answer(
        "no", approve_first=("li.na", "Approve"), approve_second=("zhang.wei", "Reject")
    )
    assert states["look_up"] == "skipped"
    assert states["turn_down"] == "success"
    assert office.actions("no") == ["requested", "refused"]


def test_no_identifier_is_in_airflow(office: Office) -> None:
    """Neither in its logs nor in its database, whatever was looked up before."""
    airflow = office.settings.home / ".airflow"
    named = [
        path
        for path in airflow.rglob("*")
        if path.is_file() and office.person.encode() in path.read_bytes()
    ]
    assert named == []
