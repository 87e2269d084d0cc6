"""Tickets that cannot be: each kind has a code and a count, and good ones at the edge stay."""

from __future__ import annotations

import pytest

from tests.ingest.conftest import City

HEADER = (
    "ticket_id,passenger_id,mode,service_no,service_date,from_station,to_station,"
    "from_seq,to_seq,depart_at,arrive_at"
)
GOOD = "good,p1,rail,G1,2020-02-03,A,B,1,4,2020-02-03T09:00:00+08:00,2020-02-03T11:00:00+08:00"
RULES = {
    "rule_boards_before_alighting": [
        "r1,p1,rail,G1,2020-02-03,A,B,4,1,2020-02-03T09:00:00+08:00,2020-02-03T11:00:00+08:00",
        "r2,p1,rail,G1,2020-02-03,A,B,2,2,2020-02-03T09:00:00+08:00,2020-02-03T11:00:00+08:00",
    ],
    "rule_arrives_after_departure": [
        "r3,p1,rail,G1,2020-02-03,A,B,1,4,2020-02-03T11:00:00+08:00,2020-02-03T10:59:59+08:00",
    ],
    "rule_departs_on_its_service": [
        "r4,p1,rail,G1,2020-02-03,A,B,1,4,2020-02-02T23:59:59+08:00,2020-02-03T11:00:00+08:00",
        "r5,p1,rail,G1,2020-02-03,A,B,1,4,2020-02-06T00:00:00+08:00,2020-02-06T11:00:00+08:00",
    ],
    "rule_origin_or_destination": [
        "r6,p1,rail,G1,2020-02-03,,,1,4,2020-02-03T09:00:00+08:00,2020-02-03T11:00:00+08:00",
    ],
}


def _land(city: City, *rows: str) -> None:
    city.land("ticketing", "trips-2020-02-03.csv", "\n".join([HEADER, *rows, ""]))


@pytest.mark.parametrize("code", RULES)
def test_a_ticket_that_cannot_be_is_refused_with_its_code(city: City, code: str) -> None:
    _land(city, GOOD, *RULES[code])
    (outcome,) = city.ingest("ticketing")
    assert (outcome.rows_accepted, outcome.rows_quarantined) == (1, len(RULES[code]))
    assert city.codes() == {code: len(RULES[code])}


def test_trains_past_midnight_stay_with_their_service_date(city: City) -> None:
    _land(
        city,
        # leaves before midnight, arrives after it
        "n1,p1,rail,Z1,2020-02-03,A,B,1,4,2020-02-03T23:30:00+08:00,2020-02-04T06:10:00+08:00",
        # boarded on the way, on the second day of the service
        "n2,p2,rail,Z1,2020-02-03,B,C,4,5,2020-02-04T06:15:00+08:00,2020-02-04T08:00:00+08:00",
        # the earliest and the latest departure of a service date
        "n3,p3,rail,Z1,2020-02-03,A,B,1,2,2020-02-03T00:00:00+08:00,2020-02-03T01:00:00+08:00",
        "n4,p4,ship,S1,2020-02-03,A,B,1,2,2020-02-05T23:59:59+08:00,2020-02-06T09:00:00+08:00",
    )
    (outcome,) = city.ingest("ticketing")
    assert (outcome.rows_accepted, outcome.rows_quarantined) == (4, 0)
    dates = city.sql("SELECT DISTINCT data_date::VARCHAR FROM lake.bronze.trips")
    assert dates == [("2020-02-03",)]


def test_an_unknown_end_or_time_breaks_no_rule(city: City) -> None:
    _land(city, "s1,p1,metro,,2020-02-03,A,,,,2020-02-03T09:00:00+08:00,")
    (outcome,) = city.ingest("ticketing")
    assert outcome.rows_accepted == 1
    assert city.codes() == {}
