"""The footfall model: hand-computed fits, what it does not know, and a city without an epidemic."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from pipelines.recovery import recovery_days
from pipelines.recovery.footfall import FootfallParameters, fit_days

PARAMETERS = FootfallParameters(
    fit_days=56, fit_min_days=14, fit_min_weekdays=2, fit_max_age_days=365, lunar_half_window_days=3
)
NEW_YEARS = [date(2019, 2, 5), date(2020, 1, 25)]
EPIDEMIC = date(2020, 1, 20)
WEEKEND = 5


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _calendar(first: date = date(2018, 10, 1), last: date = date(2020, 4, 1)) -> pl.DataFrame:
    rows = []
    for day in _days(first, last):
        nearest = min(NEW_YEARS, key=lambda each: abs((day - each).days))
        lunar_day = (day - nearest).days
        rows.append(
            {
                "data_date": day,
                "day_class": day.weekday(),
                "lunar_new_year_date": nearest,
                "days_from_lunar_new_year": lunar_day,
                "is_festival": -21 < lunar_day <= 14,
                "epidemic_from_date": EPIDEMIC if day >= EPIDEMIC else None,
            }
        )
    return pl.DataFrame(rows, schema_overrides={"epidemic_from_date": pl.Date})


def _visits(days: list[date], levels: dict[str, int], factor: float = 1.0) -> pl.DataFrame:
    """Each venue has its level on weekdays and twice as many visitors at weekends."""
    return pl.DataFrame(
        [
            {
                "data_date": day,
                "venue_id": venue,
                "visitors": round(level * (2 if day.weekday() >= WEEKEND else 1) * factor),
                "is_open": True,
            }
            for day in days
            for venue, level in levels.items()
        ]
    )


def _recovery(row: dict[str, object]) -> float:
    return 100 * float(str(row["matched_visitors"])) / float(str(row["predicted_visitors"]))


DECEMBER = _days(date(2019, 12, 1), date(2020, 1, 4))
LEVELS = {"a": 100, "b": 40}


def test_levels_and_weekdays_are_found_again() -> None:
    visits = _visits(DECEMBER, LEVELS)
    by_date = {key[0]: part for key, part in visits.partition_by("data_date", as_dict=True).items()}
    fit = fit_days(by_date, {day: day.weekday() for day in DECEMBER})
    assert fit is not None
    assert fit.levels["a"] * fit.classes[0] == pytest.approx(100)
    assert fit.levels["b"] * fit.classes[6] == pytest.approx(80)
    assert fit.residual_share == pytest.approx(0, abs=1e-9)


def test_a_quarter_of_the_visitors_is_a_recovery_of_25() -> None:
    day = date(2020, 2, 18)
    visits = pl.concat([_visits(DECEMBER, LEVELS), _visits([day], LEVELS, 0.25)])
    (row,) = recovery_days(visits, _calendar(), [day], PARAMETERS).to_dicts()
    assert _recovery(row) == pytest.approx(25, abs=1e-6)
    assert (row["fit_day_count"], row["fit_last_date"]) == (35, date(2020, 1, 4))
    assert (row["visitors"], row["predicted_visitors"]) == (35, pytest.approx(140))


def test_a_closed_venue_counts_in_the_city_not_in_the_mean_of_the_open() -> None:
    day = date(2020, 2, 18)
    closed = _visits([day], LEVELS, 0.5).with_columns(is_open=pl.col("venue_id") == "a")
    visits = pl.concat([_visits(DECEMBER, LEVELS), closed])
    (row,) = recovery_days(visits, _calendar(), [day], PARAMETERS).to_dicts()
    assert (row["reporting_venue_count"], row["open_venue_count"], row["visitors"]) == (2, 1, 50)
    assert _recovery(row) == pytest.approx(100 * 50 / 140)
    assert 100 * 50 / row["open_predicted_visitors"] == pytest.approx(50)


def test_venues_that_do_not_report_or_are_new_change_nothing() -> None:
    day = date(2020, 2, 18)
    new = _visits([day], {"a": 100, "new": 1000}, 0.25)
    visits = pl.concat([_visits(DECEMBER, LEVELS), new])
    (row,) = recovery_days(visits, _calendar(), [day], PARAMETERS).to_dicts()
    assert (row["reporting_venue_count"], row["matched_venue_count"]) == (2, 1)
    assert _recovery(row) == pytest.approx(25)


def test_nothing_after_the_epidemic_began_or_of_the_festival_enters_the_fit() -> None:
    day = date(2020, 2, 18)
    between = _days(date(2020, 1, 5), date(2020, 2, 17))
    quiet = pl.concat([_visits(DECEMBER, LEVELS), _visits([day], LEVELS)])
    loud = pl.concat([quiet, _visits(between, {"a": 9999, "b": 1})])
    assert recovery_days(quiet, _calendar(), [day], PARAMETERS).equals(
        recovery_days(loud, _calendar(), [day], PARAMETERS)
    )


@pytest.mark.parametrize(
    ("history", "day"),
    [
        ([], date(2020, 2, 18)),  # nothing before
        (DECEMBER[:13], date(2020, 2, 18)),  # 13 days
        (DECEMBER, date(2020, 1, 30)),  # a festival, and none before it on record
        ([d for d in DECEMBER if d.weekday() != 1], date(2020, 2, 18)),  # no Tuesday
        (_days(date(2018, 11, 1), date(2018, 12, 31)), date(2020, 2, 18)),  # older than a year
    ],
    ids=["no history", "too short", "festival", "weekday", "too old"],
)
def test_a_prediction_that_would_be_a_guess_is_not_made(history: list[date], day: date) -> None:
    visits = _visits([*history, day], LEVELS)
    (row,) = recovery_days(visits, _calendar(), [day], PARAMETERS).to_dicts()
    assert (row["visitors"], row["predicted_visitors"]) == (140, None)


def test_a_festival_is_held_against_the_one_before() -> None:
    # last year's days -5 to 9 had half the ordinary visitors; this year's new year's day a tenth
    before = _visits(_days(date(2018, 11, 20), date(2019, 1, 14)), LEVELS)
    festival = _visits(_days(date(2019, 1, 31), date(2019, 2, 14)), LEVELS, 0.5)
    day = date(2020, 1, 25)
    visits = pl.concat([before, festival, _visits(DECEMBER, LEVELS), _visits([day], LEVELS, 0.1)])
    (row,) = recovery_days(visits, _calendar(), [day], PARAMETERS).to_dicts()
    assert row["festival_factor"] == pytest.approx(0.5)
    assert _recovery(row) == pytest.approx(20)


def test_errors_of_the_fit_become_the_error_of_the_prediction() -> None:
    # every other week 10 % above or below: residuals of 0.1 on 28 days with 7 classes
    days = _days(date(2019, 12, 2), date(2019, 12, 29))
    high = [day for day in days if (day - days[0]).days // 7 % 2 == 0]
    low = [day for day in days if day not in high]
    day = date(2020, 2, 18)
    visits = pl.concat(
        [_visits(high, LEVELS, 1.1), _visits(low, LEVELS, 0.9), _visits([day], LEVELS)]
    )
    (row,) = recovery_days(visits, _calendar(), [day], PARAMETERS).to_dicts()
    assert row["relative_error"] == pytest.approx(
        0.1 * (28 / 21) ** 0.5 * (1 + 1 / 4) ** 0.5, rel=1e-4
    )


def test_no_row_rests_on_a_later_day_and_silent_days_have_none() -> None:
    day = date(2020, 2, 18)
    visits = pl.concat([_visits(DECEMBER, LEVELS), _visits([day], LEVELS, 0.25)])
    later = _visits([day + timedelta(days=2)], LEVELS)
    window = [day, day + timedelta(days=1)]
    found = recovery_days(pl.concat([visits, later]), _calendar(), window, PARAMETERS)
    assert found.equals(recovery_days(visits, _calendar(), [day], PARAMETERS))
