"""Requests that wait for two people who log in: who answered decides, not who was named."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipelines.dates import DateWindow
from pipelines.errors import CityPulseError
from pipelines.investigate import audit
from pipelines.investigate.approval import Answer, decide, open_request, planned, turn_down
from pipelines.investigate.request import RequestRefused, SubjectsUnreadable
from pipelines.investigate.results import subject_file
from pipelines.settings import Settings

PARAMS: dict[str, Any] = {
    "case_number": "LJ-2020-0018",
    "requester": "wang.fang",
    "approver_1": "li.na",
    "approver_2": "zhang.wei",
    "purpose": "contact_tracing",
    "kind": "travel-history",
    "from": None,
    "to": "2020-02-18",
    "subject_file": "persons.csv",
    "parameter_set": "chengdu",
    "is_contact": False,
    "no_air_filter": False,
}
LI, ZHANG = Answer("li.na", approved=True), Answer("zhang.wei", approved=True)


@pytest.fixture
def persons(settings: Settings) -> Path:
    path = subject_file(settings, "persons.csv")
    path.write_text("feed,id\nsignaling,IMSI1\nsignaling,IMSI2\n")
    path.chmod(0o600)
    return path


def actions(settings: Settings) -> list[str]:
    return [record.action for record in audit.records(settings)]


def test_a_complete_request_is_opened_with_its_number_of_persons(
    settings: Settings, persons: Path
) -> None:
    assert open_request(settings, PARAMS, run_id="r") == 2
    (record,) = audit.records(settings)
    assert record.action == "requested"
    assert record.details["window"] == ["2020-02-04", "2020-02-17"]
    assert "IMSI1" not in str(record)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"approver_2": "Li.Na"}, "1 of the 2 different approvers"),
        ({"approver_2": "wang.fang"}, "a requester cannot approve"),
        ({"purpose": "curiosity"}, "not a purpose"),
    ],
)
def test_an_incomplete_request_is_refused_before_anybody_is_asked(
    settings: Settings, persons: Path, change: dict[str, Any], said: str
) -> None:
    with pytest.raises(RequestRefused, match=said):
        open_request(settings, PARAMS | change, run_id="r")
    assert actions(settings) == ["refused"]


def test_a_request_without_its_file_is_refused(settings: Settings) -> None:
    with pytest.raises(SubjectsUnreadable, match="cannot be read"):
        open_request(settings, PARAMS, run_id="r")
    assert actions(settings) == ["refused"]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([LI, Answer("zhang.wei", approved=False)], "zhang.wei rejected"),
        ([LI, LI], "li.na answered for both"),
        ([LI, Answer("LI.NA", approved=True)], "answered for both"),
        ([Answer("Anonymous", approved=True)] * 2, "Anonymous answered for both"),
        ([LI, Answer("chen.jie", approved=True)], "chen.jie answered, who is not an approver"),
        ([LI, Answer("wang.fang", approved=True)], "wang.fang answered, who is not an approver"),
        ([LI], "1 of the 2 approvers answered"),
        ([], "0 of the 2 approvers answered"),
    ],
)
def test_only_the_two_named_people_can_approve(
    settings: Settings, persons: Path, answers: list[Answer], said: str
) -> None:
    with pytest.raises(RequestRefused, match=said):
        decide(settings, PARAMS, answers, run_id="r")
    assert actions(settings) == ["refused"]
    assert not list((settings.home / "investigations").glob("results/*"))


@pytest.mark.parametrize("answers", [[LI, ZHANG], [ZHANG, LI]])
def test_with_both_answers_the_look_up_begins(
    settings: Settings, persons: Path, answers: list[Answer]
) -> None:
    with pytest.raises(CityPulseError, match="there is no lake yet"):
        decide(settings, PARAMS, answers, run_id="r")
    assert actions(settings) == ["look_up", "failed"]
    assert audit.records(settings)[0].details["approvers"] == [a.person for a in answers]


def test_a_rejection_and_a_silence_are_recorded_and_a_yes_is_not(
    settings: Settings, persons: Path
) -> None:
    no = Answer("zhang.wei", approved=False)
    assert turn_down(settings, PARAMS, [LI, no], run_id="r") == "zhang.wei rejected the request."
    assert turn_down(settings, PARAMS, [LI], run_id="r") is not None
    assert turn_down(settings, PARAMS, [LI, ZHANG], run_id="r") is None
    assert actions(settings) == ["refused", "refused"]


@pytest.mark.parametrize(
    ("kind", "first", "last", "window"),
    [
        ("travel-history", 18, 18, DateWindow.parse(from_="2020-02-04", to="2020-02-17")),
        ("fellow-travellers", 10, 12, DateWindow.parse(from_="2020-02-08", to="2020-02-12")),
        ("same-place", 10, 12, DateWindow.parse(from_="2020-02-10", to="2020-02-12")),
        ("returnees", 10, 12, DateWindow.parse(from_="2020-02-10", to="2020-02-12")),
    ],
)
def test_the_window_comes_from_the_rule_of_the_day(
    settings: Settings, kind: str, first: int, last: int, window: DateWindow
) -> None:
    found, _ = planned(
        settings, kind, date(2020, 2, first), date(2020, 2, last), {"parameter_set": "chengdu"}
    )
    assert found == window
