"""The calendar every feed is read against: working days and the lunar calendar, generated.

Working days are the State Council's yearly notices as packaged in `chinese_calendar`; lunar dates
come from `lunardate` (1900-2099).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache

import chinese_calendar
import polars as pl
from lunardate import LunarDate

CALENDAR_SCHEMA = {
    "date": pl.Date,
    "is_workday": pl.Boolean,
    "lunar_month": pl.Int64,
    "lunar_day": pl.Int64,
    "days_from_lunar_new_year": pl.Int64,
    "year_of_lunar_new_year": pl.Int64,
}


@cache
def lunar_new_year(year: int) -> date:
    """First day of the first lunar month in that solar year, e.g. 2020 -> 2020-01-25."""
    first: date = LunarDate(year, 1, 1).to_solar_date()
    return first


def _is_workday(day: date) -> bool | None:
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:  # a year whose holidays are not announced (or not packaged)
        return None


def _rows(start: date, end: date) -> Iterator[tuple[date, bool | None, int, int, int, int]]:
    for offset in range((end - start).days + 1):
        day = start + timedelta(days=offset)
        lunar = LunarDate.from_solar_date(day.year, day.month, day.day)
        since = (day - lunar_new_year(day.year)).days
        yield day, _is_workday(day), lunar.month, lunar.day, since, day.year


def calendar_frame(start: date, end: date) -> pl.DataFrame:
    """One row a day from `start` to `end` (both included), columns as in the contract.

    `days_from_lunar_new_year` counts from the lunar new year's day of the same solar year, negative
    before it. `is_workday` is null in years whose public holidays are not known.
    """
    return pl.DataFrame(list(_rows(start, end)), schema=CALENDAR_SCHEMA, orient="row")
