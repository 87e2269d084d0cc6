"""The standing promises on a whole run: a small city with faults, from files to a release."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines import lake
from pipelines.build import build
from pipelines.dates import DateWindow
from pipelines.feeds.contract import all_tables
from pipelines.gate import gate
from pipelines.ingest import ingest
from pipelines.outcomes import new_run_id
from pipelines.publish import open_release, publish, releases
from pipelines.run import ingest_all, run
from pipelines.settings import Settings, load_settings
from pipelines.simulator import simulate

pytestmark = pytest.mark.slow

WINDOW = DateWindow(date(2019, 12, 9), date(2020, 1, 3))
MIDDLE = date(2019, 12, 20)
SCRATCH = "work"


def settings_at(home: Path, key_file: Path) -> Settings:
    return load_settings(home=home, key_file=key_file, threads=2)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate(tmp_path_factory.mktemp("city"), WINDOW, people=600, seed=11)


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys") / "pseudonym.key"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, city: Path, key_file: Path) -> Settings:
    """A lake filled by one run over the whole window."""
    settings = settings_at(tmp_path_factory.mktemp("whole"), key_file)
    run(settings, WINDOW, landing=city / "landing", run_id=new_run_id())
    return settings


def mart_hashes(settings: Settings) -> dict[str, dict[date | None, lake.PartitionContent]]:
    with open_release(settings) as con:
        names = [
            name
            for (name,) in con.execute(
                "SELECT table_name FROM duckdb_tables() "
                "WHERE database_name = 'lake' AND schema_name = 'marts'"
            ).fetchall()
        ]
        assert names
        return {n: lake.content_by_date(con, f"SELECT * FROM lake.marts.{n}") for n in names}


def bronze_hashes(settings: Settings) -> dict[str, lake.PartitionContent]:
    with lake.connect(settings) as con:
        return {
            name: lake.content_hash(con, f"SELECT * FROM lake.bronze.{name}")
            for name in all_tables()
        }


def landed_rows(city: Path, feed: str, table: str) -> int:
    """Data rows of a table's canonical CSV files, counted without the pipeline."""
    total = 0
    for path in (city / "landing" / feed).glob(f"{table}-*.csv*"):
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8-sig")
        total += sum(1 for row in csv.reader(text.splitlines()) if row) - 1
    return total


def test_rows_in_equal_rows_out_in_every_outcome_and_against_the_files(
    whole: Settings, city: Path
) -> None:
    with lake.connect(whole) as con:
        broken = con.execute(
            "SELECT * FROM lake.ops.outcomes "
            "WHERE rows_in <> rows_accepted + rows_quarantined + rows_duplicate"
        ).fetchall()
        assert not broken
        row = con.execute(
            "SELECT sum(rows_in), sum(rows_quarantined) FROM lake.ops.outcomes "
            "WHERE step = 'ingest' AND table_name = 'spend_weekly'"
        ).fetchone()
        assert row is not None
        assert row[0] == landed_rows(city, "voucher", "spend_weekly") > 0
        stored = con.execute(
            """SELECT table_name, sum(rows_accepted) FROM lake.ops.outcomes
               WHERE step = 'ingest' AND table_name IS NOT NULL GROUP BY 1"""
        ).fetchall()
        for table, accepted in stored:
            count = con.execute(f"SELECT count(*) FROM lake.bronze.{table}").fetchone()
            assert count == (accepted,), table
        quarantined = con.execute("SELECT count(*) FROM lake.quarantine.rows").fetchone()
        summed = con.execute(
            "SELECT sum(rows_quarantined) FROM lake.ops.outcomes WHERE step = 'ingest'"
        ).fetchone()
        assert quarantined == summed
        assert quarantined is not None
        assert quarantined[0] > 0


def test_a_rerun_changes_nothing(whole: Settings, city: Path) -> None:
    before = (mart_hashes(whole), bronze_hashes(whole), len(releases(whole)))
    run(whole, WINDOW, landing=city / "landing", run_id=new_run_id())
    assert (mart_hashes(whole), bronze_hashes(whole), len(releases(whole))) == before


def test_a_chunked_backfill_in_days_equals_one_big_run(
    whole: Settings, city: Path, key_file: Path, tmp_path: Path
) -> None:
    chunked = settings_at(tmp_path, key_file)
    landing = city / "landing"
    for chunk in (DateWindow(WINDOW.start, MIDDLE), DateWindow(MIDDLE, WINDOW.end)):
        ingest_all(chunked, landing=landing, window=chunk, run_id=new_run_id())
        candidate = build(chunked, chunk, run_id=new_run_id())
        publish(
            chunked, candidate, gate(chunked, candidate, run_id=new_run_id()), run_id=new_run_id()
        )
    assert bronze_hashes(chunked) == bronze_hashes(whole)
    assert mart_hashes(chunked) == mart_hashes(whole)


def raw_identifiers(city: Path) -> set[str]:
    """Identifiers as the providers wrote them, read from the landing files."""
    found: set[str] = set()
    for table in all_tables().values():
        for path in sorted((city / "landing" / table.feed).glob(f"{table.name}-*.csv"))[:3]:
            header = path.read_bytes().split(b"\n", 1)[0].decode("utf-8", "replace")
            if not set(table.identifiers) <= set(header.strip().split(",")):
                continue
            frame = pl.read_csv(
                path, infer_schema=False, truncate_ragged_lines=True, encoding="utf8-lossy"
            )
            for name in table.identifiers:
                found |= {v for v in frame[name].drop_nulls().to_list() if len(v) > 4}
    return found


def written_texts(settings: Settings) -> Iterator[tuple[str, str]]:
    """Everything a run wrote outside the archive: table cells as text, and other files' bytes."""
    con = duckdb.connect()
    for path in sorted(Path(settings.home).rglob("*")):
        if not path.is_file() or "archive" in path.parts:
            continue
        if path.suffix == ".parquet":
            cells = con.execute(f"SELECT to_json(t)::VARCHAR FROM '{path}' t").fetchall()
            yield str(path), "\n".join(cell for (cell,) in cells)
        elif path.suffix != ".duckdb":
            yield str(path), path.read_bytes().decode("utf-8", "replace")
    with lake.connect(settings) as lake_con:
        for schema, table in lake_con.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'lake'"
        ).fetchall():
            cells = lake_con.execute(
                f"SELECT to_json(t)::VARCHAR FROM lake.{schema}.{table} t"
            ).fetchall()
            yield f"{schema}.{table}", "\n".join(cell for (cell,) in cells)


def test_no_raw_identifier_outside_the_archive(whole: Settings, city: Path) -> None:
    identifiers = raw_identifiers(city)
    assert len(identifiers) > 300
    for place, text in written_texts(whole):
        leaked = [identifier for identifier in identifiers if identifier in text]
        assert not leaked, f"{len(leaked)} raw identifiers in {place}"


def test_no_published_count_of_people_is_under_k(whole: Settings) -> None:
    with open_release(whole) as con:
        for mart, count in (
            ("migration_daily", "device_count"),
            ("voucher_campaign_daily", "redeemed_count"),
        ):
            found = con.execute(
                f"SELECT count({count}), min({count}) FILTER ({count} > 0) FROM lake.marts.{mart}"
            ).fetchone()
            assert found is not None
            assert found[1] is None or found[1] >= 16, mart


def test_a_new_provider_is_one_yaml_file(
    tmp_path: Path, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    from pipelines.feeds import contract
    from pipelines.ingest.providers import providers_of

    feeds = tmp_path / "feeds"
    shutil.copytree(contract.FEEDS_FOLDER, feeds)
    monkeypatch.setattr(contract, "FEEDS_FOLDER", feeds)
    forget = (contract.all_feeds.cache_clear, providers_of.cache_clear)
    for cache_clear in forget:
        cache_clear()
    (feeds / "power" / "providers" / "newtown.yaml").write_text(
        """
provider: newtown
description: One file a day, pipe-separated, in ten-thousands of kWh.
files:
  - pattern: 'usage-\\d{8}\\.txt'
    format: csv
    delimiter: '|'
    encodings: [gb18030]
    tables:
      energy_daily:
        columns:
          enterprise_id: 户号
          data_date: {from: 日期, formats: '%Y/%m/%d'}
          energy_kwh: {from: 电量（万千瓦时）, factor: 10000}
""",
        encoding="utf-8",
    )
    drop = tmp_path / "landing" / "power" / "newtown"
    drop.mkdir(parents=True)
    (drop / "usage-20200218.txt").write_bytes(
        "户号|日期|电量（万千瓦时）\nE1|2020/02/18|1.25\nE2|2020/02/18|x\n".encode("gb18030")
    )
    settings = settings_at(tmp_path, key_file)
    ingest(settings, "power", landing=tmp_path / "landing", run_id=new_run_id())
    for cache_clear in forget:
        cache_clear()
    with lake.connect(settings) as con:
        rows = con.execute(
            "SELECT enterprise_id, data_date, energy_kwh, provider FROM lake.bronze.energy_daily"
        ).fetchall()
        refused = con.execute("SELECT code, source_line FROM lake.quarantine.rows").fetchall()
    assert [(r[0], r[1], float(r[2]), r[3]) for r in rows] == [
        ("E1", date(2020, 2, 18), 12500.0, "newtown")
    ]
    assert refused == [("type_mismatch", 3)]
