"""A lake with one release whose marts are made by hand (small_release.sql), without dbt.

The tables are created from `dbt/models/marts/*.yml`, so a report that reads a column the marts do
not have fails here.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import duckdb
import yaml

from pipelines import lake
from pipelines.publish.release import Release, insert_release
from pipelines.settings import PROJECT_ROOT, Settings

DAY = date(2020, 2, 18)


def new_lake(home: Path) -> Settings:
    """An empty lake in a folder."""
    settings = Settings(home=home, threads=2, memory_limit="1GB")
    with lake.writer(settings) as con:
        lake.init(con)
    return settings


def create_marts(con: duckdb.DuckDBPyConnection) -> None:
    """Every mart that dbt declares, empty."""
    for path in sorted((PROJECT_ROOT / "dbt" / "models" / "marts").glob("**/*.yml")):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", []):
            columns = ", ".join(f"{c['name']} {c['data_type']}" for c in model["columns"])
            con.execute(f"CREATE TABLE lake.marts.{model['name']} ({columns})")


def publish(con: duckdb.DuckDBPyConnection, number: int, statements: str) -> None:
    """Run statements as one release."""
    release = Release(
        release=number,
        kind="publish",
        restores_release=None,
        window_start=date(2020, 2, 11),
        window_end=DAY,
        input_snapshot=0,
        code_version="test",
        content_hash=f"{number:064x}",
        gate_status="warned",
        run_id="run",
        published_at=datetime(2020, 2, 19, 1, 30),  # noqa: DTZ001 (stored as UTC without a zone)
    )
    with lake.transaction(con, f"release {number}", {"release": number}):
        con.execute(statements)
        insert_release(con, release)


def city_with_release(home: Path) -> Settings:
    """A lake whose release 1 has every mart filled, with gate warnings and corrections."""
    settings = new_lake(home)
    filling = (Path(__file__).parent / "small_release.sql").read_text(encoding="utf-8")
    with lake.writer(settings) as con:
        with lake.transaction(con, "marts"):
            create_marts(con)
        con.execute(
            "INSERT INTO lake.ops.gate_results BY NAME SELECT 'run' AS run_id, "
            "DATE '2020-02-18' AS window_end, 'migration_daily' AS table_name, "
            "'row_count_near_baseline' AS rule_id, 'warned' AS status, '68 rows' AS observed, "
            "'72 to 90 rows' AS expected, TIMESTAMP '2020-02-19 01:00' AS checked_at"
        )
        publish(con, 1, filling)
    return settings
