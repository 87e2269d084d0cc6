"""The lake: layout, transactions, pinned readers, the writer's lock, content hashes."""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path

import duckdb
import pytest

from pipelines import lake
from pipelines.errors import LakeUnavailable
from pipelines.feeds.contract import all_tables
from pipelines.settings import Settings, load_settings

SHARED = pytest.param("shared", marks=[pytest.mark.slow, pytest.mark.service])


@pytest.fixture(params=["embedded", SHARED])
def lake_settings(tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    """An empty lake: in files of its own, and on a real PostgreSQL and MinIO."""
    key_file = tmp_path / "key"
    if request.param == "shared":
        shared: Settings = request.getfixturevalue("shared_lake")(tmp_path, key_file)
        return shared
    return load_settings(home=tmp_path, threads=2, key_file=key_file)


def snapshots(con: duckdb.DuckDBPyConnection) -> int:
    row = con.execute("SELECT max(snapshot_id) FROM lake.snapshots()").fetchone()
    assert row is not None
    return int(row[0])


def test_layout_has_a_bronze_table_for_every_contract_table_and_is_idempotent(
    lake_settings: Settings,
) -> None:
    with lake.writer(lake_settings) as con:
        lake.init(con)
        before = snapshots(con)
        lake.init(con)
        assert snapshots(con) == before
        found = con.execute(
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'bronze'"
        ).fetchall()
    assert {name for (name,) in found} == set(all_tables())
    assert found


def test_a_failed_transaction_leaves_nothing(lake_settings: Settings) -> None:
    with lake.writer(lake_settings) as con:
        lake.init(con)
        before = snapshots(con)
        with pytest.raises(RuntimeError), lake.transaction(con, "half done"):
            con.execute("CREATE TABLE lake.marts.x AS SELECT 1 AS a")
            raise RuntimeError("power cut")
        assert snapshots(con) == before
        assert not con.execute(
            "SELECT * FROM duckdb_tables() WHERE schema_name = 'marts'"
        ).fetchall()


def test_a_pinned_reader_does_not_see_later_commits(lake_settings: Settings) -> None:
    with lake.writer(lake_settings) as con:
        lake.init(con)
        with lake.transaction(con, "one", {"release": 1}):
            con.execute("CREATE TABLE lake.marts.x AS SELECT 1 AS a")
        pinned = snapshots(con)
        with lake.transaction(con, "two", {"release": 2}):
            con.execute("INSERT INTO lake.marts.x VALUES (2)")
    with lake.connect(lake_settings, snapshot=pinned) as reader:
        assert reader.execute("SELECT a FROM lake.marts.x").fetchall() == [(1,)]
    with lake.connect(lake_settings) as reader:
        assert len(reader.execute("SELECT a FROM lake.marts.x").fetchall()) == 2
        with pytest.raises(duckdb.Error, match="read-only"):
            reader.execute("INSERT INTO lake.marts.x VALUES (3)")


def test_reading_before_there_is_a_lake_says_what_to_do(lake_settings: Settings) -> None:
    with pytest.raises(LakeUnavailable, match="there is no lake yet"):
        lake.connect(lake_settings)


def _write_rows(settings: Settings, name: str, rows: int) -> None:
    for number in range(rows):
        with lake.writer(settings) as con, lake.transaction(con, name):
            con.execute("INSERT INTO lake.marts.x VALUES (?, ?)", [name, number])


def test_two_writers_take_turns(lake_settings: Settings) -> None:
    with lake.writer(lake_settings) as con:
        lake.init(con)
        con.execute("CREATE TABLE lake.marts.x (who VARCHAR, number BIGINT)")
    context = multiprocessing.get_context("spawn")
    writers = [
        context.Process(target=_write_rows, args=(lake_settings, name, 5)) for name in ("a", "b")
    ]
    for process in writers:
        process.start()
    for process in writers:
        process.join(timeout=120)
        assert process.exitcode == 0
    with lake.connect(lake_settings) as con:
        found = con.execute("SELECT who, count(*) FROM lake.marts.x GROUP BY 1 ORDER BY 1")
        assert found.fetchall() == [("a", 5), ("b", 5)]


def _hold_writer(settings: Settings, marker: Path) -> None:
    with lake.writer(settings) as con:
        con.execute("BEGIN")
        con.execute("INSERT INTO lake.marts.x VALUES ('killed', 1)")
        marker.touch()
        time.sleep(60)


def test_a_killed_writer_leaves_neither_lock_nor_rows(
    lake_settings: Settings, tmp_path: Path
) -> None:
    with lake.writer(lake_settings) as con:
        lake.init(con)
        con.execute("CREATE TABLE lake.marts.x (who VARCHAR, number BIGINT)")
    marker = tmp_path / "holding"
    process = multiprocessing.get_context("spawn").Process(
        target=_hold_writer, args=(lake_settings, marker)
    )
    process.start()
    while not marker.exists():
        assert process.is_alive()
        time.sleep(0.05)
    process.kill()
    process.join()
    _write_rows(lake_settings, "next", 1)
    with lake.connect(lake_settings) as con:
        assert con.execute("SELECT who FROM lake.marts.x").fetchall() == [("next",)]


@pytest.mark.parametrize(
    "other",
    [
        "SELECT 1 AS a, 'x' AS b UNION ALL SELECT 2, NULL UNION ALL SELECT 2, NULL",
        "SELECT 1 AS a, 'x' AS b UNION ALL SELECT 2, 'NULL'",
        "SELECT 1 AS a, 'x' AS b",
        "SELECT 1 AS a, 'x' AS c UNION ALL SELECT 2, NULL",
    ],
    ids=["one row twice", "text NULL for null", "a row less", "a column renamed"],
)
def test_content_hash_tells_tables_apart_but_not_row_orders(other: str) -> None:
    con = duckdb.connect()
    base = "SELECT 1 AS a, 'x' AS b UNION ALL SELECT 2, NULL"
    turned = "SELECT 2 AS a, NULL::VARCHAR AS b UNION ALL SELECT 1, 'x'"
    assert lake.content_hash(con, base) == lake.content_hash(con, turned)
    assert lake.content_hash(con, base) != lake.content_hash(con, other)


def test_storage_creates_an_object_once(lake_settings: Settings) -> None:
    store = lake.storage(lake_settings)
    assert store.put_new("archive/aa/x", b"first")
    assert not store.put_new("archive/aa/x", b"second")
    assert store.get("archive/aa/x") == b"first"
    assert store.exists("archive/aa/x")
    assert not store.exists("archive/aa/y")
    assert list(store.keys("archive")) == ["archive/aa/x"]


def test_a_lake_can_be_moved(settings: Settings, tmp_path: Path) -> None:
    with lake.writer(settings) as con:
        lake.init(con)
        con.execute("CREATE TABLE lake.marts.x AS SELECT range AS a FROM range(1000)")
    (tmp_path / "warehouse").rename(tmp_path / "elsewhere")
    moved = load_settings(
        home=tmp_path, lake="elsewhere/lake", catalog="elsewhere/catalog.sqlite", threads=2
    )
    with lake.connect(moved) as con:
        assert con.execute("SELECT sum(a) FROM lake.marts.x").fetchone() == (499500,)
