"""Signaling from the files to the marts: what goes wrong has a code and a count, and is no zero."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines import lake
from pipelines.build import build
from pipelines.build.dbt_run import DbtRun
from pipelines.dates import DateWindow
from pipelines.ingest import ingest
from pipelines.mobility.parameters import load_parameters
from pipelines.settings import PROJECT_ROOT, Settings
from tests.build.conftest import Built
from tests.build.publishing import publish_all
from tests.build.signaling_city import CENSUS, FIRST, LAST, NEW_SALT, write_landing

MakeLake = Callable[[], Settings]


@pytest.fixture(scope="module")
def make_lake(tmp_path_factory: pytest.TempPathFactory) -> MakeLake:
    """A fresh lake with the three weeks ingested."""

    def made() -> Settings:
        home: Path = tmp_path_factory.mktemp("signaling")
        write_landing(home / "landing")
        settings = Settings(home=home, threads=2, look_back_days=2)
        with lake.writer(settings) as con:
            lake.init(con)
        for feed in ("reference", "signaling"):
            ingest(settings, feed, landing=home / "landing", run_id="test")
        return settings

    return made


@pytest.fixture(scope="module")
def weeks(make_lake: MakeLake) -> Built:
    """All three weeks in one build."""
    settings = make_lake()
    return Built(settings, build(settings, DateWindow(FIRST, LAST), run_id="weeks"), [])


def _quality(weeks: Built, day: str) -> dict[tuple[str, str], tuple[Any, ...]]:
    rows = weeks.rows(
        "SELECT step, error_code, event_count, device_count, missing_reason "
        f"FROM marts.signaling_quality_daily WHERE data_date = '{day}' AND error_code <> 'accepted'"
    )
    return {(step, code): tuple(counts) for step, code, *counts in rows}


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2019-12-07", {}),
        # four events a day of 16 meters, seen at one place on seven days
        ("2019-12-08", {("cleaning", "machine"): (64, 16, None)}),
        (
            "2019-12-10",
            {
                ("cleaning", "machine"): (64, 16, None),
                ("cleaning", "second_carrier"): (16, 16, None),
            },
        ),
        (
            "2019-12-11",
            {
                ("cleaning", "machine"): (64, 16, None),
                ("cleaning", "unknown_cell"): (20, 20, None),
                ("cleaning", "cell_without_position"): (20, 20, None),
                ("cleaning", "moving_cell"): (20, 20, None),
            },
        ),
        (
            "2019-12-12",
            {
                ("cleaning", "machine"): (64, 16, None),
                ("ingest", "future_date"): (20, 20, None),
            },
        ),
        (
            "2019-12-13",
            {
                ("cleaning", "machine"): (64, 16, None),
                ("cleaning", "unknown_cell"): (None, None, "suppressed"),
            },
        ),
        (
            "2019-12-19",
            {
                ("cleaning", "machine"): (64, 16, None),
                ("carrier", "identifiers_changed"): (None, 40, None),
            },
        ),
    ],
)
def test_every_accident_has_a_code_and_a_count(
    weeks: Built, day: str, expected: dict[tuple[str, str], tuple[Any, ...]]
) -> None:
    assert _quality(weeks, day) == expected


def test_machines_are_not_present(weeks: Built) -> None:
    counts = dict(
        weeks.rows(
            "SELECT CAST(data_date AS VARCHAR), device_count FROM marts.present_population_hourly "
            "WHERE region_id = '990101' AND hour = 20 "
            "AND data_date IN ('2019-12-07', '2019-12-08', '2019-12-17')"
        )
    )
    assert counts == {"2019-12-07": 66, "2019-12-08": 50, "2019-12-17": 50}


def test_half_the_cells_down_is_missing_and_not_half(weeks: Built) -> None:
    rows = weeks.rows(
        "SELECT region_id, hour, device_count, persons, coverage_share, missing_reason, "
        "persons_missing_reason FROM marts.present_population_hourly "
        "WHERE data_date = '2019-12-18' ORDER BY 1, 2"
    )
    assert len(rows) == 48
    for region, hour, *values in rows:
        if region == "990101" and 8 <= hour < 16:
            assert values == [None, None, 0.4, "not_collected", "not_collected"], hour
        else:
            assert values == [50, CENSUS[region], 1.0, None, None], (region, hour)


def test_a_carrier_that_sends_nothing_is_missing_and_the_others_stand_for_all(
    weeks: Built,
) -> None:
    rows = weeks.rows(
        "SELECT DISTINCT region_id, device_count, persons, missing_reason, persons_missing_reason "
        "FROM marts.present_population_hourly WHERE data_date = '2019-12-16' ORDER BY 1"
    )
    assert rows == [
        (region, None, persons, "not_collected", None) for region, persons in CENSUS.items()
    ]
    assert ("carrier", "carrier_missing") in _quality(weeks, "2019-12-16")


def test_a_day_without_a_file_carries_the_day_before(weeks: Built) -> None:
    rows = weeks.rows(
        "SELECT CAST(value_date AS VARCHAR), missing_reason, persons_missing_reason, device_count, "
        "count(*) FROM marts.present_population_hourly WHERE data_date = '2019-12-21' GROUP BY ALL"
    )
    assert rows == [("2019-12-20", "stale", "stale", 50, 48)]
    # both carriers are missing, which is a count of no device
    assert _quality(weeks, "2019-12-21") == {
        ("carrier", "carrier_missing"): (None, None, "suppressed")
    }


def test_persons_wait_for_homes_and_then_meet_census_and_carriers(weeks: Built) -> None:
    rows = weeks.rows(
        "SELECT CAST(data_date AS VARCHAR), any_value(persons_missing_reason), sum(persons) "
        "FROM marts.present_population_hourly WHERE hour = 3 "
        "AND data_date IN ('2019-12-08', '2019-12-09', '2019-12-17') GROUP BY 1 ORDER BY 1"
    )
    # Monday the ninth is the first reference date with nights before it
    assert rows == [
        ("2019-12-08", "no_homes", None),
        ("2019-12-09", None, sum(CENSUS.values())),
        ("2019-12-17", None, sum(CENSUS.values())),
    ]
    strata = weeks.rows(
        "SELECT home_region_id, carrier, device_count, persons, margins "
        "FROM marts.population_weights_daily WHERE data_date = '2019-12-17' ORDER BY 1, 2"
    )
    # cmcc 59.23 to telecom 20.92 (seeds/carrier_shares), in both districts alike; no meters
    cmcc = 59.23 / (59.23 + 20.92)
    assert strata == [
        (region, carrier, devices, round(CENSUS[region] * share), "census_and_carrier")
        for region in CENSUS
        for carrier, devices, share in (("cmcc", 30, cmcc), ("telecom", 20, 1 - cmcc))
    ]


def test_a_new_salt_takes_the_carrier_out_of_the_weights(weeks: Built) -> None:
    carriers = weeks.rows(
        "SELECT CAST(data_date AS VARCHAR), string_agg(DISTINCT carrier ORDER BY carrier), "
        "sum(persons) FROM marts.population_weights_daily "
        "WHERE data_date BETWEEN '2019-12-18' AND '2019-12-20' GROUP BY 1 ORDER BY 1"
    )
    whole = sum(CENSUS.values())
    assert carriers == [
        ("2019-12-18", "cmcc,telecom", whole),
        (str(NEW_SALT), "cmcc", whole),
        ("2019-12-20", "cmcc", whole),
    ]
    # the phones of the night before are not counted again under their old names
    for hour in (0, 3, 20):
        present = weeks.rows(
            "SELECT region_id, device_count, persons FROM marts.present_population_hourly "
            f"WHERE data_date = '{NEW_SALT}' AND hour = {hour} ORDER BY 1"
        )
        assert present == [(region, 50, persons) for region, persons in CENSUS.items()], hour


def test_python_models_make_the_columns_their_yaml_declares(weeks: Built) -> None:
    # dbt enforces contracts of SQL models only, and history() reads by these names and types
    run = DbtRun(
        weeks.settings, weeks.candidate.path, weeks.candidate.window, weeks.candidate.input_snapshot
    )
    checked = 0
    for node in run.manifest()["nodes"].values():
        if node["resource_type"] == "model" and node["language"] == "python":
            made = weeks.rows(
                "SELECT column_name, lower(data_type) FROM information_schema.columns "
                f"WHERE table_name = '{node['name']}' ORDER BY ordinal_position"
            )
            declared = [(c["name"], c["data_type"].lower()) for c in node["columns"].values()]
            assert made == declared, node["name"]
            checked += 1
    assert checked >= 10


@pytest.mark.slow
def test_chunks_give_the_same_population(weeks: Built, make_lake: MakeLake) -> None:
    settings = make_lake()
    middle = date(2019, 12, 12)
    for window in (DateWindow(FIRST, middle), DateWindow(date(2019, 12, 13), LAST)):
        publish_all(settings, build(settings, window, run_id="chunk"))
    names = ("present_population_hourly", "population_weights_daily", "signaling_quality_daily")
    with lake.connect(settings) as con:
        for name in names:
            found = lake.content_by_date(con, f"SELECT * FROM lake.marts.{name}")
            assert found == weeks.candidate.marts[name], name
        for name in ("int_mobility__device_day", "int_mobility__anchor_day"):
            found = lake.content_by_date(con, f"SELECT * FROM lake.intermediate.{name}")
            assert found == weeks.candidate.intermediates[name], name


def test_history_read_by_dbt_reaches_as_far_as_the_methods_look() -> None:
    project = yaml.safe_load((PROJECT_ROOT / "dbt" / "dbt_project.yml").read_text("utf-8"))
    variables, parameters = project["vars"], load_parameters()
    assert variables["device_history_days"] == parameters.device_history_days
    assert variables["coverage_history_days"] == parameters.coverage_reference_days
    reach = parameters.home_reach_days + variables["home_refresh_days"]
    assert variables["anchor_history_days"] == reach
