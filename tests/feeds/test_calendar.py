"""The generated calendar against the State Council's notices and known lunar dates."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipelines.feeds.contract import load_feed
from pipelines.feeds.reference.calendar import calendar_frame, lunar_new_year


def test_lunar_new_years_are_those_of_the_almanac() -> None:
    known = {
        2015: date(2015, 2, 19),
        2016: date(2016, 2, 8),
        2019: date(2019, 2, 5),
        2020: date(2020, 1, 25),
        2021: date(2021, 2, 12),
        2022: date(2022, 2, 1),
    }
    assert {year: lunar_new_year(year) for year in known} == known


def test_days_are_signed_from_the_new_year_of_the_same_solar_year() -> None:
    frame = calendar_frame(date(2019, 12, 31), date(2020, 1, 26))
    rows = {row["date"]: row for row in frame.iter_rows(named=True)}
    assert rows[date(2019, 12, 31)]["days_from_lunar_new_year"] == 329
    assert rows[date(2019, 12, 31)]["year_of_lunar_new_year"] == 2019
    assert rows[date(2020, 1, 1)]["days_from_lunar_new_year"] == -24
    eve, first = rows[date(2020, 1, 24)], rows[date(2020, 1, 25)]
    assert (eve["lunar_month"], eve["lunar_day"], eve["days_from_lunar_new_year"]) == (12, 30, -1)
    assert (first["lunar_month"], first["lunar_day"], first["days_from_lunar_new_year"]) == (
        1,
        1,
        0,
    )


def test_a_leap_month_has_the_number_of_the_month_before() -> None:
    frame = calendar_frame(date(2020, 5, 22), date(2020, 5, 23))  # leap fourth month of 2020
    assert frame.select("lunar_month", "lunar_day").rows() == [(4, 30), (4, 1)]


def test_columns_are_those_of_the_contract_without_gaps() -> None:
    frame = calendar_frame(date(2019, 1, 1), date(2022, 12, 31))
    table = load_feed("reference").tables["calendar"]
    assert frame.columns == [column.name for column in table.columns]
    assert frame.height == 1461
    for column in table.columns:
        if column.minimum is not None and column.maximum is not None:
            assert frame[column.name].is_between(column.minimum, column.maximum).all()


def test_working_days_are_unknown_outside_the_announced_years() -> None:
    frame = calendar_frame(date(2003, 12, 31), date(2004, 1, 1))
    assert frame["is_workday"].to_list() == [None, False]


@pytest.mark.parametrize("year", range(2007, 2027))
def test_working_days_follow_the_notices(shared_data: Path, year: int) -> None:
    path = shared_data / "reference" / "holidays" / f"{year}.json"
    days = json.loads(path.read_text(encoding="utf-8"))["days"]
    assert days
    listed = [date.fromisoformat(day["date"]) for day in days]
    frame = calendar_frame(min(listed), max(listed))
    found = dict(frame.select("date", "is_workday").iter_rows())
    for day in days:
        assert found[date.fromisoformat(day["date"])] is not day["isOffDay"], day


def test_ordinary_days_are_work_from_monday_to_friday() -> None:
    march = calendar_frame(date(2020, 3, 2), date(2020, 3, 29))  # no holiday in it
    weekday = march["date"].dt.weekday()
    assert march["is_workday"].equals(pl.Series("is_workday", weekday <= 5))
