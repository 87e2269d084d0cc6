"""Candidates made by hand, without dbt: see small_city.sql."""

from __future__ import annotations

import dataclasses
import shutil
from datetime import date
from pathlib import Path

import duckdb

from pipelines import lake
from pipelines.build import Candidate, candidates_folder
from pipelines.dates import DateWindow
from pipelines.gate import GateResult, candidate_hash
from pipelines.publish import publish
from pipelines.settings import PROJECT_ROOT, Settings

SEEDS = (
    "parameters",
    "power_variants",
    "index_bands",
    "meter_checks",
    "closure_orders",
    "price_rules",
    "epidemics",
    "fused_index_sources",
)
FILLINGS = (
    "small_city.sql",
    "small_population.sql",
    "small_power.sql",
    "small_transport.sql",
    "small_returnees.sql",
)
KEPT = ("int_mobility__flow_day",)
DAY = date(2020, 2, 18)
PAIR = DateWindow(date(2020, 2, 16), date(2020, 2, 17))
WEEK = DateWindow(date(2020, 2, 12), date(2020, 2, 17))


def new_lake(home: Path) -> Settings:
    """An empty lake in a folder."""
    settings = Settings(home=home, threads=2, memory_limit="1GB")
    with lake.writer(settings) as con:
        lake.init(con)
    return settings


def newest_snapshot(settings: Settings) -> int:
    with lake.connect(settings) as con:
        row = con.execute("SELECT max(snapshot_id) FROM lake.snapshots()").fetchone()
    assert row is not None
    return int(row[0])


def make_candidate(
    settings: Settings, window: DateWindow, number: int = 0, requested: DateWindow | None = None
) -> Candidate:
    """A candidate for a window on top of today's lake; `number` shows in every mart."""
    folder = candidates_folder(settings) / window.end.isoformat()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    candidate = Candidate(
        path=folder,
        requested=requested or window,
        window=window,
        input_snapshot=newest_snapshot(settings),
        code_version="test",
        input_hashes={"power": f"{number:064x}"},
        marts={},
        intermediates={},
    )
    with duckdb.connect(str(candidate.database)) as con:
        con.execute(f"SET VARIABLE first_day = DATE '{window.start}'")
        con.execute(f"SET VARIABLE last_day = DATE '{window.end}'")
        con.execute(f"SET VARIABLE number = {number}")
        con.execute("CREATE SCHEMA seeds")
        for seed in SEEDS:
            path = PROJECT_ROOT / "dbt" / "seeds" / f"{seed}.csv"
            con.execute(f"CREATE TABLE seeds.{seed} AS FROM read_csv('{path}', header = true)")
        for name in FILLINGS:
            con.execute((Path(__file__).parent / name).read_text(encoding="utf-8"))
    return restated(candidate)


def restated(candidate: Candidate) -> Candidate:
    """The candidate with `candidate.json` saying what its database holds now."""
    with duckdb.connect(str(candidate.database), read_only=True) as con:
        names = con.execute(
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'marts' ORDER BY 1"
        ).fetchall()
        stated = dataclasses.replace(
            candidate,
            marts={name: contents(con, f"marts.{name}") for (name,) in names},
            intermediates={name: contents(con, f"intermediate.{name}") for name in KEPT},
        )
    stated.write()
    return stated


def contents(con: duckdb.DuckDBPyConnection, table: str) -> dict[date, lake.PartitionContent]:
    found = lake.content_by_date(con, f"FROM {table}")
    return {day: part for day, part in found.items() if day is not None}


def passed(candidate: Candidate) -> GateResult:
    """A passed verdict without running the gate, for tests of what comes after it."""
    folder = candidate.path / "gate"
    folder.mkdir(exist_ok=True)
    result = GateResult(
        content_hash=candidate_hash(candidate),
        data_date=candidate.requested.end.isoformat(),
        folder=folder,
        rules=[],
    )
    result.write()
    return result


def lake_with(home: Path, window: DateWindow) -> Settings:
    """A lake with one release."""
    settings = new_lake(home)
    candidate = make_candidate(settings, window)
    publish(settings, candidate, passed(candidate), run_id="first")
    return settings
