"""The marts of the hand-made city, against figures worked out by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

RETURN = "SELECT {} FROM marts.return_to_work_daily WHERE data_date = '{}' AND {}"
TOTAL = "region_id = '990100' AND industry_code = 'all' AND scale = 'all'"


def test_city_index_is_recomputed_from_enterprises(built: Any) -> None:
    # E01-E05 and E12 of ten with baseline and reading; (5*50 + 3*20 + 30 + 1000) / 1900
    row = built.row(
        RETURN.format(
            "registered_count, enterprise_count, no_baseline_count, resumed_count, "
            "resumption_rate_pct, recovery_rate_pct, reporting_share, missing_reason",
            "2020-02-18",
            TOTAL,
        )
    )
    assert row[:5] == (11, 10, 1, 6, 60.0)
    assert row[5] == pytest.approx(100 * 1340 / 1900, abs=1e-4)
    assert row[6:] == (pytest.approx(10 / 11, abs=1e-6), None)


def test_rollups_foot_wherever_they_are_published(built: Any) -> None:
    assert (
        built.rows(
            """SELECT industry_code, sum(enterprise_count) FILTER (scale = 'all') AS total,
            sum(enterprise_count) FILTER (scale <> 'all') AS parts
        FROM marts.return_to_work_daily WHERE data_date = '2020-02-18' AND region_id = '990100'
        GROUP BY 1 HAVING total <> parts"""
        )
        == []
    )


def test_exactly_the_threshold_has_not_resumed(built: Any) -> None:
    # E10 uses 30 of 100 kWh; F in the city: E07, E08, E10 (E09 silent, E11 without baseline)
    assert built.row(
        """SELECT enterprise_count, resumed_count FROM intermediate.int_power__cell_day
        WHERE data_date = '2020-02-18' AND region_id = '990100' AND industry_code = 'F'
        AND scale = 'all' AND variant = 'dec_mean' AND users = 'all'"""
    ) == (3, 0)


def test_a_cell_that_would_give_a_single_firm_away_is_hidden_with_it(built: Any) -> None:
    # E12 is alone in mining: the city less the other two industries would be what it consumes
    where = "region_id = '990100' AND scale = 'all' AND industry_code <> 'all'"
    hidden = built.rows(
        f"""SELECT industry_code FROM marts.return_to_work_daily
        WHERE data_date = '2020-02-18' AND missing_reason = 'suppressed' AND {where} ORDER BY 1"""
    )
    assert hidden[0] == ("B",)
    assert len(hidden) > 1


def test_small_cells_show_no_consumption(built: Any) -> None:
    assert built.rows(
        """SELECT DISTINCT recovery_rate_pct, index_value, resumed_count, missing_reason
        FROM marts.return_to_work_daily WHERE enterprise_count BETWEEN 1 AND 2"""
    ) == [(None, None, None, "suppressed")]


def test_a_day_without_readings_carries_the_last_value_as_stale(built: Any) -> None:
    columns = "value_date, index_value, missing_reason"
    stale = built.row(RETURN.format(columns, "2020-02-17", TOTAL))
    before = built.row(RETURN.format(columns, "2020-02-16", TOTAL))
    assert stale == (date(2020, 2, 16), before[1], "stale")
    assert before[2] is None


def test_without_the_largest_user_the_recovery_falls_and_few_enterprises_are_not_shown(
    built: Any,
) -> None:
    kwh = dict(
        built.rows(
            """SELECT users, round(100 * recovered_kwh / baseline_kwh, 4)
            FROM intermediate.int_power__cell_day
            WHERE data_date = '2020-02-18' AND region_id = '990100' AND industry_code = 'all'
            AND scale = 'all' AND variant = 'dec_mean'"""
        )
    )
    assert float(kwh["all"]) == pytest.approx(70.5263, abs=1e-4)
    assert float(kwh["without_largest"]) == pytest.approx(100 * 340 / 900, abs=1e-4)
    # nine enterprises: the difference to all ten would be about one of them
    assert built.rows(
        """SELECT DISTINCT index_value, missing_reason FROM marts.return_to_work_variants_daily
        WHERE users = 'without_largest' AND enterprise_count > 0"""
    ) == [(None, "suppressed")]


def test_a_baseline_nobody_metered_is_not_collected(built: Any) -> None:
    assert built.rows(
        """SELECT DISTINCT index_value, missing_reason FROM marts.return_to_work_variants_daily
        WHERE variant = 'lunar_aligned'"""
    ) == [(None, "not_collected")]


def test_variants_know_the_lunar_day(built: Any) -> None:
    assert built.rows(
        """SELECT DISTINCT days_from_lunar_new_year FROM marts.return_to_work_variants_daily
        WHERE data_date = '2020-02-18'"""
    ) == [(24,)]


def test_flows_under_k_devices_are_empty_and_not_in_any_share(built: Any) -> None:
    # a burst of 50 events in one hour does not move a device that was elsewhere for five
    assert built.rows(
        """SELECT from_region_id, to_region_id, device_count, share, missing_reason
        FROM marts.migration_daily WHERE data_date = '2020-02-18' ORDER BY 1"""
    ) == [
        ("990102", "990101", 20, 1.0, None),
        ("990200", "990101", None, None, "suppressed"),
    ]


def test_city_flows_under_k_are_in_no_total(built: Any) -> None:
    assert built.rows(
        """SELECT direction, other_city_region_id, risk_level, device_count, missing_reason
        FROM marts.city_migration_daily WHERE data_date = '2020-02-18' ORDER BY 1, 2"""
    ) == [
        ("in", "990200", "high", None, "suppressed"),
        ("in", "all", None, None, "suppressed"),
    ]
    assert built.rows(
        """SELECT risk_level, origin_count, device_count, missing_reason
        FROM marts.city_inflow_risk_daily WHERE data_date = '2020-02-18' ORDER BY 1"""
    ) == [("high", 1, None, "suppressed"), ("low", 0, 0, None), ("medium", 0, 0, None)]


EPIDEMIC = """
SELECT confirmed, new_confirmed, active, is_revision, days_since_previous, missing_reason
FROM marts.epidemic_daily WHERE data_date = '{}' AND region_id = '{}'
"""


def test_a_falling_count_is_a_revision(built: Any) -> None:
    assert built.row(EPIDEMIC.format("2020-02-15", "990101")) == (245, -5, 217, True, 1, None)
    assert built.row(EPIDEMIC.format("2020-02-16", "990101"))[3] is False


def test_a_missing_report_is_stale_then_spans_two_days(built: Any) -> None:
    assert built.row(EPIDEMIC.format("2020-02-16", "990102")) == (104, 4, 76, False, 1, "stale")
    assert built.row(EPIDEMIC.format("2020-02-17", "990102"))[1:5:3] == (8, 2)


def test_the_city_is_the_sum_of_its_districts(built: Any) -> None:
    assert built.row(EPIDEMIC.format("2020-02-18", "990100"))[:2] == (275 + 116, 14)
    assert built.row(EPIDEMIC.format("2020-02-16", "990100"))[5] == "stale"


def test_weekly_mean_needs_a_report_a_week_old(built: Any) -> None:
    # history begins on 11 February; 18 against 11: (275 - 220) / 7
    means = built.rows(
        """SELECT data_date, new_confirmed_7d_mean FROM marts.epidemic_daily
        WHERE region_id = '990101' AND data_date >= '2020-02-17' ORDER BY 1"""
    )
    assert means == [
        (date(2020, 2, 17), None),
        (date(2020, 2, 18), pytest.approx(55 / 7, abs=1e-4)),
    ]


def test_footfall_counts_open_venues_only(built: Any) -> None:
    columns = "open_venue_count, reporting_venue_count, visitors, visitors_per_open_venue"
    query = f"SELECT {columns}, missing_reason FROM marts.footfall_daily_summary WHERE data_date = "
    assert built.row(query + "'2020-02-17'") == (2, 4, 300, 150.0, None)
    assert built.row(query + "'2020-02-18'") == (2, 4, 300, 150.0, "stale")


VOUCHER = """
SELECT issued_count, redeemed_count, redeemed_7d_share, leverage, mechanical_leverage,
    expired_count, refunded_count, missing_reason
FROM marts.voucher_campaign_daily WHERE data_date = '{}' AND campaign_id = '{}'
"""


def test_voucher_figures_are_those_known_on_the_day(built: Any) -> None:
    assert built.row(VOUCHER.format("2020-02-14", "K1")) == (100, 80, 0.7, 5.0, 4.0, 0, 0, None)
    # refunded at 20:00 UTC on the 14th: the 15th in the city; the last valid day is the 15th
    assert built.row(VOUCHER.format("2020-02-15", "K1"))[5:] == (0, 20, None)
    assert built.row(VOUCHER.format("2020-02-16", "K1"))[5:] == (20, 20, None)


def test_a_campaign_of_few_users_is_suppressed(built: Any) -> None:
    row = built.row(VOUCHER.format("2020-02-18", "K2"))
    assert row == (None, None, None, None, 4.0, None, None, "suppressed")


def test_leads_and_their_grades(built: Any) -> None:
    rows = built.rows(
        """SELECT shop_id, rule_id, grade, reason, round(margin_pct, 1)
        FROM marts.price_leads WHERE data_date = '2020-02-18' ORDER BY 1, 2"""
    )
    assert rows == [
        ("F1", "CN-2020-21", "A", "margin_above_last_deal", 1090.5),
        ("F1", "CN-HB-2020", "A", "price_above_last_deal", 1090.5),
        ("F2", "CN-2020-21", "A", "margin_above_last_deal", 358.3),
        ("F2", "CN-HB-2020", "A", "price_above_last_deal", 358.3),
        ("F3", "CN-2020-21", "A", "margin_above_last_deal", 226.7),
        ("F3", "CN-HB-2020", "A", "price_above_last_deal", 226.7),
        ("F5", "CN-HB-2020", "B", "margin_above_cap", 20.0),
        ("F6", "STAT", "C", "price_outlier", None),
    ]


def test_the_baseline_is_the_last_deal_before_the_cut_off(built: Any) -> None:
    assert built.rows(
        """SELECT DISTINCT rule_id, baseline_date, baseline_source, baseline_price_cny::DOUBLE
        FROM marts.price_leads WHERE grade = 'A' AND shop_id = 'F1' ORDER BY 1"""
    ) == [
        ("CN-2020-21", date(2020, 1, 19), "deal", 5.0),
        ("CN-HB-2020", date(2020, 1, 21), "deal", 5.0),
    ]


def test_sold_out_shops_count_as_wanting_what_others_sold(built: Any) -> None:
    # F4 sold 1 and had none left; the eight others sold 10 each
    assert built.row(
        """SELECT observed_units::DOUBLE, demand_units::DOUBLE
        FROM intermediate.int_demand__category_day
        WHERE data_date = '2020-02-18' AND region_id = '990101'"""
    ) == (81, 90)


def test_forecast_keeps_the_weekday_and_says_how_long_the_stock_lasts(built: Any) -> None:
    rows = built.rows(
        """SELECT horizon_days, target_date, demand_units, stock_units::DOUBLE, days_of_cover,
            cover_target_days
        FROM marts.supply_demand_forecast
        WHERE data_date = '2020-02-18' AND region_id = '990101' ORDER BY 1"""
    )
    assert [row[0] for row in rows] == list(range(1, 15))
    by_date = {row[1]: row[2] for row in rows}
    assert by_date[date(2020, 2, 22)] == pytest.approx(2 * by_date[date(2020, 2, 24)], rel=1e-4)
    mean = sum(row[2] for row in rows) / 14
    assert {row[3] for row in rows} == {560.0}
    assert rows[0][4] == pytest.approx(560 / mean, abs=0.01)
    assert rows[0][5] == 10
