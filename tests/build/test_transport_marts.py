"""Ticketing of the hand-made city (city_transport.sql), against figures worked out by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import yaml

from pipelines.settings import PROJECT_ROOT

DAILY = """
SELECT {} FROM marts.ticketing_daily
WHERE data_date = '{}' AND mode = 'metro' AND line = '{}' AND station = '{}'
"""


def test_a_day_is_held_against_the_same_weekday_before_the_festival(built: Any) -> None:
    columns = "baseline_kind, baseline_day_count, boardings, baseline_boardings::DOUBLE"
    tuesday = built.row(DAILY.format(columns, "2020-02-18", "L1", "A"))
    monday = built.row(DAILY.format(columns, "2020-02-17", "L1", "A"))
    assert tuesday == ("weekday_pre_festival", 4, 50, 100.0)
    assert monday == ("weekday_pre_festival", 4, 50, 200.0)


def test_a_silent_and_an_unknown_station_are_counted_not_compared(built: Any) -> None:
    columns = (
        "station_count, matched_station_count, unknown_station_count, silent_station_count, "
        "boardings, recovery_pct, missing_reason"
    )
    # boardings 50 + 30; compared: 50 of 100
    assert built.row(DAILY.format(columns, "2020-02-18", "L1", "all")) == (
        2, 1, 1, 1, 80, 50.0, None,
    )  # fmt: skip
    silent = built.row(DAILY.format("boardings, missing_reason", "2020-02-18", "L1", "Late"))
    assert silent == (None, "not_collected")


def test_a_closed_line_is_zero_and_a_missing_file_is_stale(built: Any) -> None:
    columns = "value_date, boardings, recovery_pct, missing_reason"
    closed = built.row(DAILY.format(columns, "2020-02-18", "L2", "all"))
    assert closed == (date(2020, 2, 18), 0, 0.0, None)
    missing = built.row(DAILY.format(columns, "2020-02-16", "L1", "all"))
    assert missing == (date(2020, 2, 15), 50, 25.0, "stale")


def test_seven_days_count_each_weekday_once(built: Any) -> None:
    # 12 to 18 February without the 16th: six days of 50 against five of 200 and a Tuesday of 100
    row = built.row(DAILY.format("recovery_7d_pct, smoothed_day_count", "2020-02-18", "L1", "all"))
    assert row == (pytest.approx(100 * 300 / 1100, abs=1e-4), 6)


def test_months_compare_mean_days(built: Any) -> None:
    # January: the 1st to the 4th; L1 A 200, Late 60; February so far 50 a day and 30 once in 7 days
    row = built.row(
        """SELECT day_count, month_before_day_count, daily_boardings::DOUBLE,
        month_before_daily_boardings::DOUBLE, month_before_recovery_pct, year_before_recovery_pct
        FROM marts.ticketing_month_daily
        WHERE data_date = '2020-02-18' AND line = 'L1' AND station = 'all'"""
    )
    daily = 50 + 30 / 7
    expected = (7, 4, daily, 260.0, 100 * daily / 260, None)
    assert row == tuple(
        value if value is None else pytest.approx(value, abs=1e-3) for value in expected
    )


def test_arrivals_by_ticket(built: Any) -> None:
    rows = built.rows(
        """SELECT mode, direction, other_region_id, ticket_count, passenger_count,
        past_midnight_count FROM marts.ticketing_intercity_daily WHERE data_date = '2020-02-18'
        ORDER BY ALL"""
    )
    assert rows == [
        (mode, "arrival", other, 20, 20, None)
        for mode in ("all", "rail")
        for other in ("990200", "all")
    ]


def test_footfall_is_held_against_the_weeks_before_the_festival(built: Any) -> None:
    # Monday 17 February: 300 visitors of 2,000 expected; of the open venues 600 expected
    row = built.row(
        """SELECT recovery_pct, open_recovery_pct, recovery_standard_error_pct, open_share,
        fit_day_count, fit_last_date, missing_reason FROM marts.footfall_recovery_daily
        WHERE data_date = '2020-02-17'"""
    )
    assert row == (15.0, 50.0, 0.0, 0.5, 28, date(2019, 12, 29), None)
    stale = built.row(
        """SELECT value_date, recovery_pct, missing_reason FROM marts.footfall_recovery_daily
        WHERE data_date = '2020-02-18'"""
    )
    assert stale == (date(2020, 2, 17), 15.0, "stale")


def test_the_fused_index_leaves_out_what_is_stale(built: Any) -> None:
    rows = built.rows(
        """SELECT data_date, sources, power_weight_share, ticketing_weight_share,
        footfall_weight_share, index_value FROM marts.return_to_work_fused_daily
        WHERE region_id = '990100' AND data_date >= '2020-02-17' ORDER BY 1"""
    )
    power = built.row(
        """SELECT index_value FROM marts.return_to_work_daily WHERE data_date = '2020-02-18'
        AND region_id = '990100' AND industry_code = 'all' AND scale = 'all'"""
    )[0]
    # no power reading on the 17th; no footfall on the 18th; metro 50 of 600 and of 500 expected
    assert rows[0][1:5] == ("footfall+ticketing", None, 0.5, 0.5)
    assert rows[0][5] == pytest.approx((15 + 100 * 50 / 600) / 2, abs=1e-3)
    assert rows[1][1:5] == ("power+ticketing", 0.727273, 0.272727, None)
    assert rows[1][5] == pytest.approx((0.4 * power + 0.15 * 10) / 0.55, abs=1e-3)


def test_spread_days_agree_between_seed_and_history(built: Any) -> None:
    project = yaml.safe_load((PROJECT_ROOT / "dbt" / "dbt_project.yml").read_text(encoding="utf-8"))
    query = "SELECT parameter_value::INT FROM seeds.parameters WHERE parameter_name = '{}'"
    (days,) = built.row(query.format("fused_spread_days"))
    assert project["vars"]["fused_spread_days"] == days
