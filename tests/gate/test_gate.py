"""The gate as a whole: verdict, refusal, overrides, what is recorded and kept."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from pathlib import Path

import duckdb
import pytest
import yaml

from pipelines import lake
from pipelines.build import Candidate
from pipelines.dates import DateWindow
from pipelines.errors import GateRefused, NothingToDo
from pipelines.gate import candidate_hash, gate, last_result, load_suites
from pipelines.gate.suites import EXPECTATIONS_FOLDER, SuiteError
from pipelines.publish import publish, releases
from pipelines.settings import PROJECT_ROOT, Settings
from tests.gate.small_candidate import DAY, PAIR, lake_with, make_candidate, restated

BROKEN = "UPDATE marts.epidemic_daily SET active = active + 1"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return lake_with(tmp_path_factory.mktemp("gate"), PAIR)


@pytest.fixture
def broken(settings: Settings) -> Candidate:
    candidate = make_candidate(settings, DateWindow(DAY, DAY))
    with duckdb.connect(str(candidate.database)) as con:
        con.execute(BROKEN)
    return restated(candidate)


def _with_override(folder: Path, expires: str) -> Path:
    shutil.copytree(EXPECTATIONS_FOLDER, folder)
    override = {
        "rule": "active_foots",
        "mart": "epidemic_daily",
        "owner": "epidemic desk",
        "reason": "the province counts readmissions as active",
        "expires_date": expires,
    }
    (folder / "overrides.yaml").write_text(yaml.safe_dump({"overrides": [override]}))
    return folder


def _recorded(settings: Settings, query: str, run_id: str) -> list[tuple[object, ...]]:
    with lake.connect(settings) as con:
        return con.execute(query, [run_id]).fetchall()


def test_refused_candidate_leaves_the_last_good_release(
    settings: Settings, broken: Candidate
) -> None:
    result = gate(settings, broken, run_id="refused")
    assert [rule.name for rule in result.failures] == ["epidemic_daily.active_foots"]
    with pytest.raises(GateRefused, match=r"refused the release of 2020-02-18: epidemic_daily\."):
        result.raise_if_refused()
    assert GateRefused.exit_status == 3
    assert [r.release for r in releases(settings)] == [1]
    outcomes = "SELECT step, status, error FROM lake.ops.outcomes WHERE run_id = ?"
    assert _recorded(settings, outcomes, "refused") == [
        ("gate", "refused", "epidemic_daily.active_foots")
    ]
    rules = """SELECT count(*), count(*) FILTER (status = 'failed')
               FROM lake.ops.gate_results WHERE run_id = ?"""
    assert _recorded(settings, rules, "refused") == [(len(result.rules), 1)]


def test_good_candidate_passes_and_its_verdict_is_kept(settings: Settings) -> None:
    candidate = make_candidate(settings, DateWindow(PAIR.end, DAY), number=2)
    result = gate(settings, candidate, run_id="good")
    assert (result.status, result.content_hash) == ("passed", candidate_hash(candidate))
    assert last_result(candidate) == result
    release = publish(settings, candidate, result, run_id="good")
    kept = set(lake.storage(settings).keys(f"releases/{release.release}"))
    prefix = f"releases/{release.release}"
    for name in ("gate.json", "validation.json", "manifest.json", "data_docs/index.html"):
        assert f"{prefix}/{name}" in kept
    validations = json.loads(lake.storage(settings).get(f"{prefix}/validation.json"))
    assert all(validation["success"] for validation in validations)
    assert sum(len(validation["results"]) for validation in validations) == len(result.rules)


def test_override_helps_until_it_expires(
    settings: Settings, broken: Candidate, tmp_path: Path
) -> None:
    valid = _with_override(tmp_path / "valid", expires="2020-02-18")
    result = gate(settings, broken, run_id="answered", expectations=valid)
    assert result.passed
    assert result.status == "overridden"
    query = """SELECT rule_id, override_owner, override_reason FROM lake.ops.gate_results
               WHERE run_id = ? AND status = 'overridden'"""
    assert _recorded(settings, query, "answered") == [
        ("active_foots", "epidemic desk", "the province counts readmissions as active")
    ]
    expired = _with_override(tmp_path / "expired", expires="2020-02-17")
    assert not gate(settings, broken, run_id="expired", expectations=expired).passed


def test_candidate_without_verdict_is_told_to_be_gated(settings: Settings) -> None:
    candidate = make_candidate(settings, DateWindow(DAY, DAY))
    with pytest.raises(NothingToDo, match="citypulse gate --date 2020-02-18"):
        last_result(candidate)
    gone = dataclasses.replace(candidate, path=candidate.path.with_name("gone"))
    gone.path.mkdir()
    with pytest.raises(NothingToDo, match="is missing"):
        gate(settings, gone, run_id="x")


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"id": "x", "severity": "fail", "reason": "a long reason"}, "either 'expectation' or"),
        (
            {"id": "X", "severity": "fail", "reason": "a long reason", "sql": "FROM t"},
            "rules.0.id of X",
        ),
        ({"id": "x", "severity": "stop", "reason": "a long reason", "sql": "FROM t"}, "severity"),
        ({"id": "x", "severity": "warn", "reason": "a long reason", "sql": "FROM t"}, "no rule"),
        ({"id": "x", "severity": "fail", "sql": "FROM t"}, "rules.0.reason of x"),
    ],
)
def test_suite_that_does_not_say_what_it_must_is_refused(
    tmp_path: Path, rule: dict[str, str], message: str
) -> None:
    (tmp_path / "common.yaml").write_text("rules: []")
    (tmp_path / "some_mart.yaml").write_text(yaml.safe_dump({"mart": "some_mart", "rules": [rule]}))
    with pytest.raises(SuiteError, match=re.escape(message)):
        load_suites(tmp_path)


def test_every_mart_of_dbt_has_a_suite_with_its_grain_and_the_fixture_its_columns(
    settings: Settings,
) -> None:
    models = [
        model
        for path in sorted((PROJECT_ROOT / "dbt/models/marts").glob("*.yml"))
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", [])
    ]
    suites = load_suites()
    columns = {model["name"]: {c["name"] for c in model["columns"]} for model in models}
    assert set(suites) - {"release"} == set(columns)
    with lake.connect(settings) as con:
        found = con.execute(
            "SELECT table_name, list(column_name) FROM duckdb_columns() "
            "WHERE database_name = 'lake' AND schema_name = 'marts' GROUP BY 1"
        ).fetchall()
    assert {name: set(listed) for name, listed in found} == columns
    assert all(set(suites[mart].key) <= columns[mart] for mart in columns)
