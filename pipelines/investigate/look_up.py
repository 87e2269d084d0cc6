"""One look-up from request to stored result, with its records in the audit log.

Order: the request is checked; the audit log says what is about to be looked up; only then is
anything read; the result is stored; the audit log says what came of it. Whatever dies in between,
there is no look-up without a record.
"""

from __future__ import annotations

import getpass
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines import lake
from pipelines.dates import DateWindow
from pipelines.errors import CityPulseError, LakeUnavailable
from pipelines.investigate import audit, results
from pipelines.investigate.methods import METHODS, Found
from pipelines.investigate.request import (
    Request,
    RequestRefused,
    SubjectsUnreadable,
    read_subjects,
)
from pipelines.investigate.results import Result
from pipelines.outcomes import Outcome
from pipelines.settings import Settings

STEP = "investigate"
_MARK = "audit:"


def carry_out(settings: Settings, request: Request, subjects: Path, *, run_id: str) -> Result:
    """`look_up` of the persons a file names (`request.read_subjects`).

    Raises as `look_up`, and `SubjectsUnreadable` for the file; both are in the audit log.
    """
    try:
        named = read_subjects(settings, subjects)
    except SubjectsUnreadable as refusal:
        refuse(settings, request, str(refusal), run_id=run_id)
        raise
    return look_up(settings, replace(request, subjects=named), run_id=run_id)


def look_up(
    settings: Settings, request: Request, *, run_id: str, at: datetime | None = None
) -> Result:
    """Carry out an approved request and store the result in the restricted place.

    `at`: the instant of the act (now). Raises `RequestRefused` for a request that is not complete;
    that is in the audit log too.
    """
    instant = (at or datetime.now(UTC)).astimezone(UTC)
    try:
        window = request.check()
    except RequestRefused as refusal:
        refuse(settings, request, str(refusal), run_id=run_id, at=instant)
        raise
    asked = audit.append(settings, "look_up", _told(settings, request, run_id), at=instant)
    try:
        with lake.connect(settings) as con:
            found = METHODS[request.kind](con, request, window)
        manifest = _manifest(request, window, asked, found)
        name = f"{request.case_number}-{asked.number:06d}"
        result = results.store(settings, name, found.rows, manifest, instant)
    except CityPulseError as error:
        audit.append(settings, "failed", {"look_up": asked.number, "reason": str(error)})
        raise
    done = audit.append(
        settings,
        "result_stored",
        {
            "look_up": asked.number,
            "case_number": request.case_number,
            "rows": result.manifest["rows"],
            "sha256": result.manifest["sha256"],
            "expires_at": result.manifest["expires_at"],
        },
        at=at,
    )
    anchor(settings, done.head, run_id)
    return result


def anchor(settings: Settings, head: audit.Head, run_id: str) -> None:
    """Keep the audit log's head in `ops.outcomes`, out of reach of who can write the log only."""
    from pipelines.freshness import note

    mark = (f"{_MARK}{head}",)
    note(settings, [Outcome(run_id=run_id, step=STEP, status="ok", input_hashes=mark)])


def anchors(settings: Settings) -> list[audit.Head]:
    """The heads that `anchor` kept in the lake; none when there is no lake."""
    try:
        con = lake.connect(settings)
    except LakeUnavailable:
        return []
    with con:
        rows = con.execute(
            "SELECT unnest(input_hashes) FROM lake.ops.outcomes WHERE step = ?", [STEP]
        ).fetchall()
    marks = [str(row[0]) for row in rows]
    return [audit.Head.parse(m.removeprefix(_MARK)) for m in marks if m.startswith(_MARK)]


def refuse(
    settings: Settings, request: Request, reason: str, *, run_id: str, at: datetime | None = None
) -> None:
    """Record that a request was turned down before anything was read."""
    told = _told(settings, request, run_id) | {"reason": reason}
    audit.append(settings, "refused", told, at=at)


def _told(settings: Settings, request: Request, run_id: str) -> dict[str, Any]:
    return request.for_audit(settings) | {"run_id": run_id, "os_user": getpass.getuser()}


def _manifest(
    request: Request, window: DateWindow, asked: audit.Record, found: Found
) -> dict[str, Any]:
    return {
        "kind": request.kind,
        "case_number": request.case_number,
        "requester": request.requester,
        "approvers": list(request.approvers),
        "purpose": request.purpose,
        "window": [str(window.start), str(window.end)],
        "options": dict(request.options),
        "subjects_asked": len(request.wanted),
        "audit": {"number": asked.number, "hash": asked.hash},
        "persons_are": f"pseudonyms of the feed '{request.feed}'; the health authority maps them "
        "back by its own means",
        **found.notes,
    }
