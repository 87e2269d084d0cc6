"""A request is complete, or refused with one sentence that never names a person."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipelines.dates import DateWindow
from pipelines.ingest.pseudonyms import pseudonymise
from pipelines.investigate.request import (
    Request,
    RequestRefused,
    SubjectsUnreadable,
    read_subjects,
)
from pipelines.investigate.rules import load_rules
from pipelines.settings import Settings

GOOD = Request(
    kind="travel-history",
    case_number="LJ-2020-0018",
    requester="wang.fang",
    approvers=("li.na", "zhang.wei"),
    purpose="contact_tracing",
    window=DateWindow(date(2020, 2, 4), date(2020, 2, 17)),
    subjects={"signaling": ("p1",)},
)


def test_a_complete_request_passes() -> None:
    assert GOOD.check() == GOOD.window


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "gossip"}, "no look-up of kind 'gossip'"),
        ({"case_number": ""}, "not a case number"),
        ({"case_number": "../../etc"}, "not a case number"),
        ({"case_number": "abc"}, "not a case number"),
        ({"requester": "  "}, "no requester"),
        ({"approvers": ()}, "0 of the 2 different approvers"),
        ({"approvers": ("li.na",)}, "1 of the 2"),
        ({"approvers": ("li.na", "li.na")}, "1 of the 2"),
        ({"approvers": ("li.na", " Li.Na ")}, "1 of the 2"),
        ({"approvers": ("li.na", "")}, "1 of the 2"),
        ({"approvers": ("li.na", "Wang.Fang")}, "a requester cannot approve"),
        ({"approvers": ("li.na", "zhang.wei", "wang.fang")}, "a requester cannot approve"),
        ({"purpose": "curiosity"}, "not a purpose"),
        ({"window": None}, "no window"),
        ({"window": DateWindow(date(2020, 1, 1), date(2020, 2, 1))}, "31 at most"),
        ({"subjects": {}}, "names nobody in the feed 'signaling'"),
        ({"subjects": {"ticketing": ("p1",)}}, "names nobody in the feed 'signaling'"),
        ({"subjects": {"signaling": tuple(str(n) for n in range(501))}}, "more than the 500"),
    ],
)
def test_an_incomplete_request_is_refused_with_one_sentence(
    change: dict[str, Any], said: str
) -> None:
    with pytest.raises(RequestRefused, match=said) as refused:
        replace(GOOD, **change).check()
    assert ". " not in str(refused.value).replace("e.g. ", "")


def test_the_longest_window_and_the_most_subjects_pass() -> None:
    month = DateWindow(date(2020, 1, 1), date(2020, 1, 31))
    many = {"signaling": tuple(str(n) for n in range(500))}
    assert replace(GOOD, window=month, subjects=many).check() == month


def subjects(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "persons.csv"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_subjects_become_pseudonyms_under_their_feeds_keys(
    settings: Settings, tmp_path: Path
) -> None:
    text = "feed,id\nsignaling,IMSI1\nticketing,P1\nsignaling,IMSI1\n\nsignaling,IMSI2\n"
    named = read_subjects(settings, subjects(tmp_path, text))
    assert set(named) == {"signaling", "ticketing"}
    expected = pseudonymise(settings, "signaling", "device_id", ["IMSI1", "IMSI2"])
    assert named["signaling"] == tuple(sorted(expected))
    assert named["ticketing"] == tuple(pseudonymise(settings, "ticketing", "passenger_id", ["P1"]))


def test_standard_input_names_subjects_too(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("feed,id\nticketing,P1\n"))
    assert len(read_subjects(settings, Path("-"))["ticketing"]) == 1


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [
        ("feed,id\nsignaling,IMSI1\n", 0o640, "chmod 600"),
        ("signaling,IMSI1\n", 0o600, "does not begin with the line 'feed,id'"),
        ("", 0o600, "does not begin"),
        ("feed,id\npower,IMSI1\n", 0o600, "line 2 .* with a feed of signaling, ticketing"),
        ("feed,id\nsignaling,\n", 0o600, "line 2"),
        ("feed,id\nsignaling,IMSI1,x\n", 0o600, "line 2"),
    ],
)
def test_a_bad_file_of_subjects_is_refused_without_naming_anybody(
    settings: Settings, tmp_path: Path, text: str, mode: int, said: str
) -> None:
    with pytest.raises(SubjectsUnreadable, match=said) as refused:
        read_subjects(settings, subjects(tmp_path, text, mode))
    assert "IMSI1" not in str(refused.value)


def test_a_missing_file_is_refused(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(SubjectsUnreadable, match="cannot be read: No such file"):
        read_subjects(settings, tmp_path / "nobody.csv")


def test_the_audit_log_cannot_be_joined_to_the_lake(settings: Settings) -> None:
    device = pseudonymise(settings, "signaling", "device_id", ["IMSI1"])
    told = replace(GOOD, subjects={"signaling": tuple(device)}).for_audit(settings)
    (logged,) = told["subjects"]["signaling"]
    assert len(logged) == 32
    assert logged not in (*device, "IMSI1")
    again = replace(GOOD, subjects={"signaling": tuple(device)}).for_audit(settings)
    assert again == told  # the same person can be found in the log again


def test_the_purposes_are_a_closed_list() -> None:
    assert set(load_rules().purposes) == {
        "contact_tracing", "travel_verification", "source_tracing", "returnee_screening",
        "appeal_review",
    }  # fmt: skip
