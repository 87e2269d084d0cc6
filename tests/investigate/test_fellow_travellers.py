"""Fellow travellers by hand: every mode's rule at its border, stops, times, seats, dates."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import polars as pl
import pytest

from pipelines.dates import DateWindow
from pipelines.investigate.fellow_travellers import (
    fellow_travellers,
    look_back_window,
    unusable_tickets,
)
from pipelines.investigate.rules import NoRule, load_rules

RULES = load_rules().fellow_travellers
DAY = date(2020, 2, 10)
TRIPS: dict[str, Any] = {
    "ticket_id": pl.String, "passenger_id": pl.String, "mode": pl.String, "service_no": pl.String,
    "service_date": pl.Date, "carriage": pl.String, "seat": pl.String, "sealed": pl.Boolean,
    "from_station": pl.String, "to_station": pl.String, "from_seq": pl.Int64, "to_seq": pl.Int64,
    "depart_at": pl.Datetime("us"), "arrive_at": pl.Datetime("us"), "fare_cny": pl.Float64,
}  # fmt: skip


def utc(hour: float, day: date = DAY) -> datetime:
    """The UTC instant of an hour of the local day."""
    return datetime.combine(day, time()) + timedelta(hours=hour - 8)


def ticket(passenger: str, seat: str | None = "05A", **more: Any) -> dict[str, Any]:
    train = {
        "ticket_id": f"T{passenger}{more}", "passenger_id": passenger, "mode": "rail",
        "service_no": "G1", "service_date": DAY, "carriage": "3", "seat": seat, "sealed": True,
        "from_station": "甲", "to_station": "乙", "from_seq": 1, "to_seq": 3,
        "depart_at": utc(9), "arrive_at": utc(12), "fare_cny": None,
    }  # fmt: skip
    return train | more


def contacts(
    *tickets: dict[str, Any], first: date = DAY, last: date = DAY, override: str | None = None
) -> dict[str, str]:
    """Contact -> basis, of the index passenger "i"."""
    index = pl.DataFrame({"passenger_id": ["i"], "first_date": [first], "last_date": [last]})
    trips = pl.DataFrame(list(tickets), schema=TRIPS)
    found = fellow_travellers(trips, index, RULES, without_filter_rule=override)
    assert found["passenger_id"].unique().to_list() in ([], ["i"])
    return dict(found.select("contact_passenger_id", "basis").iter_rows())


FLIGHT = {"mode": "flight", "service_no": "LJ1", "carriage": None, "sealed": True}
COACH = {"mode": "coach", "service_no": "K1", "carriage": None, "sealed": False}
SHIP = {"mode": "ship", "service_no": "S1", "carriage": "201", "seat": None, "sealed": None}
SLOW = {"sealed": False}


@pytest.mark.parametrize(
    ("kind", "seat", "is_contact"),
    [
        # flight and ventilated coach: three rows either side
        (FLIGHT, "10C", True), (FLIGHT, "7A", True), (FLIGHT, "13F", True),
        (FLIGHT, "6F", False), (FLIGHT, "14A", False),
        (COACH, "7", True), (COACH, "13", True), (COACH, "6", False), (COACH, "14", False),
        # sealed train: the whole carriage, however far
        ({}, "01A", True), ({}, "18F", True),
        # unsealed train: bays of two rows; row 10 is in bay 9-10, next to 7-8 and 11-12
        (SLOW, "9", True), (SLOW, "7", True), (SLOW, "12", True), (SLOW, "6", False),
        (SLOW, "13", False),
        # sealed coach: everyone
        (COACH | {"sealed": True}, "40", True),
    ],
)  # fmt: skip
def test_the_reach_of_each_rule(kind: dict[str, Any], seat: str, is_contact: bool) -> None:
    assert ("c" in contacts(ticket("i", "10A", **kind), ticket("c", seat, **kind))) == is_contact


def test_the_same_cabin_of_a_ship() -> None:
    other = SHIP | {"carriage": "202"}
    found = contacts(ticket("i", **SHIP), ticket("c", **SHIP), ticket("d", **other))
    assert found == {"c": "rule"}


def test_another_carriage_service_or_date_is_not_shared() -> None:
    tomorrow = DAY + timedelta(days=1)
    assert contacts(
        ticket("i"),
        ticket("a", carriage="4"),
        ticket("b", service_no="G3"),
        ticket("c", service_date=tomorrow, depart_at=utc(9, tomorrow), arrive_at=utc(12, tomorrow)),
        ticket("d", mode="coach"),
    ) == {}  # fmt: skip


@pytest.mark.parametrize(
    ("stops", "is_contact"),
    [
        ((1, 2), False),  # got off where the index got on
        ((4, 5), False),  # got on where the index got off
        ((1, 3), True),
        ((3, 5), True),  # boarded on the way
        ((2, 4), True),
        ((1, 5), True),
        ((2, 3), True),
    ],
)
def test_stops_overlap_half_open(stops: tuple[int, int], is_contact: bool) -> None:
    index = ticket("i", from_seq=2, to_seq=4)
    other = ticket("c", from_seq=stops[0], to_seq=stops[1])
    assert ("c" in contacts(index, other)) == is_contact


@pytest.mark.parametrize(
    ("broken", "is_contact"),
    [
        ({"from_seq": None, "to_seq": None}, True),
        ({"from_seq": 3, "to_seq": 1}, True),
        ({"from_seq": 3, "to_seq": 3}, True),
        ({"from_seq": None, "depart_at": utc(12), "arrive_at": utc(13)}, False),
        ({"from_seq": None, "depart_at": utc(11.9), "arrive_at": utc(13)}, True),
    ],
)
def test_without_a_stop_sequence_times_decide(broken: dict[str, Any], is_contact: bool) -> None:
    assert ("c" in contacts(ticket("i"), ticket("c", **broken))) == is_contact


def test_with_stops_on_one_ticket_and_times_on_the_other_nobody_is_missed() -> None:
    index = ticket("i", depart_at=None, arrive_at=None)
    assert contacts(index, ticket("c", from_seq=None, to_seq=None)) == {"c": "rule"}


def test_tickets_that_cannot_be_compared_are_counted() -> None:
    nothing = {"from_seq": 3, "to_seq": 1, "depart_at": None, "arrive_at": None}
    tickets = [
        ticket("i"), ticket("a", **nothing), ticket("b", service_no=None),
        ticket("m", mode="metro", service_no=None, from_station=None),
    ]  # fmt: skip
    assert contacts(*tickets) == {}
    counts = unusable_tickets(pl.DataFrame(tickets, schema=TRIPS))
    assert dict(counts.iter_rows()) == {"no_service": 1, "no_stops_or_times": 2}


@pytest.mark.parametrize("kind", [SLOW, FLIGHT, COACH])
def test_a_ticket_without_a_seat_may_have_been_anywhere_in_its_carriage(
    kind: dict[str, Any],
) -> None:
    standing = contacts(ticket("i", "10A", **kind), ticket("c", None, **kind))
    assert standing == {"c": "no_seat"}
    assert contacts(ticket("i", None, **kind), ticket("c", "99", **kind)) == {"c": "no_seat"}
    # of the Chinese word for standing, no row is read
    assert contacts(ticket("i", "10A", **kind), ticket("c", "无座", **kind)) == {"c": "no_seat"}


def test_a_ticket_without_a_carriage_may_have_been_anywhere_on_the_train() -> None:
    assert contacts(ticket("i"), ticket("c", carriage=None)) == {"c": "carriage_unknown"}
    assert contacts(ticket("i", carriage=None), ticket("c")) == {"c": "carriage_unknown"}


def test_a_vehicle_of_which_nothing_is_said_counts_as_sealed() -> None:
    unknown = {"sealed": None}
    found = contacts(ticket("i", "1A", **unknown), ticket("c", "18F", **unknown))
    assert found == {"c": "rule"}


def test_after_a_change_of_seats_both_places_count() -> None:
    first = ticket("i", "2A", sealed=False, from_seq=1, to_seq=3)
    second = ticket("i", "20A", sealed=False, from_seq=3, to_seq=5)
    near = {"sealed": False, "from_seq": 1, "to_seq": 5}
    assert contacts(
        first, second,
        ticket("a", "1F", **near), ticket("b", "19F", **near), ticket("c", "10C", **near),
        # beside the new seat, but gone before the change
        ticket("d", "19C", sealed=False, from_seq=1, to_seq=3),
    ) == {"a": "rule", "b": "rule"}  # fmt: skip


def test_a_contact_who_changed_seats_counts_once_with_the_least_distance() -> None:
    index = pl.DataFrame({"passenger_id": ["i"], "first_date": [DAY], "last_date": [DAY]})
    trips = pl.DataFrame(
        [
            ticket("i", "10A", **FLIGHT),
            ticket("c", "12A", from_seq=1, to_seq=2, **FLIGHT),
            ticket("c", "11A", from_seq=2, to_seq=3, **FLIGHT),
        ],
        schema=TRIPS,
    )
    found = fellow_travellers(trips, index, RULES)
    assert found.select("contact_passenger_id", "rows_apart").rows() == [("c", 1)]


def test_the_whole_cabin_before_2020_and_where_there_is_no_filter() -> None:
    far = ticket("i", "1A", **FLIGHT), ticket("c", "40F", **FLIGHT)
    assert contacts(*far) == {}
    assert contacts(*far, override="flight_cabin") == {"c": "rule"}
    then = date(2019, 12, 31)
    dated = FLIGHT | {"service_date": then, "depart_at": utc(9, then), "arrive_at": utc(11, then)}
    old = ticket("i", "1A", **dated), ticket("c", "40F", **dated)
    assert contacts(*old, first=then, last=then) == {"c": "rule"}


def test_the_override_touches_flights_only() -> None:
    rail = ticket("i", "1A", sealed=False), ticket("c", "18F", sealed=False)
    assert contacts(*rail, override="flight_cabin") == {}


@pytest.mark.parametrize(
    ("onset", "days"),
    [(date(2020, 2, 10), 2), (date(2021, 5, 13), 2), (date(2021, 5, 14), 4)],
)
def test_the_look_back_is_that_of_the_edition(onset: date, days: int) -> None:
    until = onset + timedelta(days=1)
    window = look_back_window(onset, until, RULES.look_back)
    assert window == DateWindow(onset - timedelta(days=days), until)


def test_an_onset_before_the_first_edition_has_no_look_back() -> None:
    with pytest.raises(NoRule):
        look_back_window(date(2019, 12, 1), date(2019, 12, 2), RULES.look_back)


@pytest.mark.parametrize(("offset", "is_contact"), [(-1, False), (0, True), (2, True), (3, False)])
def test_only_rides_of_the_infectious_days_count(offset: int, is_contact: bool) -> None:
    day = DAY + timedelta(days=offset)
    ride = {"service_date": day, "depart_at": utc(9, day), "arrive_at": utc(12, day)}
    last = DAY + timedelta(days=2)
    assert ("c" in contacts(ticket("i", **ride), ticket("c", **ride), last=last)) == is_contact


def test_a_train_past_midnight_is_ridden_on_both_days() -> None:
    # left its first station the day before; the index boarded at one in the morning of DAY
    before = DAY - timedelta(days=1)
    night = {"service_date": before, "depart_at": utc(1), "arrive_at": utc(6)}
    late = {"service_date": before, "depart_at": utc(22, before), "arrive_at": utc(6)}
    assert contacts(ticket("i", **night), ticket("c", **late)) == {"c": "rule"}
    assert contacts(ticket("i", **late), ticket("c", **night)) == {"c": "rule"}
    assert contacts(ticket("i", **night), ticket("c", **late), first=before, last=before) == {}


@pytest.mark.parametrize(
    ("station", "minute", "is_contact"),
    [("甲", 4.9, True), ("甲", 5.1, False), ("乙", 0.0, False)],
)
def test_in_the_metro_the_same_station_and_slice_screen(
    station: str, minute: float, is_contact: bool
) -> None:
    metro = {"mode": "metro", "service_no": None, "carriage": None, "seat": None, "sealed": None,
             "from_seq": None, "to_seq": None, "arrive_at": None}  # fmt: skip
    index = pl.DataFrame({"passenger_id": ["i"], "first_date": [DAY], "last_date": [DAY]})
    there = metro | {"from_station": station, "depart_at": utc(9 + minute / 60)}
    trips = pl.DataFrame([ticket("i", **metro), ticket("c", **there)], schema=TRIPS)
    found = fellow_travellers(trips, index, RULES)
    assert (found.height == 1) == is_contact
    assert found["screening_only"].to_list() == [True] * is_contact


def test_several_index_passengers_are_contacts_of_each_other() -> None:
    index = pl.DataFrame(
        {"passenger_id": ["i", "j"], "first_date": [DAY, DAY], "last_date": [DAY, DAY]}
    )
    trips = pl.DataFrame([ticket("i"), ticket("j"), ticket("c")], schema=TRIPS)
    pairs = fellow_travellers(trips, index, RULES)
    assert pairs.select("passenger_id", "contact_passenger_id").rows() == [
        ("i", "c"), ("i", "j"), ("j", "c"), ("j", "i"),
    ]  # fmt: skip
