"""Who counts as at work: time near the workplace within working hours."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from pipelines.mobility.anchors import anchor_days
from pipelines.mobility.attendance import at_work
from pipelines.mobility.cleaning import clean
from pipelines.mobility.geo import METRES_PER_DEGREE
from pipelines.mobility.parameters import load_parameters
from pipelines.mobility.stays import segments
from tests.mobility.diaries import DAY, cell, cells_frame, diary, events_frame

PARAMETERS = load_parameters()
CELLS = cells_frame(cell("HOME", 0), cell("WORK", 8), cell("NEXT", 9), cell("SHOP", 20))


def worker(device_id: str, km_north: float) -> dict[str, Any]:
    latitude = km_north * 1000 / METRES_PER_DEGREE
    return {"device_id": device_id, "work_latitude": latitude, "work_longitude": 110.0}


def at_work_of(text: str, day: date = DAY) -> list[tuple[date, str]]:
    """Of a worker with a workplace at WORK, a device without one doing the same beside it."""
    events = events_frame(diary("d", text, day), diary("other", text, day))
    found = segments(clean(events, CELLS, PARAMETERS).accepted, PARAMETERS)
    workers = pl.DataFrame([worker("d", 8)])
    rows = at_work(workers, anchor_days(found, PARAMETERS), PARAMETERS)
    return rows.select("data_date", "device_id").rows()


@pytest.mark.parametrize(
    "text",
    [
        "7:00 HOME 9:00 WORK 10:00 WORK 11:30 WORK 13:00 HOME 14:00 HOME",
        # a cell a kilometre away is the same workplace
        "7:00 HOME 9:00 NEXT 10:00 NEXT 11:30 NEXT 13:00 HOME 14:00 HOME",
    ],
)
def test_two_working_hours_near_the_workplace_are_a_day_at_work(text: str) -> None:
    assert at_work_of(text) == [(DAY, "d")]


@pytest.mark.parametrize(
    "text",
    [
        "7:00 HOME 9:00 HOME 12:00 HOME 15:00 HOME",
        "7:00 HOME 9:00 SHOP 10:00 SHOP 12:00 SHOP 14:00 HOME 15:00 HOME",
        # an hour is an errand
        "8:00 HOME 9:30 HOME 10:00 WORK 10:50 WORK 11:20 HOME 13:00 HOME",
        # the evening is not working time
        "9:00 HOME 17:00 HOME 18:00 WORK 20:00 WORK 22:00 WORK",
    ],
)
def test_what_is_no_day_at_work(text: str) -> None:
    assert at_work_of(text) == []


def test_a_day_without_workers_or_anchors_is_empty() -> None:
    anchors = anchor_days(segments(clean(events_frame(), CELLS, PARAMETERS).accepted, PARAMETERS),
                          PARAMETERS)  # fmt: skip
    assert at_work(pl.DataFrame([worker("d", 8)]), anchors, PARAMETERS).is_empty()
