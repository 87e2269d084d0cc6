"""Travel history by hand: the four hours, the fourteen days, the lists, the two versions."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from pipelines.dates import DateWindow
from pipelines.investigate.rules import NoRule, TravelHistoryRule, in_force, load_rules
from pipelines.investigate.travel_history import (
    cities_stayed,
    city_of_regions,
    city_risks,
    city_visits,
    history_window,
    with_card,
    with_risk,
)
from pipelines.mobility.cleaning import clean
from pipelines.mobility.parameters import load_parameters
from pipelines.mobility.stays import segments
from tests.mobility.diaries import EVENTS, cell, cells_frame, diary

PARAMETERS = load_parameters()
DAY = date(2020, 2, 19)
YESTERDAY = DAY - timedelta(days=1)
REGIONS = pl.DataFrame(
    {
        "region_id": ["99", "9901", "990101", "990102", "9902"],
        "level": ["province", "city", "district", "district", "city"],
        "parent_id": [None, "99", "9901", "9901", "99"],
    }
)
CITIES = city_of_regions(REGIONS)
# A and B: two districts of one city, 20 km apart; C: the next city, 60 km off; F: abroad
CELLS = cells_frame(
    cell("A", 0, "990101"), cell("B", 20, "990102"), cell("C", 60, "9902"), cell("F", 120, "KR")
)


def rule(day: date = DAY) -> TravelHistoryRule:
    return in_force(load_rules().travel_history, day, "travel history")


def stayed(*events: list[dict[str, Any]]) -> dict[str, int]:
    """City -> longest stay in seconds, of one device, as of DAY."""
    rows = pl.DataFrame([row for part in events for row in part], schema=EVENTS)
    found = segments(clean(rows, CELLS, PARAMETERS).accepted, PARAMETERS)
    visits = city_visits(found, CITIES, history_window(DAY, rule()), PARAMETERS)
    frame = cities_stayed(visits, rule(), PARAMETERS)
    return dict(frame.select("city_id", "longest_stay_s").iter_rows())


def test_the_window_is_fourteen_full_days_ending_yesterday() -> None:
    assert history_window(DAY, rule()) == DateWindow(date(2020, 2, 5), date(2020, 2, 18))


def test_a_district_belongs_to_its_city_and_a_province_to_itself() -> None:
    assert dict(CITIES.iter_rows()) == {
        "99": "99", "9901": "9901", "990101": "9901", "990102": "9901", "9902": "9902",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("left", "stay_s"),
    [("13:00:00", None), ("13:00:02", 4 * 3600 + 1)],
    ids=["exactly four hours", "a second more"],
)
def test_exactly_four_hours_are_not_over_four_hours(left: str, stay_s: int | None) -> None:
    # in C from 8:30, between the sightings of 8:00 and 9:00, to halfway between 12:00 and `left`
    track = diary("d", "7:00 A 8:00 A 9:00 C 10:00 C 11:00 C 12:00 C", YESTERDAY)
    found = stayed(track, diary("d", f"{left} A 14:00 A 20:00 A", YESTERDAY))
    assert found.get("9902") == stay_s


def test_districts_of_one_city_are_one_stay() -> None:
    found = stayed(diary("d", "6:00 C 7:00 C 8:00 A 9:30 A 10:00 B 12:00 B 13:00 C 20:00 C"))
    assert found["9901"] == 5 * 3600


def test_two_short_stays_are_not_one_long_one() -> None:
    found = stayed(
        diary("d", "5:00 C 6:00 C 7:00 A 9:00 A 10:00 C 15:00 C 16:00 A 18:00 A 19:00 C 23:00 C")
    )
    assert set(found) == {"9902"}


def test_days_before_the_window_and_the_day_itself_do_not_count() -> None:
    before = date(2020, 2, 4)
    long_before = diary("d", "1:00 C 4:00 C 8:00 C 12:00 C", before)
    today = diary("d", "3:00 C 6:00 C 12:00 C", DAY)
    inside = diary("d", "1:00 A 8:00 A 12:00 A 20:00 A 23:00 A", YESTERDAY)
    assert set(stayed(long_before, inside, today)) == {"9901"}


def test_a_stay_over_midnight_into_the_window_is_cut_at_its_start() -> None:
    before, first = date(2020, 2, 4), date(2020, 2, 5)
    found = stayed(
        diary("d", "14:00 C 20:00 C", before), diary("d", "3:00 C 4:00 A 12:00 A", first)
    )
    assert "9902" not in found  # 3.5 hours inside the window, however long before it


def test_a_night_away_is_one_stay_over_midnight() -> None:
    evening = diary("d", "19:00 A 20:00 A 21:00 C 23:30 C", YESTERDAY - timedelta(days=1))
    found = stayed(evening, diary("d", "0:30 C 1:30 C 2:30 A 12:00 A", YESTERDAY))
    assert found["9902"] == int(5.5 * 3600)


RISKS = city_risks(
    pl.DataFrame(
        {
            "region_id": ["990101", "990102", "9902"],
            "risk_level": ["medium", "high", "medium"],
            "severity": [2, 3, 2],
            "valid_from_date": [date(2020, 2, 1), date(2020, 2, 10), date(2020, 2, 1)],
            "valid_to_date": [date(2020, 3, 1), date(2020, 2, 12), date(2020, 2, 18)],
        }
    ),
    CITIES,
)


def history(city: str, first: date, last: date) -> pl.DataFrame:
    return pl.DataFrame(
        {"device_id": ["d"], "city_id": [city], "first_date": [first], "last_date": [last]}
    )


@pytest.mark.parametrize(
    ("city", "first", "last", "during", "on_day", "mark"),
    [
        # the worst district of the city decides, on the days of the stay
        ("9901", 10, 11, "high", "medium", "red"),
        ("9901", 12, 15, "high", "medium", "red"),
        ("9901", 13, 15, "medium", "medium", "red"),
        # off the list since the day before: no mark, but a risk during the stay
        ("9902", 17, 18, "medium", "low", None),
        ("9903", 10, 11, "low", "low", None),
    ],
)
def test_the_dated_list_says_the_risk_of_the_stay_and_the_mark_of_the_day(
    city: str, first: int, last: int, during: str, on_day: str, mark: str | None
) -> None:
    asked = history(city, date(2020, 2, first), date(2020, 2, last))
    row = with_risk(asked, RISKS, DAY, unlisted="low", mark=rule().risk_mark, marked_from=2).row(
        0, named=True
    )
    assert (row["risk_level_during_stay"], row["risk_level_on_day"]) == (during, on_day)
    assert row["city_mark"] == mark


@pytest.mark.parametrize(
    ("day", "version", "mark"),
    [
        (date(2020, 2, 18), "2020", "red"),
        (date(2021, 1, 7), "2020", "red"),
        (date(2021, 1, 8), "2021", "asterisk"),
        (date(2022, 3, 1), "2021", "asterisk"),
    ],
)
def test_the_version_is_that_of_the_day(day: date, version: str, mark: str) -> None:
    assert (rule(day).version, rule(day).risk_mark) == (version, mark)


def test_a_day_before_the_first_version_has_no_rule() -> None:
    with pytest.raises(NoRule, match="2019-12-31"):
        rule(date(2019, 12, 31))


def test_the_card_is_never_red_and_contacts_go_before_stays_abroad() -> None:
    colours = load_rules().card_colours
    days = (date(2020, 2, 10), date(2020, 2, 11))
    both = pl.concat([history("9901", *days), history("KR", *days)])
    assert set(with_card(both, colours)["card_colour"]) == {"yellow"}
    assert set(with_card(both, colours, frozenset({"d"}))["card_colour"]) == {"orange"}
    assert set(with_card(both.head(1), colours)["card_colour"]) == {"green"}


def test_a_stay_abroad_is_found_from_the_events() -> None:
    found = stayed(diary("d", "1:00 A 2:00 A 6:00 F 9:00 F 12:00 F", YESTERDAY))
    assert "KR" in found
