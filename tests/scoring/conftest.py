"""A real lake holding what a perfect pipeline would have made of a small city."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines.dates import DateWindow
from pipelines.feeds.contract import all_feeds
from pipelines.feeds.reference.calendar import calendar_frame
from pipelines.lake import init, transaction, writer
from pipelines.lake.layout import create_bronze
from pipelines.scoring import ScoreLine, score
from pipelines.settings import Settings
from pipelines.simulator import simulate

CITY = "990100"

Lines = dict[tuple[str, str], ScoreLine]


@pytest.fixture(scope="session")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("scored")
    simulate(out, DateWindow(date(2019, 12, 28), date(2020, 1, 26)), people=6000, seed=2)
    return out / "truth"


def _files(con: duckdb.DuckDBPyConnection, faults: pl.DataFrame) -> None:
    """Every planted file was looked at; refused ones are in quarantine."""
    files = faults.filter(pl.col("expected") != "gap").select(
        "feed", "file", "provider", "expected"
    )
    files = files.unique().sort("feed", "file")
    con.register("files_seen", files.to_arrow())
    con.execute(
        "INSERT INTO lake.ops.files (sha256, feed, provider, file_name) "
        "SELECT md5(feed || file), feed, provider, file FROM files_seen"
    )
    con.execute(
        "INSERT INTO lake.quarantine.files (feed, provider, file_name, sha256, code) "
        "SELECT feed, provider, file, md5(feed || file), 'layout_mismatch' FROM files_seen "
        "WHERE expected = 'quarantine_file'"
    )
    con.register("faults", faults.to_arrow())
    con.execute(
        "INSERT INTO lake.quarantine.rows "
        "(feed, table_name, provider, code, file_name, source_line) "
        "SELECT feed, table_name, provider, coalesce(code, 'type_mismatch'), file, line "
        "FROM faults WHERE expected = 'quarantine_row'"
    )


def _energy(con: duckdb.DuckDBPyConnection, truth: Path, faults: pl.DataFrame) -> None:
    """bronze.energy_daily as it should be: true rows without refused ones, with corrected ones."""
    mine = faults.filter(pl.col("feed") == "power").with_columns(
        pl.coalesce(
            pl.col("key").str.json_path_match("$.enterprise_id"),
            pl.col("key").str.json_path_match("$.用户编号"),
        ).alias("enterprise_id")
    )
    con.register("energy_faults", mine.to_arrow())
    con.execute(
        f"""
        INSERT INTO lake.bronze.energy_daily
        SELECT e.enterprise_id, e.data_date, e.energy_kwh, 'canonical',
          md5('power' || late.file), late.line
        FROM read_parquet('{truth}/energy_daily.parquet') AS e
        LEFT JOIN energy_faults AS late ON late.expected = 'late'
          AND late.enterprise_id = e.enterprise_id AND late.data_date = e.data_date
        WHERE late.line IS NOT NULL OR NOT EXISTS (
          SELECT 1 FROM energy_faults AS f WHERE f.expected = 'quarantine_row'
          AND f.enterprise_id = e.enterprise_id AND f.data_date = e.data_date)
        """
    )


def _marts(con: duckdb.DuckDBPyConnection, truth: Path) -> None:
    """Marts whose values are the truth."""

    def table(name: str) -> str:
        return f"read_parquet('{truth}/{name}.parquet')"

    con.execute(
        f"CREATE TABLE lake.marts.return_to_work_daily AS SELECT data_date, "
        f"CASE region_id WHEN 'all' THEN '{CITY}' ELSE region_id END AS region_id, "
        "industry_code, 'all' AS scale, index_value, NULL::VARCHAR AS missing_reason "
        f"FROM {table('power_index_daily')}"
    )
    con.execute(
        "CREATE TABLE lake.marts.migration_daily AS SELECT data_date, from_region_id, "
        "to_region_id, CASE WHEN devices >= 16 THEN devices END AS device_count, "
        "CASE WHEN devices < 16 THEN 'suppressed' END AS missing_reason "
        f"FROM {table('od_daily')} WHERE from_region_id <> to_region_id"
    )
    con.execute("CREATE SCHEMA IF NOT EXISTS lake.intermediate")
    con.execute(
        "CREATE TABLE lake.intermediate.int_mobility__flow_day AS SELECT data_date, "
        f"from_region_id, to_region_id, devices AS device_count FROM {table('od_daily')}"
    )
    _movement(con, truth)
    con.execute(
        "CREATE TABLE lake.marts.epidemic_daily AS SELECT *, NULL::VARCHAR AS missing_reason FROM ("
        f"SELECT * FROM {table('cases_daily')} UNION ALL "
        f"SELECT '{CITY}', data_date, sum(confirmed), sum(suspected), sum(cured), sum(dead) "
        f"FROM {table('cases_daily')} WHERE region_id LIKE '9901%' GROUP BY data_date)"
    )
    con.execute(
        "CREATE TABLE lake.marts.price_leads AS SELECT from_date AS data_date, shop_id, "
        "product_id, CASE rule WHEN 'cost_unknown' THEN 'C' ELSE 'A' END AS grade "
        f"FROM {table('gougers')}"
    )


def _movement(con: duckdb.DuckDBPyConnection, truth: Path) -> None:
    """Marts of movement that say the truth; the index is of December's days of the kind."""
    con.execute(
        f"""
        CREATE TABLE lake.marts.city_migration_daily AS
        WITH moves AS (
          SELECT data_date, devices, from_region_id AS origin, to_region_id AS destination,
            from_region_id < '990200' AS leaves, to_region_id < '990200' AS arrives
          FROM read_parquet('{truth}/od_daily.parquet')
        )
        SELECT data_date, data_date AS value_date, '{CITY}' AS city_region_id,
          CASE WHEN arrives THEN 'in' ELSE 'out' END AS direction,
          CASE WHEN arrives THEN origin ELSE destination END AS other_city_region_id,
          sum(devices) AS device_count
        FROM moves WHERE arrives <> leaves
        GROUP BY ALL HAVING sum(devices) >= 16
        """
    )
    con.execute(
        "CREATE TABLE lake.marts.origin_destination_daily AS SELECT data_date, "
        "data_date AS value_date, from_region_id, to_region_id, devices AS device_count "
        f"FROM read_parquet('{truth}/trips_daily.parquet') WHERE devices >= 16"
    )
    con.execute(
        "CREATE TABLE lake.marts.commuting_weekly AS SELECT DATE '2020-01-06' AS data_date, "
        "home_region_id, work_region_id, count(*) AS device_count "
        f"FROM read_parquet('{truth}/people.parquet') WHERE work_region_id IS NOT NULL GROUP BY ALL"
    )
    con.register("calendar", calendar_frame(date(2019, 12, 28), date(2020, 1, 26)).to_arrow())
    con.execute(
        f"""
        CREATE TABLE lake.marts.mobility_return_to_work_daily AS
        WITH districts AS (
          SELECT data_date, region_id, people_at_work, is_workday
          FROM read_parquet('{truth}/mobility_daily.parquet')
          INNER JOIN calendar ON data_date = date
        ),
        people AS (
          FROM districts UNION ALL
          SELECT data_date, '{CITY}', sum(people_at_work), is_workday FROM districts GROUP BY ALL
        )
        SELECT data_date, data_date AS value_date, region_id, 100 * people_at_work / avg(
          people_at_work) FILTER (month(data_date) = 12) OVER (PARTITION BY region_id, is_workday)
          AS index_pct
        FROM people
        """
    )


def _perfect_lake(home: Path, truth: Path) -> Settings:
    """Settings of a lake that deserves a perfect score."""
    settings = Settings(home=home, threads=2)
    faults = pl.read_parquet(truth / "faults.parquet")
    with writer(settings) as con:
        init(con)
        with transaction(con, "what a perfect pipeline made"):
            for feed in all_feeds().values():
                for table in feed.tables.values():
                    create_bronze(con, table)
            _files(con, faults)
            _energy(con, truth, faults)
            _marts(con, truth)
    return settings


@pytest.fixture(scope="session")
def scored(truth: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Lines]:
    """Score a perfect lake after changing it by SQL: lines by (mart, measure)."""

    def change_and_score(*statements: str) -> Lines:
        settings = _perfect_lake(tmp_path_factory.mktemp("lake"), truth)
        with writer(settings) as con:
            for statement in statements:
                con.execute(statement)
        return {(line.mart, line.measure): line for line in score(settings, truth)}

    return change_and_score
