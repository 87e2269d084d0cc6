"""Every `fail` rule (and some others) catches a corruption seeded for it, and holds without."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import duckdb
import pytest
import yaml

from pipelines import lake
from pipelines.build import Candidate
from pipelines.gate.suites import Rule, load_suites
from pipelines.gate.validation import validate
from pipelines.gate.workspace import workspace
from pipelines.settings import PROJECT_ROOT, Settings
from tests.gate.population_corruptions import POPULATION_CORRUPTIONS
from tests.gate.returnee_corruptions import RETURNEE_CORRUPTIONS
from tests.gate.small_candidate import WEEK, lake_with, restated
from tests.gate.transport_corruptions import TRANSPORT_CORRUPTIONS

SUITES = load_suites()
FAIL_RULES = [
    (suite.mart, rule.id)
    for suite in SUITES.values()
    for rule in suite.rules
    if rule.severity == "fail"
]
CITY = "region_id = '990100' AND industry_code = 'all' AND scale = 'all'"


def _common(rule_id: str, sql: str, **own: str) -> dict[tuple[str, str], str]:
    """The same corruption for every mart that shares a rule; `own` where one needs another."""
    return {
        (mart, rule_id): own.get(mart, sql.replace("{mart}", mart))
        for mart, rule in FAIL_RULES
        if rule == rule_id
    }


# (mart, rule) -> SQL that breaks the rule, run on the candidate's database
CORRUPTIONS: dict[tuple[str, str], str] = {
    **_common("rows_in_window", "UPDATE marts.{mart} SET data_date = DATE '2019-01-01'"),
    **_common("key_unique", "INSERT INTO marts.{mart} FROM marts.{mart} LIMIT 1"),
    **_common(
        "row_count_baseline",
        """DELETE FROM marts.{mart} WHERE data_date = DATE '2020-02-18' AND rowid NOT IN
           (SELECT min(rowid) FROM marts.{mart} GROUP BY data_date)""",
        # two rows a date: a third of them is none, so the days before are made rich instead
        epidemic_daily="lake: INSERT INTO marts.epidemic_daily BY NAME SELECT m.* REPLACE "
        "(region_id || g AS region_id) FROM marts.epidemic_daily AS m CROSS JOIN range(4) AS t (g)",
    ),
    **_common(
        "value_fresh",
        "UPDATE marts.{mart} SET value_date = data_date - 15, missing_reason = 'stale'",
    ),
    ("release", "candidate_unchanged"): "unstated: DELETE FROM marts.epidemic_daily "
    "WHERE data_date = DATE '2020-02-18'",
    ("release", "no_mart_vanished"): "DROP TABLE marts.price_leads",
    ("release", "every_mart_has_a_suite"): "CREATE TABLE marts.unheard_of AS "
    "SELECT DATE '2020-02-18' AS data_date",
    ("release", "fresh"): ";".join(
        f"DELETE FROM marts.{mart} WHERE data_date = DATE '2020-02-18'"
        for mart in SUITES
        if mart != "release"
    ),
    ("release", "rows_conserved"): "lake: INSERT INTO ops.outcomes (run_id, step, rows_in, "
    "rows_accepted, rows_quarantined, rows_duplicate) VALUES ('x', 'ingest', 10, 8, 1, 0)",
    ("release", "every_mart_says_whom_it_is_about"): "CREATE TABLE marts.unheard_of AS "
    "SELECT DATE '2020-02-18' AS data_date, 3 AS device_count",
    ("release", "small_cells_empty"): "UPDATE marts.migration_daily "
    "SET device_count = 10 WHERE device_count IS NULL",
    ("release", "counts_of_people_rounded"): "UPDATE marts.migration_daily "
    "SET device_count = device_count + 1",
    # 100 devices were published for these dates; three more arrived since
    ("release", "no_few_by_releases"): "UPDATE marts.migration_daily "
    "SET device_count = 103 WHERE data_date = '2020-02-17' AND device_count IS NOT NULL",
    # one cell hidden alone under its totals
    ("release", "no_cell_by_subtraction"): "UPDATE marts.return_to_work_variants_daily "
    "SET index_value = NULL WHERE region_id = '990102' AND industry_code = 'G' "
    "AND scale = 'below' AND variant = 'dec_mean'",
    ("release", "totals_hold_no_hidden_rows"): "UPDATE marts.city_migration_daily "
    "SET device_count = device_count + 10 WHERE other_city_region_id = 'all'",
    ("return_to_work_daily", "missing_explained"): "UPDATE marts.return_to_work_daily "
    f"SET index_value = NULL WHERE {CITY}",
    ("return_to_work_daily", "counts_ordered"): "UPDATE marts.return_to_work_daily "
    f"SET resumed_count = enterprise_count + 1 WHERE {CITY}",
    ("return_to_work_daily", "imputation_shown"): "UPDATE marts.return_to_work_daily "
    f"SET imputed_count = 0 WHERE {CITY}",
    ("return_to_work_daily", "band_follows_index"): "UPDATE marts.return_to_work_daily "
    f"SET band = 'depressed' WHERE {CITY}",
    ("return_to_work_daily", "resumption_rate_in_range"): "UPDATE marts.return_to_work_daily "
    f"SET resumption_rate_pct = 100.5 WHERE {CITY}",
    ("return_to_work_daily", "index_follows_rates"): "UPDATE marts.return_to_work_daily "
    f"SET index_value = index_value + 0.1 WHERE {CITY}",
    ("return_to_work_daily", "totals_foot"): "UPDATE marts.return_to_work_daily "
    f"SET enterprise_count = enterprise_count + 1 WHERE {CITY} AND data_date = '2020-02-18'",
    ("return_to_work_variants_daily", "agrees_with_return_to_work"): "UPDATE "
    "marts.return_to_work_variants_daily SET index_value = 99 WHERE users = 'all'",
    ("return_to_work_variants_daily", "every_variant_published"): "DELETE FROM "
    "marts.return_to_work_variants_daily WHERE variant = 'winsorised'",
    ("return_to_work_variants_daily", "index_follows_rates"): "UPDATE "
    "marts.return_to_work_variants_daily SET index_value = index_value + 0.1 "
    "WHERE variant = 'recovery_weight_70'",
    ("return_to_work_variants_daily", "missing_explained"): "UPDATE "
    "marts.return_to_work_variants_daily SET index_value = NULL WHERE variant = 'threshold_20'",
    ("enterprise_state_daily", "missing_explained"): "UPDATE marts.enterprise_state_daily "
    f"SET resumed_count = NULL WHERE {CITY}",
    ("enterprise_state_daily", "states_foot"): "UPDATE marts.enterprise_state_daily "
    f"SET closed_count = closed_count + 9 WHERE {CITY}",
    ("enterprise_state_daily", "counts_ordered"): "UPDATE marts.enterprise_state_daily "
    f"SET at_capacity_count = resumed_count + 1 WHERE {CITY}",
    ("enterprise_state_daily", "totals_foot"): "UPDATE marts.enterprise_state_daily "
    f"SET enterprise_count = enterprise_count + 1 WHERE {CITY} AND data_date = '2020-02-18'",
    ("closure_watch", "order_in_force"): "UPDATE marts.closure_watch SET order_id = 'LJ-2020-01'",
    ("closure_watch", "evidence_given"): "UPDATE marts.closure_watch SET evidence_days = 1",
    ("closure_watch", "agrees_with_states"): "DELETE FROM marts.closure_watch "
    "WHERE data_date = DATE '2020-02-18'",
    ("power_meter_checks", "code_known"): "UPDATE marts.power_meter_checks "
    "SET is_excluded = NOT is_excluded WHERE check_code = 'stuck'",
    ("power_meter_checks", "dates_ordered"): "UPDATE marts.power_meter_checks "
    "SET last_date = data_date + 1",
    ("power_meter_checks", "no_consumption"): "ALTER TABLE marts.power_meter_checks "
    "ADD COLUMN high_kwh DECIMAL(18, 3)",
    ("migration_daily", "counts_devices"): "UPDATE marts.migration_daily "
    "SET device_count = device_count * 5",
    ("migration_daily", "shares_foot"): "UPDATE marts.migration_daily SET share = 0.4",
    ("migration_daily", "missing_explained"): "UPDATE marts.migration_daily "
    "SET device_count = NULL, share = NULL WHERE to_region_id = '990200'",
    ("city_migration_daily", "counts_devices"): "UPDATE marts.city_migration_daily "
    "SET device_count = device_count * 5",
    ("city_migration_daily", "shares_foot"): "UPDATE marts.city_migration_daily SET share = 0.4",
    ("city_migration_daily", "missing_explained"): "UPDATE marts.city_migration_daily "
    "SET missing_reason = NULL",
    ("city_migration_daily", "index_follows_persons"): "UPDATE marts.city_migration_daily "
    "SET persons = persons * 2",
    ("city_inflow_risk_daily", "inflow_foots"): "UPDATE marts.city_inflow_risk_daily "
    "SET device_count = device_count + 9",
    ("city_inflow_risk_daily", "missing_explained"): "UPDATE marts.city_inflow_risk_daily "
    "SET origin_count = 0",
    ("origin_destination_daily", "counts_devices"): "UPDATE marts.origin_destination_daily "
    "SET device_count = device_count * 5",
    ("origin_destination_daily", "missing_explained"): "UPDATE marts.origin_destination_daily "
    "SET missing_reason = NULL",
    ("origin_destination_hourly", "counts_devices"): "UPDATE marts.origin_destination_hourly "
    "SET device_count = device_count * 5",
    ("origin_destination_hourly", "missing_explained"): "UPDATE marts.origin_destination_hourly "
    "SET missing_reason = NULL",
    ("origin_destination_daily", "trips_cover_devices"): "UPDATE marts.origin_destination_daily "
    "SET trip_count = device_count - 1",
    ("commuting_weekly", "missing_explained"): "UPDATE marts.commuting_weekly "
    "SET missing_reason = NULL",
    ("commuting_weekly", "weekly"): "UPDATE marts.commuting_weekly SET data_date = data_date - 1",
    ("mobility_return_to_work_daily", "no_district_by_subtraction"): "UPDATE "
    "marts.mobility_return_to_work_daily SET device_count = 20, index_pct = 50, "
    "missing_reason = NULL WHERE region_id = '990103'",
    ("mobility_return_to_work_daily", "missing_explained"): "UPDATE "
    "marts.mobility_return_to_work_daily SET index_pct = NULL WHERE region_id = '990101'",
    ("mobility_return_to_work_daily", "index_in_range"): "UPDATE "
    "marts.mobility_return_to_work_daily SET index_pct = 5000 WHERE region_id = '990101'",
    ("supply_demand_forecast", "interval_holds_forecast"): "UPDATE marts.supply_demand_forecast "
    "SET demand_lower_units = demand_units + 1 WHERE horizon_days = 3",
    ("supply_demand_forecast", "target_follows_horizon"): "UPDATE marts.supply_demand_forecast "
    "SET target_date = target_date + 1",
    ("supply_demand_forecast", "horizons_complete"): "DELETE FROM marts.supply_demand_forecast "
    "WHERE horizon_days = 14 AND region_id = '990102'",
    ("price_leads", "lead_has_grounds"): "UPDATE marts.price_leads SET margin_pct = 10 "
    "WHERE reason = 'margin_above_cap'",
    ("price_leads", "rule_in_force"): "UPDATE marts.price_leads SET rule_id = 'CN-HN-2020' "
    "WHERE shop_id = 'shop-2'",
    ("price_leads", "price_positive"): "UPDATE marts.price_leads SET price_cny = 0 "
    "WHERE shop_id = 'shop-4'",
    ("price_leads", "baseline_before_lead"): "UPDATE marts.price_leads "
    "SET baseline_date = data_date + 1 WHERE shop_id = 'shop-1'",
    ("voucher_campaign_daily", "small_cells_empty"): "UPDATE marts.voucher_campaign_daily "
    "SET redeemed_count = 4 WHERE campaign_id = 'village'",
    ("voucher_campaign_daily", "leverage_foots"): "UPDATE marts.voucher_campaign_daily "
    "SET leverage = 4.1 WHERE campaign_id = 'spring'",
    ("voucher_campaign_daily", "redeemed_share_in_range"): "UPDATE marts.voucher_campaign_daily "
    "SET redeemed_7d_share = 1.2 WHERE campaign_id = 'spring'",
    ("voucher_campaign_daily", "missing_explained"): "UPDATE marts.voucher_campaign_daily "
    "SET missing_reason = NULL",
    ("epidemic_daily", "active_foots"): "UPDATE marts.epidemic_daily SET active = active + 1",
    ("epidemic_daily", "confirmed_not_negative"): "UPDATE marts.epidemic_daily SET confirmed = -1",
    ("epidemic_daily", "revisions_marked"): "UPDATE marts.epidemic_daily SET new_dead = -1",
    ("footfall_daily_summary", "mean_foots"): "UPDATE marts.footfall_daily_summary "
    "SET visitors = visitors + 1",
    ("footfall_daily_summary", "open_among_reporting"): "UPDATE marts.footfall_daily_summary "
    "SET reporting_venue_count = open_venue_count - 1",
    **POPULATION_CORRUPTIONS,
    **RETURNEE_CORRUPTIONS,
    **TRANSPORT_CORRUPTIONS,
}


def _holds(settings: Settings, candidate: Candidate, mart: str, rule_id: str) -> tuple[bool, str]:
    suite = SUITES[mart]
    rules: list[Rule] = [rule for rule in suite.rules if rule.id == rule_id]
    with workspace(settings, candidate, SUITES) as con:
        findings = validate(con, [suite.model_copy(update={"rules": rules})], "test").findings
    found = findings[mart, rule_id]
    return found.holds, found.observed


def _corrupted(candidate: Candidate, sql: str, folder: Path) -> Candidate:
    shutil.copytree(candidate.path, folder)
    copy = dataclasses.replace(candidate, path=folder)
    restate = not sql.startswith("unstated: ")
    with duckdb.connect(str(copy.database)) as con:
        con.execute(sql.removeprefix("unstated: "))
    return restated(copy) if restate else copy


@pytest.fixture(scope="module")
def corrupted_lake(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A lake with every corruption that is in the lake; each test looks at one rule."""
    settings = lake_with(tmp_path_factory.mktemp("corrupted"), WEEK)
    with lake.writer(settings) as con:
        con.execute("USE lake.marts")
        for sql in CORRUPTIONS.values():
            if sql.startswith("lake: "):
                con.execute(sql.removeprefix("lake: "))
    return settings


@pytest.mark.parametrize(("mart", "rule_id"), sorted({*FAIL_RULES, *CORRUPTIONS}))
def test_rule_catches_its_corruption(
    week_published: Settings,
    corrupted_lake: Settings,
    good_candidate: Candidate,
    tmp_path: Path,
    mart: str,
    rule_id: str,
) -> None:
    assert (mart, rule_id) in CORRUPTIONS, f"seed a corruption for {mart}.{rule_id}"
    sql = CORRUPTIONS[mart, rule_id]
    settings, candidate = week_published, good_candidate
    if sql.startswith("lake: "):
        settings = corrupted_lake
    else:
        candidate = _corrupted(candidate, sql, tmp_path / "candidate")
    holds, observed = _holds(settings, candidate, mart, rule_id)
    assert not holds
    assert "cannot be evaluated" not in observed


def test_no_corruption_is_left_over() -> None:
    known = {(suite.mart, rule.id) for suite in SUITES.values() for rule in suite.rules}
    assert set(CORRUPTIONS) <= known


def test_every_rule_holds_on_the_good_candidate(
    week_published: Settings, good_candidate: Candidate
) -> None:
    with workspace(week_published, good_candidate, SUITES) as con:
        findings = validate(con, list(SUITES.values()), "test").findings
    assert {name: f.observed for name, f in findings.items() if not f.holds} == {}
    assert len(findings) == sum(len(suite.rules) for suite in SUITES.values())


def test_thresholds_shared_with_dbt_agree() -> None:
    project = yaml.safe_load((PROJECT_ROOT / "dbt" / "dbt_project.yml").read_text())
    shared = {"stale_max_days", "demand_horizon_days"}
    found = {
        (name, value)
        for suite in SUITES.values()
        for rule in suite.rules
        for name, value in rule.parameters.items()
        if name in shared
    }
    assert found == {(name, project["vars"][name]) for name in shared}
