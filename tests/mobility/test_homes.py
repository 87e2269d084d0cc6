"""Homes and workplaces: reasons by hand, and recall on a planted population."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipelines.dates import DateWindow
from pipelines.mobility.anchors import anchor_days
from pipelines.mobility.cleaning import clean
from pipelines.mobility.geo import METRES_PER_DEGREE
from pipelines.mobility.homes import home_and_work, ordinary_dates, usual_environment
from pipelines.mobility.parameters import load_parameters
from pipelines.mobility.stays import segments
from tests.mobility.diaries import CELLS as CELL_SCHEMA
from tests.mobility.diaries import cell, cells_frame, diary, events_frame

PARAMETERS = load_parameters()
MONDAY = date(2019, 12, 2)
CELLS = cells_frame(
    cell("H", 0), cell("H1", 1), cell("W", 8, "990102"), cell("V", 16, "990103"), cell("F", 24)
)
HOME = "1:00 H 6:00 H 19:00 H 23:00 H"
WORKING = "1:00 H 7:00 H 9:00 W 12:00 W 16:00 W 19:00 H 23:00 H"


def days_from_monday(count: int) -> list[date]:
    return [MONDAY + timedelta(days=n) for n in range(count)]


def anchors_of(plan: dict[date, str], parameters: Any = PARAMETERS) -> dict[str, Any]:
    """Home and work of one device that follows a diary a date."""
    rows = [row for day, text in plan.items() for row in diary("d", text, day)]
    found = segments(clean(events_frame(rows), CELLS, parameters).accepted, parameters)
    dates = pl.Series(list(plan), dtype=pl.Date)
    workdays = dates.filter(dates.dt.weekday() <= 5)
    return home_and_work(anchor_days(found, parameters), dates, workdays, parameters).to_dicts()[0]


def test_a_worker_has_home_and_work() -> None:
    plan = {day: WORKING if day.weekday() < 5 else HOME for day in days_from_monday(14)}
    found = anchors_of(plan)
    assert (found["home_place_id"], found["home_region_id"]) == ("H", "990101")
    assert (found["work_place_id"], found["work_region_id"]) == ("W", "990102")
    assert (found["work_day_count"], found["work_observed_day_count"]) == (10, 10)
    # Wilson: ten of ten still leave room for doubt
    assert found["work_confidence"] == pytest.approx(1 / (1 + 1.96**2 / 10), abs=1e-9)
    assert found["home_missing_reason"] is found["work_missing_reason"] is None


@pytest.mark.parametrize(
    ("plan", "home_reason", "work_reason"),
    [
        ([HOME], "too_few_days", "no_home"),
        ([HOME] * 7, None, "no_dominant_place"),
        # two of five working days away make no workplace of either place
        ([WORKING, WORKING.replace("W", "V"), HOME, HOME, HOME] * 2, None, "no_dominant_place"),
        # part time, two days of five at one place, does
        ([WORKING, WORKING, HOME, HOME, HOME] * 2, None, None),
        # every night elsewhere: nobody's home
        (
            [f"1:00 {c} 6:00 {c} 19:00 {c} 23:00 {c}" for c in "HVWF"] * 2,
            "no_dominant_place",
            "no_home",
        ),
        # seen by day only
        (["11:00 W 12:00 W 12:30 W"] * 7, None, "no_dominant_place"),
    ],
)
def test_reasons(plan: list[str], home_reason: str | None, work_reason: str | None) -> None:
    workdays = [day for day in days_from_monday(20) if day.weekday() < 5]
    found = anchors_of(dict(zip(workdays, plan, strict=False)))
    assert found["home_missing_reason"] == home_reason
    assert found["work_missing_reason"] == work_reason
    assert (found["home_place_id"] is None) == (home_reason is not None)


def test_neighbour_cells_support_one_home() -> None:
    other = HOME.replace("H", "H1")
    elsewhere = HOME.replace("H", "V")
    plan = dict(zip(days_from_monday(9), [HOME, other, elsewhere] * 3, strict=True))
    found = anchors_of(plan)
    # neither H nor H1 has half of the nights; together they do
    assert found["home_place_id"] in ("H", "H1")
    assert (found["home_day_count"], found["home_observed_day_count"]) == (6, 9)


def test_multimno_s_share_leaves_the_same_device_without_a_home() -> None:
    plan = dict(zip(days_from_monday(9), [HOME, HOME, HOME.replace("H", "V")] * 3, strict=True))
    assert anchors_of(plan)["home_missing_reason"] is None
    strict = replace(PARAMETERS, home_min_share=0.8)
    assert anchors_of(plan, strict)["home_missing_reason"] == "no_dominant_place"


def test_the_festival_says_nothing_of_homes() -> None:
    window = DateWindow(date(2020, 1, 1), date(2020, 2, 29))
    dates = ordinary_dates(window, [date(2020, 1, 25)], PARAMETERS)
    assert dates.to_list() == [
        *DateWindow(date(2020, 1, 1), date(2020, 1, 8)),
        *DateWindow(date(2020, 2, 20), date(2020, 2, 29)),
    ]


def test_usual_environment_holds_the_share_of_the_time_with_fewest_places() -> None:
    plan = {day: WORKING if day.weekday() < 5 else HOME for day in days_from_monday(14)}
    plan[MONDAY] = WORKING + " 23:20 V 23:40 V"
    rows = [row for day, text in plan.items() for row in diary("d", text, day)]
    found = segments(clean(events_frame(rows), CELLS, PARAMETERS).accepted, PARAMETERS)
    usual = usual_environment(found, PARAMETERS)
    assert usual.select("place_id", "rank").rows() == [("H", 1), ("W", 2)]
    most_of_it = usual_environment(found, replace(PARAMETERS, usual_share=0.5))
    assert most_of_it["place_id"].to_list() == ["H"]
    all_of_it = usual_environment(found, replace(PARAMETERS, usual_share=1.0))
    assert all_of_it["place_id"].to_list() == ["H", "W", "V"]
    assert all_of_it["stay_share"].sum() == pytest.approx(1)


class Planted:
    """People with a home, most with work, over 28 days: about 24 events a day, one in eight by a
    neighbour cell, an outing on some days; cells 1 km apart on a 12 x 12 lattice in 4 districts."""

    side, people, days = 12, 400, 28

    def __init__(self) -> None:
        rng = np.random.default_rng(20)
        self.home = rng.integers(0, self.side**2, self.people)
        self.work = rng.integers(0, self.side**2, self.people)
        self.works = rng.random(self.people) < 0.6
        shape, a_day = (self.people, self.days, 24), (self.people, self.days, 1)
        hour = np.broadcast_to(np.arange(24), shape)
        weekday = np.arange(self.days)[None, :, None] % 7
        start, length = rng.integers(9, 19, a_day), rng.integers(1, 4, a_day)
        outing = rng.integers(0, self.side**2, a_day)
        goes_out = (rng.random(a_day) < 0.3) & (hour >= start) & (hour < start + length)
        where = np.broadcast_to(self.home[:, None, None], shape).copy()
        where[goes_out] = np.broadcast_to(outing, shape)[goes_out]
        attends = rng.random(a_day) < 0.9
        working = self.works[:, None, None] & attends & (weekday < 5) & (hour >= 9) & (hour < 17)
        where[working] = np.broadcast_to(self.work[:, None, None], shape)[working]
        row, column = where // self.side, where % self.side
        stray = (rng.random(shape) < 0.125) * rng.choice([-1, 1], shape)
        column = np.clip(column + stray, 0, self.side - 1)
        seen = rng.random(shape) < 0.9
        minute = rng.integers(0, 60, shape)
        at = np.arange(self.days)[None, :, None] * 1440 + hour * 60 + minute - 480
        start_at = datetime(MONDAY.year, MONDAY.month, MONDAY.day)  # noqa: DTZ001 (naive UTC)
        person = np.broadcast_to(np.arange(self.people)[:, None, None], shape)
        names = pl.Series([self.cell_id(n) for n in range(self.side**2)])
        self.events = pl.DataFrame(
            {
                "device_id": pl.Series([f"p{n:04d}" for n in range(self.people)]).gather(
                    person[seen]
                ),
                "event_at": pl.Series(at[seen]).cast(pl.Duration("us")) * 60_000_000 + start_at,
                "cell_id": names.gather((row * self.side + column)[seen]),
            }
        )

    def cell_id(self, number: int) -> str:
        return f"C{number:03d}"

    def region_id(self, number: int) -> str:
        half = self.side // 2
        return f"9901{number // self.side // half}{number % self.side // half}"

    @property
    def cells(self) -> pl.DataFrame:
        degrees = 1000 / METRES_PER_DEGREE
        numbers = range(self.side**2)
        return pl.DataFrame(
            {
                "cell_id": [self.cell_id(n) for n in numbers],
                "latitude": [n // self.side * degrees for n in numbers],
                "longitude": [110 + n % self.side * degrees for n in numbers],
                "region_id": [self.region_id(n) for n in numbers],
                "valid_from_date": [MONDAY] * self.side**2,
                "valid_to_date": [None] * self.side**2,
            },
            schema=CELL_SCHEMA,
        )


@pytest.fixture(scope="module")
def planted() -> Planted:
    return Planted()


def planted_anchors(planted: Planted, events: pl.DataFrame) -> pl.DataFrame:
    found = segments(clean(events, planted.cells, PARAMETERS).accepted, PARAMETERS)
    nights = pl.Series(days_from_monday(planted.days))
    workdays = nights.filter(nights.dt.weekday() <= 5)
    return home_and_work(anchor_days(found, PARAMETERS), nights, workdays, PARAMETERS)


def test_planted_homes_and_workplaces_are_found(planted: Planted) -> None:
    found = planted_anchors(planted, planted.events)
    homes = [planted.region_id(n) for n in planted.home]
    works = [planted.region_id(n) for n in planted.work]
    right_home = (found["home_region_id"] == pl.Series(homes)).fill_null(value=False)
    assert found["home_place_id"].is_not_null().mean() >= 0.95
    assert right_home.mean() >= 0.97  # type: ignore[operator]
    # who works within the radius of home has no workplace that signaling could tell from home
    row, column = np.divmod(planted.home, planted.side)
    work_row, work_column = np.divmod(planted.work, planted.side)
    apart = np.hypot(row - work_row, column - work_column) > 1.5
    workers = pl.Series(planted.works & apart)
    right_work = (found["work_region_id"] == pl.Series(works)).fill_null(value=False)
    assert right_work.filter(workers).mean() >= 0.85  # type: ignore[operator]
    idle = found.filter(pl.Series(~planted.works))
    assert idle["work_place_id"].is_not_null().mean() <= 0.05  # type: ignore[operator]


def test_planted_anchors_do_not_depend_on_row_order(planted: Planted) -> None:
    few = planted.events.filter(pl.col("device_id") < "p0050")
    mixed = few.sample(fraction=1, shuffle=True, seed=3)
    assert_frame_equal(planted_anchors(planted, few), planted_anchors(planted, mixed))
