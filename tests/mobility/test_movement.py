"""Groups of devices: the same tables, whatever the size of a group."""

from __future__ import annotations

from dataclasses import fields

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipelines.dates import DateWindow
from pipelines.mobility import flows
from pipelines.mobility.anchors import anchor_days
from pipelines.mobility.coverage import coverage, without_outages
from pipelines.mobility.daily import identifier_changes, machines
from pipelines.mobility.homes import home_and_work, usual_environment
from pipelines.mobility.movement import Movement, movement
from pipelines.mobility.parameters import load_parameters
from pipelines.mobility.presence import present_population
from pipelines.mobility.stays import stays
from tests.mobility.diaries import DAY, cell, cells_frame, diary, events_frame

PARAMETERS = load_parameters()
CELLS = cells_frame(cell("A", 0), cell("B", 8, "990102"), cell("C", 16, "990103"))


@pytest.fixture(scope="module")
def events() -> pl.LazyFrame:
    text = "8:00 A 8:00 A 9:00 A 9:20 X 9:30 B 11:00 B 11:01 C 11:02 B 13:00 B"
    return events_frame(*(diary(f"d{n:02d}", text) for n in range(40))).lazy()


@pytest.mark.parametrize("group_events", [1, 50, 10_000])
def test_the_size_of_a_group_changes_nothing(events: pl.LazyFrame, group_events: int) -> None:
    whole = movement(events, CELLS, PARAMETERS)
    parts = movement(events, CELLS, PARAMETERS, group_events=group_events)
    for field in fields(Movement):
        assert_frame_equal(getattr(whole, field.name), getattr(parts, field.name))


def test_counts_hold_every_event(events: pl.LazyFrame) -> None:
    counts = movement(events, CELLS, PARAMETERS, group_events=30).counts
    assert dict(counts.select("error_code", "event_count").rows()) == {
        "accepted": 40 * 6,
        "duplicate_event": 40,
        "ping_pong": 40,
        "unknown_cell": 40,
    }
    assert counts["device_count"].unique().to_list() == [40]


def test_a_day_without_events_gives_empty_tables_all_the_way() -> None:
    none = movement(events_frame([]).lazy(), CELLS, PARAMETERS)
    window = DateWindow(DAY, DAY)
    present = present_population(none.segments, window, PARAMETERS)
    covered = coverage(none.activity, window, PARAMETERS)
    dates = pl.Series([], dtype=pl.Date)
    tables = [
        without_outages(present, covered, PARAMETERS),
        home_and_work(anchor_days(none.segments, PARAMETERS), dates, dates, PARAMETERS),
        usual_environment(none.segments, PARAMETERS),
        flows.origin_destination(flows.trips(stays(none.segments), PARAMETERS)),
        flows.origin_destination(flows.region_moves(none.device_days)),
        machines(none.device_days, PARAMETERS),
        identifier_changes(none.device_days, PARAMETERS),
    ]
    assert [len(table) for table in tables] == [0] * len(tables)
