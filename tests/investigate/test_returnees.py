"""Returnees in person by hand: who came into the city, from where, by what."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl

from pipelines.dates import DateWindow
from pipelines.investigate.returnees import device_arrivals, ticket_arrivals, with_origin_risk

DAY = date(2020, 2, 10)
WINDOW = DateWindow(DAY, DAY + timedelta(days=1))
CITIES = pl.DataFrame(
    {"region_id": ["c", "d1", "d2", "x", "y"], "city_id": ["c", "c", "c", "x", "y"]}
)
HOMES = pl.DataFrame(
    {
        "device_id": ["a", "b"],
        "home_region_id": ["d1", None],
        "home_missing_reason": [None, "too_few_days"],
    },
    schema_overrides={"home_region_id": pl.String, "home_missing_reason": pl.String},
)
REGIONS = pl.DataFrame(
    {
        "region_id": ["c", "x", "y", "d1"],
        "name_zh": ["临江市", "安原市", "安州", "江口区"],
        "level": ["city", "city", "city", "district"],
    }
)
RISKS = pl.DataFrame(
    {
        "city_id": ["x", "x"],
        "severity": [2, 3],
        "risk_level": ["medium", "high"],
        "valid_from_date": [DAY - timedelta(days=9), DAY],
        "valid_to_date": [None, DAY],
    },
    schema_overrides={"valid_to_date": pl.Date},
)


def days(**regions: list[str | None]) -> pl.DataFrame:
    """Main region of each device from the day before the window on."""
    rows = [
        {"device_id": device, "data_date": DAY + timedelta(days=n - 1), "main_region_id": region}
        for device, found in regions.items()
        for n, region in enumerate(found)
        if region is not None
    ]
    return pl.DataFrame(rows, schema_overrides={"data_date": pl.Date})


def arrivals(**regions: list[str | None]) -> list[tuple[Any, ...]]:
    found = device_arrivals(days(**regions), HOMES, CITIES, "c", WINDOW)
    risky = with_origin_risk(found, RISKS, "low")
    return risky.select("person", "arrival_date", "origin_city_id", "origin_risk").rows()


def test_who_came_into_the_city_with_the_risk_of_the_day() -> None:
    after = DAY + timedelta(days=1)
    assert arrivals(
        a=["x", "d1", "d1"],  # on the day the city is high
        b=["x", "x", "d2"],  # a day later it is medium again
        m=["d1", "d2", "d1"],  # moved within the city
        n=["d1", "x", "x"],  # left
        o=[None, "d1", "d1"],  # not seen on the day before
        p=["y", "d1", "y"],
        q=["KR", "KR", "d1"],
    ) == [
        ("a", DAY, "x", "high"),
        ("b", after, "x", "medium"),
        ("p", DAY, "y", "low"),
        ("q", after, "KR", "overseas"),
    ]


def test_an_arrival_says_where_the_person_lives_or_why_not() -> None:
    found = device_arrivals(days(a=["x", "d1"], b=["x", "d1"]), HOMES, CITIES, "c", WINDOW)
    assert found.select("home_region_id", "home_missing_reason").rows() == [
        ("d1", None), (None, "too_few_days"),
    ]  # fmt: skip
    assert found["mode"].null_count() == 2


def test_tickets_into_the_city_say_mode_and_origin() -> None:
    def ticket(person: str, start: str | None, end: str, mode: str = "rail", days: int = 0) -> Any:
        return {
            "passenger_id": person, "mode": mode, "service_no": "G1", "from_station": start,
            "to_station": end, "service_date": DAY + timedelta(days=days),
        }  # fmt: skip

    trips = pl.DataFrame(
        [
            ticket("a", "安原西站", "临江东站"),
            ticket("b", "安州站", "临江站", "coach"),
            ticket("e", "北国站", "临江站"),  # of no city on the register
            ticket("f", "临江站", "临江东站"),
            ticket("g", "临江站", "安原站"),
            ticket("h", "安原站", "临江站", days=-1),
            ticket("m", "安原站", "临江站", "metro"),
        ],
        schema_overrides={"service_date": pl.Date},
    )
    found = with_origin_risk(ticket_arrivals(trips, REGIONS, "c", WINDOW), RISKS, "low")
    assert found.select("person", "mode", "origin_city_id", "origin_risk").rows() == [
        ("a", "rail", "x", "high"), ("b", "coach", "y", "low"), ("e", "rail", None, None),
    ]  # fmt: skip
