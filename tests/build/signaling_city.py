"""A landing folder with three weeks of signaling in which everything that can go wrong does, once.

Two districts 20 km apart, five cells each, fifty people each, one event an hour and person: at
home, every sixth hour by the neighbour cell. So each cell has ten events in every hour.

| date | what |
|---|---|
| from 2 Dec | 16 meters, six hours apart at one cell each |
| 10 Dec | 16 people have one event by another carrier |
| 11 Dec | 20 people each: a cell nobody knows, one without a position, one at two places |
| 12 Dec | 20 people have an event a month ahead |
| 13 Dec | 3 people at a cell nobody knows |
| 16 Dec | telecom sends nothing |
| 18 Dec | three of the first district's five cells are silent from 8 to 16 o'clock |
| 19 Dec | telecom changes its identifiers |
| 21 Dec | no file |
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path

FIRST, LAST = date(2019, 12, 2), date(2019, 12, 22)
PEOPLE = 50
CENSUS = {"990101": 600, "990102": 400}
WITHOUT_TELECOM = date(2019, 12, 16)
OUTAGE, NEW_SALT, MISSING = date(2019, 12, 18), date(2019, 12, 19), date(2019, 12, 21)

Event = tuple[str, datetime, str, str]


def carrier(person: int) -> str:
    """The first 20 people of a district have telecom, 30 cmcc; every cell sees both."""
    return "telecom" if person < 20 else "cmcc"


def device(district: str, person: int, day: date) -> str:
    """The raw identifier of a person on a day."""
    salted = carrier(person) == "telecom" and day >= NEW_SALT
    return f"{'new' if salted else 'imsi'}-{district}-{person:02d}"


def write_landing(landing: Path) -> None:
    """Write the reference files and one events file a day."""
    (landing / "reference").mkdir(parents=True)
    (landing / "signaling").mkdir()
    regions = ["region_id,name_zh,name_en,level,parent_id,population"]
    regions += ["990000,江岳省,Jiangyue,province,,1000", "990100,临江市,Linjiang,city,990000,1000"]
    regions += [f"{r},{r},{r},district,990100,{n}" for r, n in CENSUS.items()]
    _write(landing / "reference" / "regions.csv", regions)
    cells = ["cell_id,latitude,longitude,region_id,valid_from_date,valid_to_date"]
    for region, latitude in (("990101", 30.0), ("990102", 30.2)):
        cells += [
            f"{_cell(region, n)},{latitude + n * 0.002:.3f},112.0,{region},2019-01-01,"
            for n in range(5)
        ]
    cells += [
        "nowhere,,,990101,2019-01-01,",
        "moving,30.0,112.0,990101,2019-01-01,",
        "moving,30.2,112.0,990102,2019-06-01,",
    ]
    _write(landing / "signaling" / "cells.csv", cells)
    for offset in range((LAST - FIRST).days + 1):
        day = FIRST + timedelta(days=offset)
        if day != MISSING:
            rows = [
                f"{who},{at.isoformat()}+08:00,{cell},,,data,{by}"
                for who, at, cell, by in _events(day)
            ]
            head = "device_id,event_at,cell_id,latitude,longitude,event_type,carrier"
            _write(landing / "signaling" / f"events-{day}.csv", [head, *rows])


def _write(path: Path, lines: list[str]) -> None:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _cell(region: str, number: int) -> str:
    return f"{region}-{number % 5}"


def _at(day: date, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute, second))


def _is_silent(day: date, hour: int, cell: str) -> bool:
    return day == OUTAGE and 8 <= hour < 16 and cell in ("990101-0", "990101-1", "990101-2")


def _events(day: date) -> Iterator[Event]:
    for region in CENSUS:
        for person in range(PEOPLE):
            for hour in range(24):
                cell = _cell(region, person + (hour % 6 == 0))
                lost = day == WITHOUT_TELECOM and carrier(person) == "telecom"
                if not (lost or _is_silent(day, hour, cell)):
                    at = _at(day, hour, person)
                    yield device(region, person, day), at, cell, carrier(person)
    for meter in range(16):
        for hour in range(0, 24, 6):
            if not _is_silent(day, hour, "990101-0"):
                yield f"meter-{meter:02d}", _at(day, hour, 7), "990101-0", "cmcc"
    yield from _accidents(day)


def _accidents(day: date) -> Iterator[Event]:
    def of(person: int) -> tuple[str, str]:
        return device("990102", person, day), carrier(person)

    if day == date(2019, 12, 10):
        for person in range(16):
            who, by = of(person)
            other = "cmcc" if by == "telecom" else "telecom"
            yield who, _at(day, 3, person, 30), _cell("990102", person), other
    for date_, cell, people, hour in (
        (date(2019, 12, 11), "unheard-of", 20, 3),
        (date(2019, 12, 11), "nowhere", 20, 4),
        (date(2019, 12, 11), "moving", 20, 5),
        (date(2019, 12, 13), "unheard-of", 3, 3),
    ):
        if day == date_:
            for person in range(people):
                who, by = of(person)
                yield who, _at(day, hour, person, 30), cell, by
    if day == date(2019, 12, 12):
        for person in range(20):
            who, by = of(person)
            yield who, _at(day + timedelta(days=31), 3, person), _cell("990102", person), by
