"""The calendar the city lives by: lunar new years, working days, seasons."""

from __future__ import annotations

from datetime import date
from functools import cache

import chinese_calendar
from lunardate import LunarDate

_SATURDAY = 5


@cache
def lunar_new_year(year: int) -> date:
    """First day of the first lunar month that falls in solar `year`."""
    first: date = LunarDate(year, 1, 1).to_solar_date()
    return first


@cache
def season_year(day: date) -> int:
    """The year of the lunar new year nearest to `day`: leaves and returns belong to it."""
    candidates = (day.year - 1, day.year, day.year + 1)
    return min(candidates, key=lambda year: abs((day - lunar_new_year(year)).days))


def lunar_offset(day: date) -> int:
    """k: days from the nearest lunar new year."""
    return (day - lunar_new_year(season_year(day))).days


@cache
def is_workday(day: date) -> bool:
    """Working day by the State Council's calendar; Monday to Friday in years it does not cover."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < _SATURDAY and not -1 <= lunar_offset(day) <= 5
