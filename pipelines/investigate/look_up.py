"""One look-up from request to stored result, with its records in the audit log.

Order: the request is checked; the audit log says what is about to be looked up; only then is
anything read; the result is stored; the audit log says what came of it. Whatever dies in between,
there is no look-up without a record.
"""

from __future__ import annotations

import getpass
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines import lake
from pipelines.dates import DateWindow
from pipelines.errors import CityPulseError, LakeUnavailable
from pipelines.investigate import audit, bronze, results
from pipelines.investigate.fellow_travellers import fellow_travellers, unusable_tickets
from pipelines.investigate.request import (
    Request,
    RequestRefused,
    SubjectsUnreadable,
    read_subjects,
)
from pipelines.investigate.results import Result
from pipelines.investigate.rules import in_force, load_rules
from pipelines.investigate.travel_history import (
    cities_stayed,
    city_of_regions,
    city_risks,
    city_visits,
    history_window,
    with_card,
    with_risk,
)
from pipelines.mobility.parameters import load_parameters
from pipelines.outcomes import Outcome
from pipelines.settings import Settings

STEP = "investigate"
_MARK = "audit:"


@dataclass(frozen=True)
class Found:
    """What a method found: the rows, and what its manifest must say of them."""

    rows: pl.DataFrame
    notes: dict[str, Any]


Method = Callable[[duckdb.DuckDBPyConnection, Request, DateWindow], Found]


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


def _option_date(options: Mapping[str, Any], name: str) -> date:
    return date.fromisoformat(str(options[name]))


def _travel_history(con: duckdb.DuckDBPyConnection, request: Request, window: DateWindow) -> Found:
    rules, parameters = load_rules(), load_parameters()
    day = _option_date(request.options, "date")
    rule = in_force(rules.travel_history, day, "travel history")
    if window != history_window(day, rule):
        raise RequestRefused(
            f"the travel history on {day} covers {history_window(day, rule)}, not {window}."
        )
    regions = bronze.regions(con)
    cities = city_of_regions(regions)
    segments = bronze.segments(con, window, parameters, request.wanted)
    visits = city_visits(segments, cities, window, parameters)
    levels = bronze.risk_levels()
    severity = dict(levels.select("risk_level", "severity").iter_rows())
    history = with_risk(
        cities_stayed(visits, rule, parameters),
        city_risks(bronze.risk_areas(), cities),
        day,
        unlisted=levels.filter("is_unlisted")["risk_level"][0],
        mark=rule.risk_mark,
        marked_from=severity[rules.travel_history_risk_from.value],
    )
    contacts = frozenset(request.wanted) if request.options.get("is_contact") else frozenset()
    subjects = pl.DataFrame({"device_id": list(request.wanted)}, schema={"device_id": pl.String})
    everybody = (
        subjects.join(history, on="device_id", how="left")
        .join(
            regions.select(pl.col("region_id").alias("city_id"), "name_zh").unique("city_id"),
            on="city_id",
            how="left",
        )
        .sort("device_id", "city_id")
    )
    seen = pl.col("device_id").is_in(segments["device_id"].unique().implode())
    reason = (
        pl.when(~seen)
        .then(pl.lit("not_observed"))
        .when(pl.col("city_id").is_null())
        .then(pl.lit("no_stay_long_enough"))
    )
    carded = with_card(everybody, rules.card_colours, contacts).with_columns(
        # nothing seen is not a green card
        pl.when(seen | pl.col("device_id").is_in(sorted(contacts))).then("card_colour")
        .alias("card_colour"),
        reason.alias("missing_reason"),
    )  # fmt: skip
    return Found(carded, {"rule_version": rule.version, "rule_source": rule.source})


def _fellow_travellers(
    con: duckdb.DuckDBPyConnection, request: Request, window: DateWindow
) -> Found:
    rules = load_rules()
    index = pl.DataFrame(
        {"passenger_id": list(request.wanted)}, schema={"passenger_id": pl.String}
    ).with_columns(pl.lit(window.start).alias("first_date"), pl.lit(window.end).alias("last_date"))
    trips = bronze.trips(con, window)
    override = (
        rules.flight_without_filter_rule.value if request.options.get("no_air_filter") else None
    )
    found = fellow_travellers(trips, index, rules.fellow_travellers, without_filter_rule=override)
    used = [
        {"rule": rule.rule, "source": rule.source}
        for rule in rules.fellow_travellers.rules
        if rule.rule in set(found["rule"])
    ]
    return Found(
        found,
        {
            "rules": used,
            "subjects_with_tickets": trips.filter(
                pl.col("passenger_id").is_in(list(request.wanted))
            )["passenger_id"].n_unique(),
            "tickets_not_comparable": dict(unusable_tickets(trips).iter_rows()),
            "limits": "crew, drivers and passengers without a ticket are not in the data",
        },
    )


METHODS: dict[str, Method] = {
    "travel-history": _travel_history,
    "fellow-travellers": _fellow_travellers,
}
