"""States, leads and meters of the hand-made city, against what its readings were made to say."""

from __future__ import annotations

from datetime import date
from typing import Any

CITY = "region_id = '990100' AND industry_code = 'all' AND scale = 'all'"
STATES = f"SELECT {{}} FROM marts.enterprise_state_daily WHERE data_date = '{{}}' AND {CITY}"
COUNTS = """enterprise_count, unknown_count, closed_count, keeping_alive_count, resumed_count,
    at_capacity_count, allowed_count, allowed_closed_count, missing_reason"""


def test_enterprises_are_counted_by_state(built: Any) -> None:
    # E01-E05 at half their baseline, E12 at all of it; E06-E08 and E10 kept alive; E09 silent; of
    # the factories E01-E06, allowed to open, E06 has not; published in multiples of three, so that
    # 4 kept alive are 3, and 1 at capacity and 1 allowed but closed are 0
    assert built.row(STATES.format(COUNTS, "2020-02-18")) == (10, 1, 0, 3, 6, 0, 6, 0, None)


def test_a_day_without_readings_keeps_the_states_as_stale(built: Any) -> None:
    row = built.row(STATES.format("value_date, resumed_count, missing_reason", "2020-02-17"))
    assert row == (date(2020, 2, 16), 6, "stale")


def test_a_silent_meter_is_listed_and_nothing_else(built: Any) -> None:
    assert built.rows(
        """SELECT enterprise_id, check_code, first_date, last_date, is_excluded
        FROM marts.power_meter_checks WHERE data_date = '2020-02-18'"""
    ) == [("E09", "silent", date(2020, 1, 1), date(2020, 2, 18), True)]


def test_every_variant_has_its_rows(built: Any) -> None:
    rates = dict(
        built.rows(
            f"""SELECT variant, (resumption_rate_pct, recovery_rate_pct)
            FROM marts.return_to_work_variants_daily
            WHERE data_date = '2020-02-18' AND users = 'all' AND {CITY}"""
        )
    )
    assert len(rates) == 10
    assert rates["dec_mean"] == rates["winsorised"] == (60.0, 70.5263)
    # E06-E08 draw exactly 20 %, E10 30 %; E01-E05 exactly half: 7 and 1 of 10, by threes
    assert rates["threshold_20"][0] == 60.0
    assert rates["threshold_50"][0] == 0.0
    assert rates["recovery_of_resumed"] == (60.0, round(100 * 1250 / 1900, 4))
    assert rates["lunar_aligned"] == rates["same_month_last_year"] == (None, None)
