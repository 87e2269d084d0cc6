"""Present population by hand, its additivity, and a day with half the cells down."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipelines.dates import DateWindow
from pipelines.mobility.cleaning import clean
from pipelines.mobility.coverage import cell_activity, coverage, without_outages
from pipelines.mobility.daily import (
    device_days,
    identifier_changes,
    machines,
    split_at_days,
)
from pipelines.mobility.parameters import load_parameters
from pipelines.mobility.presence import presence, present_population
from pipelines.mobility.stays import segments
from tests.mobility.diaries import DAY, cell, cells_frame, diary, events_frame, local

PARAMETERS = load_parameters()
CELLS = cells_frame(
    cell("A", 0),
    cell("A1", 1),
    cell("B", 8, "990102"),
    *(cell(f"N{n}", 0.1 * n) for n in range(10)),
)
WINDOW = DateWindow(DAY, DAY)


def segments_of(*diaries: list[dict[str, Any]]) -> pl.DataFrame:
    return segments(clean(events_frame(*diaries), CELLS, PARAMETERS).accepted, PARAMETERS)


def hours_in(present: pl.DataFrame, region_id: str) -> list[int]:
    """The hours of the day at which one device was in the region."""
    here = present.filter(pl.col("region_id") == region_id, pl.col("device_count") > 0)
    return here["hour"].to_list()


def test_a_device_is_where_it_was_until_halfway_to_the_next_sighting() -> None:
    # halfway between 8:00 and 12:59 is 10:29:30: at 10:30 it is counted in B
    present = present_population(segments_of(diary("d", "8:00 A 12:59 B")), WINDOW, PARAMETERS)
    assert hours_in(present, "990101") == [2, 3, 4, 5, 6, 7, 8, 9]
    assert hours_in(present, "990102") == [10, 11, 12, 13, 14, 15, 16, 17, 18]


def test_a_gap_over_the_largest_leaves_a_hole_and_a_gap_up_to_it_does_not() -> None:
    whole = present_population(segments_of(diary("d", "6:00 A 18:00 A")), WINDOW, PARAMETERS)
    assert hours_in(whole, "990101") == list(range(24))
    holed = present_population(segments_of(diary("d", "5:00 A 19:00 A")), WINDOW, PARAMETERS)
    assert hours_in(holed, "990101") == [*range(11), *range(13, 24)]


def test_counts_are_a_full_grid_and_add_up_over_groups_of_devices() -> None:
    diaries = [diary(f"d{n}", f"{n}:10 A {n + 5}:20 B") for n in range(9)]
    whole = present_population(segments_of(*diaries), WINDOW, PARAMETERS)
    assert len(whole) == 24 * 2
    parts = [
        present_population(segments_of(*diaries[first:last]), WINDOW, PARAMETERS)
        for first, last in ((0, 4), (4, 9))
    ]
    keys = ["data_date", "hour", "region_id"]
    added = pl.concat(parts).group_by(keys).agg(pl.col("device_count").sum()).sort(keys)
    assert_frame_equal(whole, added)


def test_intervals_of_a_device_do_not_overlap() -> None:
    frame = presence(segments_of(diary("d", "8:00 A 8:01 B 8:04 A 23:00 B")), PARAMETERS)
    until = frame["until_s"].to_list()
    assert all(
        end <= start for end, start in zip(until, frame["from_s"].to_list()[1:], strict=False)
    )


def test_strata_can_be_counted_apart() -> None:
    frame = segments_of(diary("d", "8:00 A 9:00 A"), diary("e", "8:00 A 9:00 A"))
    carriers = pl.DataFrame({"device_id": ["d", "e"], "carrier": ["cmcc", "unicom"]})
    present = present_population(
        frame.join(carriers, on="device_id"), WINDOW, PARAMETERS, by=("region_id", "carrier")
    )
    assert present.filter(hour=8).select("carrier", "device_count").rows() == [
        ("cmcc", 1),
        ("unicom", 1),
    ]


def days_of_cells(down_on: date, down: int) -> pl.DataFrame:
    """Six events an hour on ten cells for eight days; `down` cells are silent on one of them."""
    rows = []
    for day in DateWindow(DAY - timedelta(days=7), DAY):
        for n in range(10):
            if day == down_on and n < down:
                continue
            text = " ".join(f"{h}:{m:02d} N{n}" for h in range(24) for m in range(0, 60, 10))
            rows.append(diary(f"d{n}", text, day))
    return clean(events_frame(*rows), CELLS, PARAMETERS).accepted


@pytest.mark.parametrize(
    ("down", "share", "reason"), [(5, 0.5, "not_collected"), (1, 0.9, None), (10, 0.0, None)]
)
def test_half_the_cells_down_is_missing_not_half_the_people(
    down: int, share: float, reason: str | None
) -> None:
    accepted = days_of_cells(DAY, down)
    covered = coverage(cell_activity(accepted, PARAMETERS), WINDOW, PARAMETERS)
    assert covered["coverage_share"].unique().to_list() == [share]
    present = present_population(segments(accepted, PARAMETERS), WINDOW, PARAMETERS)
    told = without_outages(present, covered, PARAMETERS).filter(hour=12)
    if down == 10:
        reason = "not_collected"
    assert told["missing_reason"].to_list() == [reason]
    assert told["device_count"].to_list() == ([None] if reason else [10 - down])
    assert told["coverage_share"].to_list() == [share]


def test_an_outage_of_an_earlier_day_does_not_hide_today() -> None:
    accepted = days_of_cells(DAY - timedelta(days=3), 10)
    covered = coverage(cell_activity(accepted, PARAMETERS), WINDOW, PARAMETERS)
    assert covered["coverage_share"].unique().to_list() == [1.0]


def test_coverage_is_unknown_without_enough_reference_days() -> None:
    accepted = days_of_cells(DAY, 5).filter(pl.col("data_date") >= DAY - timedelta(days=2))
    covered = coverage(cell_activity(accepted, PARAMETERS), WINDOW, PARAMETERS)
    assert covered["coverage_share"].is_null().all()
    present = present_population(segments(accepted, PARAMETERS), WINDOW, PARAMETERS)
    assert without_outages(present, covered, PARAMETERS)["missing_reason"].is_null().all()


def test_intervals_are_cut_at_the_hours_of_local_days() -> None:
    interval = pl.DataFrame(
        {"from_s": [local("17:00")], "until_s": [local("9:00", DAY + timedelta(days=2))]}
    ).with_columns(pl.all().dt.epoch("s"))
    nights = split_at_days(interval, 18, 8, PARAMETERS)
    assert nights.select("day_date", "seconds").rows() == [
        (DAY, 14 * 3600),
        (DAY + timedelta(days=1), 14 * 3600),
    ]
    days = split_at_days(interval, 4, 4, PARAMETERS)
    assert days["seconds"].to_list() == [11 * 3600, 24 * 3600, 5 * 3600]
    assert days["day_date"].to_list() == [DAY + timedelta(days=n) for n in range(3)]


def test_a_device_day_from_four_to_four() -> None:
    rows = diary("d", "3:59 B 4:01 A 9:00 A 10:00 A1 23:00 A1")
    cleaned = clean(events_frame(rows), CELLS, PARAMETERS)
    multimno = replace(PARAMETERS, day_start_hour=4)
    frame = device_days(cleaned.accepted, segments(cleaned.accepted, multimno), multimno)
    assert frame["data_date"].to_list() == [DAY - timedelta(days=1), DAY]
    assert frame["event_count"].to_list() == [1, 4]
    assert frame["place_count"].to_list() == [1, 2]
    assert frame["stay_count"].to_list() == [0, 1]
    assert frame["main_region_id"].to_list() == ["990102", "990101"]


def test_machines_never_move_and_people_at_home_do() -> None:
    days = [DAY + timedelta(days=n) for n in range(7)]
    meter = [row for day in days for row in diary("meter", "8:00 A 20:00 A", day)]
    recluse = [row for day in days for row in diary("recluse", "8:00 A 9:00 A1 20:00 A", day)]
    new = [row for day in days[1:] for row in diary("new", "8:00 A 20:00 A", day)]
    cleaned = clean(events_frame(meter, recluse, new), CELLS, PARAMETERS)
    frame = device_days(cleaned.accepted, segments(cleaned.accepted, PARAMETERS), PARAMETERS)
    found = machines(frame, PARAMETERS)
    assert found["device_id"].to_list() == ["meter"]
    again = clean(events_frame(meter, recluse, new), CELLS, PARAMETERS, machines=found)
    refused = again.events.filter(pl.col("error_code") == "machine")
    assert refused["device_id"].unique().to_list() == ["meter"]


def test_a_new_salt_of_one_carrier_is_seen_and_the_other_s_devices_are_not() -> None:
    rows: list[dict[str, Any]] = []
    for n in range(6):
        salt = "new" if n >= 4 else "old"
        day = DAY + timedelta(days=n)
        for device in range(5):
            rows += diary(f"{salt}{device}", "8:00 A 20:00 A", day, carrier="unicom")
            rows += diary(f"same{device}", "8:00 A 20:00 A", day)
    cleaned = clean(events_frame(rows), CELLS, PARAMETERS)
    frame = device_days(cleaned.accepted, segments(cleaned.accepted, PARAMETERS), PARAMETERS)
    found = identifier_changes(frame, PARAMETERS)
    changed = found.filter(pl.col("error_code") == "identifiers_changed")
    assert changed.select("data_date", "carrier", "known_share").rows() == [
        (DAY + timedelta(days=4), "unicom", 0.0)
    ]
    early = found.filter(pl.col("data_date") < DAY + timedelta(days=3))
    assert early["known_share"].is_null().all()
