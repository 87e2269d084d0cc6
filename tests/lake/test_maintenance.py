"""Maintenance makes the lake smaller and leaves everything a release promises readable."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from pipelines import lake
from pipelines.lake.maintenance import maintain
from pipelines.settings import Settings

NOW = datetime.now(UTC).replace(tzinfo=None)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, threads=2)


def insert(con: duckdb.DuckDBPyConnection, rows: int, extra: dict[str, int] | None = None) -> int:
    """Add rows to one partition in a transaction; the snapshot it became."""
    with lake.transaction(con, "insert", extra):
        con.execute(
            f"INSERT INTO lake.marts.sample SELECT DATE '2020-02-18', range FROM range({rows})"
        )
    row = con.execute("SELECT max(snapshot_id) FROM lake.snapshots()").fetchone()
    assert row
    return int(row[0])


def publish(con: duckdb.DuckDBPyConnection, release: int, age_days: float) -> int:
    """A release as `pipelines.publish` records it; its snapshot."""
    row = con.execute("SELECT max(snapshot_id) FROM lake.snapshots()").fetchone()
    assert row
    with lake.transaction(con, f"release {release}", {"release": release}):
        con.execute("INSERT INTO lake.marts.sample VALUES (DATE '2020-02-18', -1)")
        con.execute(
            """INSERT INTO lake.ops.releases (release, kind, input_snapshot, published_at)
               VALUES (?, 'publish', ?, ?)""",
            [release, row[0], NOW - timedelta(days=age_days)],
        )
    return int(row[0]) + 1


def snapshots(con: duckdb.DuckDBPyConnection) -> set[int]:
    return {row[0] for row in con.execute("SELECT snapshot_id FROM lake.snapshots()").fetchall()}


def rows_at(con: duckdb.DuckDBPyConnection, snapshot: int) -> int:
    row = con.execute(
        f"SELECT count(*) FROM lake.marts.sample AT (VERSION => {snapshot})"
    ).fetchone()
    assert row
    return int(row[0])


def files(settings: Settings) -> int:
    return len(list(Path(settings.lake_location).rglob("*.parquet")))


def made(settings: Settings) -> tuple[int, int, int]:
    """A lake with an old release, a kept one, and unreleased states between; their snapshots."""
    with lake.writer(settings) as con:
        lake.init(con)
        con.execute("CREATE TABLE lake.marts.sample (data_date DATE, value BIGINT)")
        con.execute("ALTER TABLE lake.marts.sample SET PARTITIONED BY (data_date)")
        insert(con, 1000)
        old = publish(con, 1, age_days=500)
        between = insert(con, 1000)
        insert(con, 1000)
        kept = publish(con, 2, age_days=100)
        insert(con, 1000)
    return old, between, kept


def test_releases_within_the_retention_stay_readable_and_the_rest_goes(settings: Settings) -> None:
    old, between, kept = made(settings)
    before = files(settings)
    done = maintain(settings, snapshot_days=0, release_days=400, orphan_days=0, run_id="t")
    assert done.files_merged > done.files_written > 0
    assert done.snapshots_expired > 0
    assert done.files_deleted > 0
    assert files(settings) < before
    with lake.connect(settings) as con:
        assert rows_at(con, kept) == 3002
        assert rows_at(con, kept - 1) == 3001  # what release 2 was built from
        assert not {old, between} & snapshots(con)
        total = con.execute("SELECT count(*) FROM lake.marts.sample").fetchone()
        assert total == (4002,)


def test_the_newest_release_is_kept_however_old(settings: Settings) -> None:
    old, _, newest = made(settings)
    maintain(settings, snapshot_days=0, release_days=1, orphan_days=0, run_id="t")
    with lake.connect(settings) as con:
        assert rows_at(con, newest) == 3002
        assert old not in snapshots(con)


def test_young_snapshots_and_files_just_let_go_are_left_alone(settings: Settings) -> None:
    old, between, kept = made(settings)
    done = maintain(settings, snapshot_days=7, release_days=400, orphan_days=2, run_id="t")
    assert done.snapshots_expired == 0
    assert done.files_deleted == 0
    with lake.connect(settings) as con:
        assert {old, between, kept} <= snapshots(con)
        assert rows_at(con, between) == 2001


def test_a_file_nothing_refers_to_is_deleted(settings: Settings) -> None:
    made(settings)
    orphan = Path(settings.lake_location) / "data" / "marts" / "sample" / "orphan.parquet"
    duckdb.sql("SELECT 1").write_parquet(str(orphan))
    maintain(settings, snapshot_days=7, release_days=400, orphan_days=0, run_id="t")
    assert not orphan.exists()


def test_archived_files_and_releases_are_no_orphans(settings: Settings) -> None:
    made(settings)
    lake.storage(settings).put("archive/ab/abcd", b"bytes as dropped")
    lake.storage(settings).put("releases/2/manifest.json", b"{}")
    maintain(settings, snapshot_days=0, release_days=400, orphan_days=0, run_id="t")
    assert lake.storage(settings).get("archive/ab/abcd") == b"bytes as dropped"
    assert lake.storage(settings).get("releases/2/manifest.json") == b"{}"
