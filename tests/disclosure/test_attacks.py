"""Attacks on what is published: each finds nothing as it is, and something without protection."""

from __future__ import annotations

import pytest

from pipelines.disclosure import load_declarations
from pipelines.disclosure.checks import Exposure, changes, small_cells
from pipelines.disclosure.subtraction import given_away
from tests.disclosure.conftest import Published

pytestmark = pytest.mark.slow

CITY = "990100"
DECLARATIONS = load_declarations()
# devices of one hour that are all the devices of the day: those few, followed through the day
FOLLOWED = """
SELECT data_date, from_region_id, to_region_id, h.hour, d.device_count
FROM marts.origin_destination_daily AS d
INNER JOIN marts.origin_destination_hourly AS h USING (data_date, from_region_id, to_region_id)
WHERE h.device_count = d.device_count AND d.device_count BETWEEN 1 AND $k - 1
"""
# the same few devices cross a district's border and the city's, and nobody else does
SAME_FEW = """
SELECT data_date, m.from_region_id, m.to_region_id, c.device_count
FROM marts.migration_daily AS m
INNER JOIN marts.city_migration_daily AS c USING (data_date)
WHERE c.direction = 'in' AND c.other_city_region_id = m.from_region_id
  AND m.device_count = c.device_count AND c.device_count BETWEEN 1 AND $k - 1
"""


def _found(published: Published, exposures: list[Exposure]) -> None:
    """Nothing where protection is on; something, and so a test that can see, where it is off."""
    if published.protected:
        assert exposures == []
    else:
        assert exposures


def test_small_cells(published: Published) -> None:
    found = [
        exposure
        for declaration in DECLARATIONS.values()
        for exposure in small_cells(published.con, declaration, published.limits)
    ]
    _found(published, found)
    if not published.protected:
        marts = {exposure.mart for exposure in found}
        assert {"migration_daily", "return_to_work_daily", "voucher_campaign_daily"} <= marts


def test_cuts_of_one_release(published: Published) -> None:
    if not published.protected:
        # small cells are empty here as well: what is missing is only the complement
        published.con.execute(
            """UPDATE marts.return_to_work_variants_daily SET index_value = NULL
               WHERE enterprise_count < 3"""
        )
    declaration = DECLARATIONS["return_to_work_variants_daily"]
    found = given_away(published.con, declaration, published.limits, CITY)
    _found(published, [exposure for exposure in found if "before" not in exposure.detail])


def test_no_total_counts_hidden_people(published: Published) -> None:
    hidden, total = published.con.execute(
        """SELECT count(*) FILTER (device_count IS NULL),
             sum(device_count) FILTER (other_city_region_id = 'all')
             - sum(device_count) FILTER (other_city_region_id <> 'all')
           FROM marts.city_migration_daily"""
    ).fetchall()[0]
    assert (total or 0) == 0
    assert (hidden > 0) == published.protected


def test_two_releases(published: Published) -> None:
    found = [
        exposure
        for declaration in DECLARATIONS.values()
        for exposure in changes(published.con, declaration, published.limits)
    ]
    _found(published, found)
    if not published.protected:
        # the three who came late
        late = [e for e in found if e.mart == "migration_daily" and '"990102"' in e.row]
        assert [e.detail for e in late] == ["3 changed"]


def test_a_late_reading_is_no_difference_of_two_sums(published: Published) -> None:
    columns = published.con.execute(
        "SELECT table_name, column_name FROM duckdb_columns() "
        "WHERE schema_name IN ('marts', 'published') AND column_name LIKE '%\\_kwh' ESCAPE '\\'"
    ).fetchall()
    assert columns == []


@pytest.mark.parametrize("attack", [FOLLOWED, SAME_FEW], ids=["hour_and_day", "district_and_city"])
def test_linkage_by_rare_pattern(published: Published, attack: str) -> None:
    rows = published.con.execute(attack, {"k": published.limits.k_anonymity}).fetchall()
    assert bool(rows) != published.protected


def test_a_hidden_district_under_a_rounded_city_keeps_nine_values() -> None:
    # docs/disclosure.md: a city's inflow and one of its two districts', both rounded to ten, k = 16
    for hidden in range(1, 16):
        for shown in range(16, 80):
            city_low, city_high = _values_of(hidden + shown)
            low, high = _values_of(shown)
            assert city_high - low - max(0, city_low - high) >= 8


def _values_of(count: int) -> tuple[int, int]:
    """The counts from 16 on that are published as this one is."""
    middle = (count + 5) // 10 * 10
    return max(16, middle - 5), middle + 4
