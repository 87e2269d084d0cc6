"""A request that waits for its approvers: opened, then carried out or turned down.

Who approved is what the system the approvers logged in to says, not what the request claims.
"""

from __future__ import annotations

import getpass
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from pipelines.dates import DateWindow, parse_date
from pipelines.investigate import audit
from pipelines.investigate.look_up import look_up, refuse
from pipelines.investigate.request import (
    Request,
    RequestRefused,
    SubjectsUnreadable,
    read_subjects,
)
from pipelines.investigate.results import Result, subject_file
from pipelines.investigate.rules import in_force, load_rules, parameter_set
from pipelines.settings import Settings

APPROVE = "Approve"


@dataclass(frozen=True)
class Answer:
    """What one logged-in person answered."""

    person: str
    approved: bool


def planned(
    settings: Settings, kind: str, first: date, last: date, options: Mapping[str, Any]
) -> tuple[DateWindow, dict[str, Any]]:
    """The window and the options of a look-up from the dates people give.

    Travel history: `last` is the day asked about. Fellow travellers: `first` is the onset (or
    sampling), `last` the isolation. Otherwise the days themselves.
    """
    if kind == "travel-history":
        from pipelines.investigate.travel_history import history_window

        rule = in_force(load_rules().travel_history, last, "travel history")
        more = {"date": str(last), "is_contact": bool(options.get("is_contact"))}
        return history_window(last, rule), more
    if kind == "fellow-travellers":
        from pipelines.investigate.fellow_travellers import look_back_window

        window = look_back_window(first, last, load_rules().fellow_travellers.look_back)
        more = {"onset": str(first), "no_air_filter": bool(options.get("no_air_filter"))}
        return window, more
    if kind == "same-place":
        more = {"parameter_set": parameter_set(str(options["parameter_set"])).name}
        return DateWindow(first, last), more
    return DateWindow(first, last), {"city_region_id": settings.city_region_id}


def open_request(settings: Settings, params: Mapping[str, Any], *, run_id: str) -> int:
    """Check a request before anybody is asked to approve it; return how many persons it names.

    `params`: those of the DAG `investigate`. The audit log says that it was opened, or why it was
    refused. Raises `RequestRefused` and `SubjectsUnreadable`.
    """
    request = _with_subjects(settings, _request(settings, params), params, run_id)
    try:
        request.check()
    except RequestRefused as refusal:
        refuse(settings, request, str(refusal), run_id=run_id)
        raise
    told = request.for_audit(settings) | {"run_id": run_id, "os_user": getpass.getuser()}
    audit.append(settings, "requested", told)
    return len(request.wanted)


def decide(
    settings: Settings, params: Mapping[str, Any], answers: Sequence[Answer], *, run_id: str
) -> Result:
    """Carry out a request that its two named approvers, logged in as themselves, approved.

    Raises `RequestRefused` when one rejected it, when one person answered twice, or when somebody
    else than the named approvers did; that is in the audit log.
    """
    request = replace(
        _request(settings, params), approvers=tuple(answer.person for answer in answers)
    )
    why = _why_not(_request(settings, params), answers)
    if why is not None:
        refuse(settings, request, why, run_id=run_id)
        raise RequestRefused(why)
    return look_up(settings, _with_subjects(settings, request, params, run_id), run_id=run_id)


def turn_down(
    settings: Settings, params: Mapping[str, Any], answers: Sequence[Answer], *, run_id: str
) -> str | None:
    """Record that a request was rejected or not answered in time, and return the reason.

    None, and no record, when both answered yes: then `decide` has said what came of it.
    """
    needed = load_rules().request.approvers.value
    if len(answers) >= needed and all(answer.approved for answer in answers):
        return None
    request = replace(
        _request(settings, params), approvers=tuple(answer.person for answer in answers)
    )
    why = _why_not(_request(settings, params), answers)
    assert why is not None
    refuse(settings, request, why, run_id=run_id)
    return why


def _why_not(request: Request, answers: Sequence[Answer]) -> str | None:
    """Why these answers do not carry the request, or None when they do."""
    rejecting = [answer.person for answer in answers if not answer.approved]
    if rejecting:
        return f"{', '.join(rejecting)} rejected the request."
    named = {name.strip().casefold() for name in request.approvers}
    answered = {answer.person.strip().casefold() for answer in answers}
    needed = load_rules().request.approvers.value
    if len(answers) < needed:
        return f"{len(answers)} of the {needed} approvers answered in time."
    if len(answered) < needed:
        return f"{answers[0].person} answered for both approvers: each must log in and answer."
    if answered != named:
        strangers = sorted(answered - named)
        return f"{', '.join(strangers)} answered, who is not an approver of this request."
    return None


def _request(settings: Settings, params: Mapping[str, Any]) -> Request:
    last = parse_date(str(params["to"]))
    first = parse_date(str(params["from"])) if params.get("from") else last
    window, options = planned(settings, str(params["kind"]), first, last, params)
    return Request(
        kind=str(params["kind"]),
        case_number=str(params["case_number"]),
        requester=str(params["requester"]),
        approvers=(str(params["approver_1"]), str(params["approver_2"])),
        purpose=str(params["purpose"]),
        window=window,
        subjects={},
        options=options,
    )


def _with_subjects(
    settings: Settings, request: Request, params: Mapping[str, Any], run_id: str
) -> Request:
    try:
        path = subject_file(settings, str(params["subject_file"]))
        return replace(request, subjects=read_subjects(settings, path))
    except SubjectsUnreadable as refusal:
        refuse(settings, request, str(refusal), run_id=run_id)
        raise
