"""A build: pinned, repeatable, the same in chunks as in one, and plain about what failed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipelines import lake
from pipelines.build import Candidate, build
from pipelines.build.dbt_run import DbtRun
from pipelines.dates import DateWindow
from pipelines.errors import BuildFailed
from pipelines.settings import Settings
from tests.build.publishing import publish_all

FIRST, LAST = date(2020, 2, 13), date(2020, 2, 18)


def _run(built: Any) -> DbtRun:
    candidate = built.candidate
    return DbtRun(built.settings, candidate.path, candidate.window, candidate.input_snapshot)


def test_chunks_equal_one_big_run(built: Any, make_city: Callable[[], Settings]) -> None:
    settings = make_city()
    middle = date(2020, 2, 15)
    for window in (DateWindow(FIRST, middle), DateWindow(date(2020, 2, 16), LAST)):
        publish_all(settings, build(settings, window, run_id="chunk"))
    with lake.connect(settings) as con:
        for name, expected in built.candidate.marts.items():
            found = lake.content_by_date(con, f"SELECT * FROM lake.marts.{name}")
            assert found == expected, name


def test_a_rerun_makes_the_same_content(built: Any) -> None:
    again = Settings(home=built.settings.home, threads=1, look_back_days=2, work_dir=Path("again"))
    window = built.candidate.requested
    repeated = build(again, window, run_id="again")
    assert repeated.marts == built.candidate.marts
    assert repeated.intermediates == built.candidate.intermediates


def test_the_candidate_says_what_it_is(built: Any) -> None:
    candidate = built.candidate
    assert candidate == Candidate.load(candidate.path)
    assert candidate.window == DateWindow(date(2020, 2, 11), LAST)
    assert set(candidate.marts) == {
        "city_inflow_risk_daily",
        "city_migration_daily",
        "commuting_weekly",
        "closure_watch",
        "enterprise_state_daily",
        "epidemic_daily",
        "footfall_daily_summary",
        "footfall_recovery_daily",
        "migration_daily",
        "mobility_return_to_work_daily",
        "origin_destination_daily",
        "origin_destination_hourly",
        "population_weights_daily",
        "present_population_hourly",
        "power_meter_checks",
        "price_leads",
        "return_to_work_daily",
        "return_to_work_fused_daily",
        "returnee_risk_daily",
        "return_to_work_variants_daily",
        "signaling_quality_daily",
        "supply_demand_forecast",
        "ticketing_daily",
        "ticketing_intercity_daily",
        "ticketing_month_daily",
        "voucher_campaign_daily",
    }
    assert set(candidate.marts["epidemic_daily"]) == set(candidate.window)
    assert "int_power__cell_day" in candidate.intermediates


def test_only_the_days_of_pseudonymous_devices_are_kept_of_single_people(built: Any) -> None:
    # homes, machines and distinct workers need weeks of history; nothing else about a person
    # outlives its run
    device_tables = {
        "int_mobility__anchor_day",
        "int_mobility__device_day",
        "int_mobility__worker_first_day",
    }
    for name in [*built.candidate.intermediates, *built.candidate.marts]:
        columns = built.rows(
            f"SELECT column_name FROM information_schema.columns WHERE table_name = '{name}'"
        )
        personal = {column for (column,) in columns} & {"device_id", "user_id", "voucher_id"}
        assert personal == ({"device_id"} if name in device_tables else set()), name


def test_every_model_has_an_outcome_and_progress(built: Any) -> None:
    with lake.connect(built.settings) as con:
        outcomes = dict(
            con.execute(
                "SELECT table_name, rows_accepted FROM lake.ops.outcomes "
                "WHERE run_id = 'whole' AND step = 'build' AND status = 'ok'"
            ).fetchall()
        )
    counted = sum(part.row_count for part in built.candidate.marts["epidemic_daily"].values())
    assert outcomes["epidemic_daily"] == counted
    assert {"stg_power__energy_daily", "int_power__cell_day"} <= set(outcomes)
    done, total, _ = built.progress[-1]
    assert done == total == len(built.progress)


def test_published_figures(built: Any) -> None:
    results = _run(built).run("test", "--select", "test_type:unit")
    assert len(results) >= 5
    assert [(r.name, r.message) for r in results if r.status != "pass"] == []


def test_every_column_is_described(built: Any) -> None:
    for node in _run(built).manifest()["nodes"].values():
        if node["resource_type"] in ("model", "seed"):
            assert node["description"], node["name"]
            bare = [name for name, c in node["columns"].items() if not c["description"]]
            assert (node["name"], bare) == (node["name"], [])
            assert node["columns"], node["name"]


def test_dbt_docs_build(built: Any) -> None:
    run = _run(built)
    run.run("docs", "generate")
    catalog = json.loads((run.target / "catalog.json").read_text(encoding="utf-8"))
    assert "model.citypulse.return_to_work_daily" in catalog["nodes"]


def test_a_failed_model_is_named_and_leaves_no_candidate(
    make_city: Callable[[], Settings],
) -> None:
    settings = make_city()
    with lake.writer(settings) as con:
        con.execute("ALTER TABLE lake.bronze.footfall_daily RENAME COLUMN visitors TO guests")
    with pytest.raises(BuildFailed, match=r"stg_merchant__footfall_daily.*visitors"):
        build(settings, DateWindow(LAST, LAST), run_id="broken")
    assert not list(settings.path(settings.work_dir).glob("candidates/*/candidate.json"))
    with lake.connect(settings) as con:
        failed = con.execute(
            "SELECT table_name FROM lake.ops.outcomes WHERE run_id = 'broken' "
            "AND status = 'failed' AND error LIKE '%visitors%'"
        ).fetchall()
    assert failed == [("stg_merchant__footfall_daily",)]
