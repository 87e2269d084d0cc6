"""The methods as look-ups use them: from a request and the lake to rows and their manifest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import duckdb
import polars as pl

from pipelines.dates import DateWindow
from pipelines.investigate import bronze
from pipelines.investigate.fellow_travellers import fellow_travellers, unusable_tickets
from pipelines.investigate.request import Request, RequestRefused
from pipelines.investigate.returnees import device_arrivals, ticket_arrivals, with_origin_risk
from pipelines.investigate.rules import in_force, load_rules, parameter_set
from pipelines.investigate.same_place import (
    companions,
    every_place,
    grid_times,
    region_risks,
    together_in_grid,
    together_in_slices,
)
from pipelines.investigate.travel_history import (
    cities_stayed,
    city_of_regions,
    city_risks,
    city_visits,
    history_window,
    with_card,
    with_risk,
)
from pipelines.mobility.anchors import anchor_days
from pipelines.mobility.geo import grid_key
from pipelines.mobility.homes import home_and_work, home_nights
from pipelines.mobility.parameters import load_parameters


@dataclass(frozen=True)
class Found:
    """What a method found: the rows, and what its manifest must say of them."""

    rows: pl.DataFrame
    notes: dict[str, Any]


Method = Callable[[duckdb.DuckDBPyConnection, Request, DateWindow], Found]


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
    index = _index("passenger_id", request, window)
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


def _same_place(con: duckdb.DuckDBPyConnection, request: Request, window: DateWindow) -> Found:
    rules, parameters = load_rules().same_place, load_parameters()
    rule = parameter_set(str(request.options["parameter_set"]))
    index = _index("device_id", request, window)
    cells = bronze.cells(con)
    if rule.kind == "grid":
        assert rule.grid_m is not None
        assert rule.usual_days is not None
        whole = DateWindow(window.end - timedelta(days=rule.usual_days - 1), window.end)
        if window.start < whole.start:
            raise RequestRefused(
                f"{window} is longer than the {rule.usual_days} days the rule '{rule.name}' looks "
                "at: ask for fewer."
            )
        square = grid_key(pl.col("latitude"), pl.col("longitude"), rule.grid_m)
        near = bronze.seen_with(con, window, request.wanted, cells.with_columns(place=square))
        cut = every_place(parameters)
        times = grid_times(bronze.segments(con, whole, cut, near), rule.grid_m, cut)
        encounters = together_in_grid(times, index, rule, cut)
    else:
        places = cells.with_columns(place=pl.col("cell_id"))
        near = bronze.seen_with(con, window, request.wanted, places, rule.slice_s)
        accepted = bronze.accepted(con, window, parameters, near)
        encounters = together_in_slices(accepted, index, rule, parameters)
    levels = bronze.risk_levels()
    rows = companions(
        encounters,
        rule,
        region_risks(bronze.risk_areas(), city_of_regions(bronze.regions(con))),
        rules.risk_coefficients,
        levels.filter("is_unlisted")["risk_level"][0],
    )
    return Found(
        rows,
        {
            "screening_only": True,
            "notice": "nearness of phones by cell and time; a reason to ask, never a contact",
            "parameter_set": rule.model_dump(mode="json"),
        },
    )


def _returnees(con: duckdb.DuckDBPyConnection, request: Request, window: DateWindow) -> Found:
    parameters, city_id = load_parameters(), str(request.options["city_region_id"])
    regions = bronze.regions(con)
    cities = city_of_regions(regions)
    # far enough back to see where they lived before the festival
    reach = window.extended_back(parameters.home_reach_days)
    found = bronze.tracks(con, reach, parameters, request.wanted)
    before = DateWindow(reach.start, window.start - timedelta(days=1))
    nights = home_nights(before, bronze.lunar_new_years(), parameters)
    anchors = anchor_days(found.segments, parameters)
    homes = home_and_work(anchors, nights, nights.clear(), parameters).select(
        "device_id", "home_region_id", "home_missing_reason"
    )
    by_phone = device_arrivals(found.device_days, homes, cities, city_id, window)
    passengers = list(request.subjects.get("ticketing", ()))
    trips = bronze.trips(con, window).filter(pl.col("passenger_id").is_in(passengers))
    by_ticket = ticket_arrivals(trips, regions, city_id, window)
    levels = bronze.risk_levels()
    rows = with_origin_risk(
        pl.concat([by_phone, by_ticket]),
        city_risks(bronze.risk_areas(), cities),
        levels.filter("is_unlisted")["risk_level"][0],
    )
    return Found(
        rows,
        {
            "subjects_seen": found.device_days["device_id"].n_unique(),
            "tickets_of": "passengers named under the feed 'ticketing'; phones and tickets of one "
            "person are not joined",
        },
    )


def _index(column: str, request: Request, window: DateWindow) -> pl.DataFrame:
    """The persons asked about and the days on which their contacts count."""
    return pl.DataFrame({column: list(request.wanted)}, schema={column: pl.String}).with_columns(
        pl.lit(window.start).alias("first_date"), pl.lit(window.end).alias("last_date")
    )


METHODS: dict[str, Method] = {
    "travel-history": _travel_history,
    "fellow-travellers": _fellow_travellers,
    "same-place": _same_place,
    "returnees": _returnees,
}
