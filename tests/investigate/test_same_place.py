"""Same place, same time by hand: the grid, the ten minutes, the thirty hours, the slices."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from pipelines.investigate.rules import NoRule, SamePlaceSet, load_rules, parameter_set
from pipelines.investigate.same_place import (
    companions,
    every_place,
    grid_times,
    region_risks,
    together_in_grid,
    together_in_slices,
)
from pipelines.mobility.cleaning import clean
from pipelines.mobility.clock import HOUR_S
from pipelines.mobility.parameters import load_parameters
from pipelines.mobility.stays import segments
from tests.mobility.diaries import EVENTS, cell, cells_frame, diary

PARAMETERS = every_place(load_parameters())
DAY = date(2020, 2, 18)
CHENGDU, SHANGHAI = parameter_set("chengdu"), parameter_set("shanghai")
CELLS = cells_frame(cell("A", 0), cell("A2", 0.3), cell("B", 5), cell("C", 10))
INDEX = pl.DataFrame({"device_id": ["i"], "first_date": [DAY], "last_date": [DAY]})
NO_RISKS = pl.DataFrame(
    schema={
        "region_id": pl.String, "risk_level": pl.String, "severity": pl.Int64,
        "valid_from_date": pl.Date, "valid_to_date": pl.Date,
    }
)  # fmt: skip


def times(*rows: tuple[str, int, int, int]) -> pl.DataFrame:
    """Times known to the second: device, square, from, until (seconds after DAY's midnight)."""
    midnight = (DAY - date(1970, 1, 1)).days * 86400 - 8 * HOUR_S
    frame = pl.DataFrame(
        [(d, q, "990101", midnight + a, midnight + b) for d, q, a, b in rows],
        schema={"device_id": pl.String, "square": pl.Int64, "region_id": pl.String,
                "from_s": pl.Int64, "until_s": pl.Int64}, orient="row",
    )  # fmt: skip
    return frame.with_columns(
        pl.col("from_s").alias("may_from_s"), pl.col("until_s").alias("may_until_s")
    )


def near(frame: pl.DataFrame, index: pl.DataFrame = INDEX) -> dict[str, int]:
    found = together_in_grid(frame, index, CHENGDU, PARAMETERS)
    return dict(found.group_by("contact_device_id").agg(pl.col("together_s").sum()).iter_rows())


USUAL_S = 30 * HOUR_S
# `i` spent thirty hours in square 1 in the days before
LONG = ("i", 1, -40 * HOUR_S, -40 * HOUR_S + USUAL_S - 3600)


@pytest.mark.parametrize(("together_s", "is_near"), [(600, False), (601, True)])
def test_together_for_more_than_ten_minutes(together_s: int, is_near: bool) -> None:
    found = near(times(LONG, ("i", 1, 0, 3600), ("c", 1, 3600 - together_s, 7200)))
    assert found == ({"c": together_s} if is_near else {})


@pytest.mark.parametrize(("missing_s", "is_near"), [(0, True), (1, False)])
@pytest.mark.parametrize("who", ["i", "c"])
def test_either_was_there_for_thirty_hours(who: str, missing_s: int, is_near: bool) -> None:
    before = (who, 1, -40 * HOUR_S, -40 * HOUR_S + USUAL_S - 3600 - missing_s)
    found = near(times(before, ("i", 1, 0, 3600), ("c", 1, 0, 3600)))
    assert ("c" in found) == is_near


def test_thirty_hours_elsewhere_do_not_help() -> None:
    elsewhere = ("i", 2, -40 * HOUR_S, -8 * HOUR_S)
    assert near(times(elsewhere, ("i", 1, 0, 3600), ("c", 1, 0, 3600))) == {}


def test_another_square_or_another_time_is_not_together() -> None:
    other = times(LONG, ("i", 1, 0, 3600), ("c", 2, 0, 3600), ("d", 1, 3600, 7200))
    assert near(other) == {}


def test_only_the_infectious_days_count() -> None:
    whole = times(LONG, ("i", 1, -10 * HOUR_S, -9 * HOUR_S), ("c", 1, -10 * HOUR_S, -9 * HOUR_S))
    assert near(whole) == {}
    # a time over midnight counts from midnight on
    across = times(LONG, ("i", 1, -1800, 1800), ("c", 1, -1800, 1800))
    assert near(across) == {"c": 1800}


def test_a_night_together_is_one_encounter() -> None:
    two_days = INDEX.with_columns(first_date=DAY - timedelta(days=1))
    night = times(LONG, ("i", 1, -3600, 3600), ("c", 1, -3600, 3600))
    found = together_in_grid(night, two_days, CHENGDU, PARAMETERS)
    assert found["together_s"].to_list() == [7200]


def test_two_encounters_of_the_same_length_are_two() -> None:
    twice = times(LONG, ("i", 1, 0, 9000), ("c", 1, 0, 1000), ("c", 1, 5000, 6000))
    assert near(twice) == {"c": 2000}


def from_events(*parts: list[dict[str, Any]]) -> pl.DataFrame:
    rows = pl.DataFrame([row for part in parts for row in part], schema=EVENTS)
    found = segments(clean(rows, CELLS, PARAMETERS).accepted, PARAMETERS)
    assert CHENGDU.grid_m is not None
    return grid_times(found, CHENGDU.grid_m, PARAMETERS)


def test_cells_in_one_square_are_one_place_and_far_ones_are_not() -> None:
    frame = from_events(diary("i", "8:00 A 9:00 A2 10:00 A 11:00 B 12:00 C"))
    spans = frame.with_columns((pl.col("until_s") - pl.col("from_s")).alias("s"))
    assert spans.height == 3
    # likely until halfway to the next square, possible until the sighting there
    first = spans.row(0, named=True)
    assert first["may_until_s"] - first["until_s"] == HOUR_S // 2


def test_possible_times_reach_no_further_than_the_longest_gap_of_a_move() -> None:
    frame = from_events(diary("i", "0:00 A 1:00 A 6:00 B"))
    row = frame.row(0, named=True)
    likely_s, possible_s = (row[name] - row["from_s"] for name in ("until_s", "may_until_s"))
    assert possible_s >= likely_s
    assert row["may_until_s"] - row["until_s"] == 0  # five hours: half is more than two


def test_a_late_sighting_is_possible_but_not_likely() -> None:
    usual = [
        row for n in range(3, 14)
        for row in diary("c", "0:10 A 6:00 A 12:00 A 18:00 A 23:50 A", DAY - timedelta(days=n))
    ]  # fmt: skip
    here = diary("i", "8:00 B 9:00 B 9:50 A 10:10 B 12:00 B")
    # i was at A from 9:25, possibly from 9:00; c until 9:30, possibly until 10:00
    home = diary("c", "8:00 A 9:00 A 10:00 C 12:00 C")
    frame = from_events(usual, here, home)
    assert near(frame) == {"c": 5 * 60}


def test_only_sightings_in_the_same_slice_and_cell_count() -> None:
    events = pl.DataFrame(
        [
            *diary("i", "9:00 A 9:10 A 12:00 B"),
            *diary("c", "9:04:59 A 9:14:59 A"),  # two slices shared
            *diary("d", "9:05 A 12:00 A"),  # a second too late; another cell
        ],
        schema=EVENTS,
    )
    accepted = clean(events, CELLS, PARAMETERS).accepted
    found = together_in_slices(accepted, INDEX, SHANGHAI, PARAMETERS)
    assert found["contact_device_id"].to_list() == ["c", "c"]
    strength = scored(found, SHANGHAI)
    assert strength.select("contact_device_id", "encounter_count", "strength").rows() == [
        ("c", 2, 2.0)
    ]


def test_a_slice_seen_twice_counts_once() -> None:
    rows = [*diary("i", "9:00 A 9:01 A"), *diary("c", "9:02 A 9:03 A")]
    accepted = clean(pl.DataFrame(rows, schema=EVENTS), CELLS, PARAMETERS).accepted
    assert together_in_slices(accepted, INDEX, SHANGHAI, PARAMETERS).height == 1


def scored(
    encounters: pl.DataFrame, rule: SamePlaceSet, risks: pl.DataFrame = NO_RISKS
) -> pl.DataFrame:
    return companions(
        encounters, rule, risks, load_rules().same_place.risk_coefficients, unlisted="low"
    )


@pytest.mark.parametrize(
    ("listed", "strength"),
    [
        ([], 2.0),
        ([("990101", "medium", 2)], 4.0),
        ([("990101", "medium", 2), ("9901", "high", 3)], 6.0),
        ([("990102", "high", 3)], 2.0),
    ],
    ids=["low", "medium", "its city high", "another district"],
)
def test_strength_is_hours_times_the_coefficient_of_the_worst_level(
    listed: list[tuple[str, str, int]], strength: float
) -> None:
    rows = [(*entry, DAY, None) for entry in listed]
    areas = pl.DataFrame(rows, schema=NO_RISKS.schema, orient="row")
    cities = pl.DataFrame({"region_id": ["990101", "990102"], "city_id": ["9901", "9901"]})
    frame = times(LONG, ("i", 1, 0, 7200), ("c", 1, 0, 7200))
    found = together_in_grid(frame, INDEX, CHENGDU, PARAMETERS)
    (row,) = scored(found, CHENGDU, region_risks(areas, cities)).rows(named=True)
    assert row["strength"] == strength
    assert row["screening_only"] is True


def test_a_level_counts_on_its_dates_only() -> None:
    over = pl.DataFrame(
        [("990101", "high", 3, DAY - timedelta(days=9), DAY - timedelta(days=1))],
        schema=NO_RISKS.schema, orient="row",
    )  # fmt: skip
    frame = times(LONG, ("i", 1, 0, 7200), ("c", 1, 0, 7200))
    found = together_in_grid(frame, INDEX, CHENGDU, PARAMETERS)
    assert scored(found, CHENGDU, over)["strength"].to_list() == [2.0]


def test_an_unknown_set_names_those_there_are() -> None:
    with pytest.raises(NoRule, match="chengdu, shanghai"):
        parameter_set("beijing")
