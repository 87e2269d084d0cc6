"""Two releases of a small city with late data between: as published, and without protection."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pytest

from pipelines import lake
from pipelines.build import Candidate, build, dbt_run
from pipelines.dates import DateWindow
from pipelines.disclosure.checks import Limits
from pipelines.gate import gate
from pipelines.publish import publish
from pipelines.settings import PROJECT_ROOT, Settings
from tests.build.conftest import write_city

HERE = Path(__file__).parent
DAY = date(2020, 2, 18)
SCHEMAS = ("seeds", "intermediate", "marts")
# what switches protection off; everything else is the project as it stands
OPEN_PARAMETERS = {
    "k_anonymity": "1",
    "published_count_base": "0",
    "min_enterprises_per_cell": "1",
    "published_enterprise_base": "0",
    "enterprise_dominance_share": "1",
    "largest_user_min_enterprises": "1",
    "min_venues_per_cell": "1",
}


@dataclass(frozen=True)
class Published:
    """Both releases on one connection: `published` is the first, `marts` the second, with the
    second's `intermediate` and `seeds`; `limits` are the project's own."""

    con: duckdb.DuckDBPyConnection
    limits: Limits
    protected: bool


def _project_limits() -> Limits:
    con = duckdb.connect()
    path = PROJECT_ROOT / "dbt" / "seeds" / "parameters.csv"
    return Limits.of(con, f"read_csv('{path}', header = true)")


def _open_project(folder: Path) -> Path:
    """A copy of the dbt project whose parameters protect nothing."""
    copy = shutil.copytree(PROJECT_ROOT / "dbt", folder / "dbt")
    path = copy / "seeds" / "parameters.csv"
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        name = row["parameter_name"]
        row["parameter_value"] = OPEN_PARAMETERS.get(name, row["parameter_value"])
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return copy


def _add(settings: Settings, file: str) -> None:
    with lake.writer(settings) as con, lake.transaction(con, file):
        con.execute((HERE / file).read_text(encoding="utf-8"))


def _two_releases(home: Path, *, protected: bool) -> list[Path]:
    """The databases of both candidates; those that are protected go through gate and publish."""
    settings = write_city(home)
    _add(settings, "attacked.sql")
    databases = []
    for number in (1, 2):
        if number == 2:
            _add(settings, "late.sql")
        candidate: Candidate = build(settings, DateWindow(DAY, DAY), run_id=f"run-{number}")
        if protected:
            result = gate(settings, candidate, run_id=f"run-{number}")
            assert [rule.name for rule in result.failures] == []
            assert publish(settings, candidate, result, run_id="x").release == number
        kept = home / f"release-{number}.duckdb"
        shutil.copy(candidate.database, kept)
        databases.append(kept)
    return databases


@pytest.fixture(scope="session", params=["protected", "open"])
def published(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Published]:
    """What an attacker has: once as it is published, once with protection switched off."""
    protected = request.param == "protected"
    folder = tmp_path_factory.mktemp(request.param)
    with pytest.MonkeyPatch.context() as patch:
        if not protected:
            patch.setattr(dbt_run, "PROJECT", _open_project(folder))
        first, second = _two_releases(folder / "home", protected=protected)
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{first}' AS first (READ_ONLY)")
        con.execute(f"ATTACH '{second}' AS second (READ_ONLY)")
        _views(con, "first", "marts", "published")
        for schema in SCHEMAS:
            _views(con, "second", schema, schema)
        yield Published(con, _project_limits(), protected)


def _views(con: duckdb.DuckDBPyConnection, database: str, schema: str, name: str) -> None:
    con.execute(f"CREATE SCHEMA {name}")
    for (table,) in con.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = ? AND schema_name = ?",
        [database, schema],
    ).fetchall():
        con.execute(f'CREATE TABLE {name}."{table}" AS FROM {database}.{schema}."{table}"')
