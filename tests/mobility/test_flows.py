"""Trips, matrices, migration, risk shares and commuting by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from pipelines.mobility import flows
from pipelines.mobility.cleaning import clean
from pipelines.mobility.daily import device_days
from pipelines.mobility.parameters import load_parameters
from pipelines.mobility.stays import segments, stays
from tests.mobility.diaries import DAY, cell, cells_frame, diary, events_frame

PARAMETERS = load_parameters()
CELLS = cells_frame(
    cell("A", 0, "990101"),
    cell("A1", 1, "990101"),
    cell("B", 8, "990102"),
    cell("X", 80, "990200"),
    cell("Y", 200, "990300"),
)
CITIES = pl.DataFrame(
    {
        "region_id": ["990101", "990102", "990200", "990300"],
        "city_id": ["990100", "990100", "990200", "990300"],
    }
)


def trips_of(*diaries: list[dict[str, Any]]) -> pl.DataFrame:
    accepted = clean(events_frame(*diaries), CELLS, PARAMETERS).accepted
    return flows.trips(stays(segments(accepted, PARAMETERS)), PARAMETERS)


def test_a_trip_joins_two_stays_and_ignores_what_is_passed() -> None:
    found = trips_of(diary("d", "8:00 A 9:00 A 9:20 B 9:40 X 10:40 X"))
    clock = (pl.col("departed_at", "arrived_at") + pl.duration(hours=8)).dt.to_string("%-H:%M")
    assert found.select("from_place_id", "to_place_id", clock, "hour", "distance_m").rows() == [
        ("A", "X", "9:00", "9:40", 9, 80_000)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "8:00 A 9:00 A",
        # a neighbour cell within the radius is no destination
        "8:00 A 9:00 A 9:10 B 9:20 A1 10:00 A1",
        # thirteen hours of silence between: nothing is known
        "1:00 A 2:00 A 15:30 B 16:30 B",
    ],
)
def test_what_is_no_trip(text: str) -> None:
    assert trips_of(diary("d", text)).is_empty()


def test_a_trip_over_midnight_is_of_the_date_it_arrives_on() -> None:
    # left at 23:00, arrived at 0:30: the middle is still the day before
    next_day = DAY + timedelta(days=1)
    found = trips_of(diary("d", "22:00 A 23:00 A") + diary("d", "0:30 B 1:30 B", next_day))
    assert found.select("data_date", "hour").rows() == [(next_day, 0)]


def test_trips_do_not_join_devices() -> None:
    assert trips_of(diary("d", "8:00 A 9:00 A"), diary("e", "10:00 B 11:00 B")).is_empty()


def test_the_matrix_counts_moves_and_devices() -> None:
    to_and_fro = "8:00 A 9:00 A 9:30 B 10:30 B 11:00 A 12:00 A 12:30 B 13:30 B"
    found = trips_of(diary("d", to_and_fro), diary("e", "8:00 A 9:00 A 9:40 B 10:30 B"))
    matrix = flows.origin_destination(found)
    assert matrix.rows() == [(DAY, "990101", "990102", 3, 2), (DAY, "990102", "990101", 1, 1)]
    hourly = flows.origin_destination(found, by=("data_date", "hour"))
    assert hourly.drop("data_date").rows() == [
        (9, "990101", "990102", 2, 2),
        (10, "990102", "990101", 1, 1),
        (12, "990101", "990102", 1, 1),
    ]


def test_persons_are_the_devices_weights_and_the_unweighted_count_as_devices_only() -> None:
    text = "8:00 A 9:00 A 9:30 B 10:30 B"
    found = trips_of(diary("d", text), diary("e", text), diary("f", text))
    weights = pl.DataFrame({"device_id": ["d", "e"], "weight": [2.5, 4.0]})
    matrix = flows.origin_destination(found, weights=weights)
    assert matrix.select("device_count", "persons").rows() == [(3, 6.5)]


def test_main_regions_of_consecutive_days() -> None:
    days = [DAY, DAY + timedelta(days=1), DAY + timedelta(days=3)]
    places = ["A", "B", "X"]
    rows = [
        row
        for day, place in zip(days, places, strict=True)
        for row in diary("d", f"9:00 {place} 18:00 {place}", day)
    ]
    accepted = clean(events_frame(rows), CELLS, PARAMETERS).accepted
    summaries = device_days(accepted, segments(accepted, PARAMETERS), PARAMETERS)
    moves = flows.region_moves(summaries)
    # the day without events breaks the chain: nobody knows where the device was before
    assert moves.rows() == [("d", days[1], "990101", "990102")]


def moves(*rows: tuple[str, str, str]) -> pl.DataFrame:
    return pl.DataFrame(
        [(device, DAY, origin, to) for device, origin, to in rows],
        schema=["device_id", "data_date", "from_region_id", "to_region_id"],
        orient="row",
    )


def test_migration_has_index_share_and_rank_in_both_directions() -> None:
    found = flows.between_cities(
        moves(
            ("a", "990101", "990200"),
            ("b", "990102", "990200"),
            ("c", "990101", "990300"),
            ("d", "990101", "990102"),
            ("e", "990200", "990101"),
        ),
        CITIES,
    )
    weights = pl.DataFrame({"device_id": list("abce"), "weight": [30_864.2] * 4})
    rows = flows.migration(flows.origin_destination(found, weights=weights), PARAMETERS)
    ours = rows.filter(city_id="990100").drop("data_date", "city_id", "persons")
    assert ours.rows() == [
        ("in", "990200", 1, 1.0, 1.0, 1),
        ("out", "990200", 2, 2.0, 0.666667, 1),
        ("out", "990300", 1, 1.0, 0.333333, 2),
    ]


def test_one_index_unit_is_about_30864_people() -> None:
    assert 1 / PARAMETERS.migration_index_per_person == pytest.approx(30_864, abs=1)


def test_risk_is_that_of_the_date_and_unlisted_origins_are_low() -> None:
    inflows = flows.origin_destination(
        moves(("a", "990200", "990100"), ("b", "990200", "990100"), ("c", "990300", "990100")),
        weights=pl.DataFrame({"device_id": list("abc"), "weight": [1.0] * 3}),
    )
    risk = pl.DataFrame(
        {
            "region_id": ["990200", "990200", "990300"],
            "risk_level": ["medium", "high", "high"],
            "from_date": [date(2020, 2, 1), DAY, date(2020, 2, 1)],
            "to_date": [DAY - timedelta(days=1), None, DAY - timedelta(days=1)],
        }
    )
    shares = flows.risk_shares(inflows, risk, PARAMETERS)
    assert shares.drop("data_date", "to_region_id").rows() == [
        ("high", 2, 2.0, 0.666667),
        ("low", 1, 1.0, 0.333333),
    ]
    strict = replace(PARAMETERS, unlisted_risk_level="unknown")
    assert "unknown" in flows.risk_shares(inflows, risk, strict)["risk_level"].to_list()


def test_commuting_needs_home_and_work() -> None:
    anchors = pl.DataFrame(
        {
            "device_id": ["a", "b", "c"],
            "home_region_id": ["990101", "990101", None],
            "work_region_id": ["990102", None, "990102"],
        }
    )
    assert flows.commuting(anchors).rows() == [("990101", "990102", 1)]
