"""Publishing: what makes a release, what does not, and what is refused."""

from __future__ import annotations

import dataclasses
import json

import duckdb
import pytest

from pipelines import lake
from pipelines.dates import DateWindow
from pipelines.errors import NothingToDo, PublishFailed
from pipelines.gate import RuleResult, load_suites
from pipelines.publish import (
    Release,
    contents_at,
    current_release,
    diff,
    export_missing,
    open_release,
    publish,
    releases,
    rollback,
)
from pipelines.settings import Settings
from tests.gate.small_candidate import DAY, PAIR, make_candidate, new_lake, passed, restated

ONE_DAY = DateWindow(DAY, DAY)


def _publish(settings: Settings, window: DateWindow, number: int = 0) -> Release:
    candidate = make_candidate(settings, window, number)
    return publish(settings, candidate, passed(candidate), run_id=f"run-{number}")


def _rows(settings: Settings, query: str, release: int | None = None) -> list[tuple[object, ...]]:
    with open_release(settings, release) as con:
        return con.execute(query).fetchall()


def test_same_candidate_twice_is_one_release(pair_settings: Settings) -> None:
    candidate = make_candidate(pair_settings, ONE_DAY)
    first = publish(pair_settings, candidate, passed(candidate), run_id="a")
    again = publish(pair_settings, candidate, passed(candidate), run_id="b")
    assert again == first
    assert [r.release for r in releases(pair_settings)] == [2, 1]
    noted = "SELECT status FROM ops.outcomes WHERE step = 'publish' ORDER BY recorded_at"
    assert _rows(pair_settings, noted) == [("ok",), ("ok",), ("noop",)]


def test_chunks_and_one_run_have_one_content_hash(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    whole = _publish(settings, PAIR)
    chunked = new_lake(tmp_path_factory.mktemp("chunked"))
    _publish(chunked, DateWindow(PAIR.start, PAIR.start))
    last = _publish(chunked, PAIR)
    assert last.release == 2
    assert last.content_hash == whole.content_hash


def test_only_changed_partitions_are_recorded(pair_settings: Settings) -> None:
    candidate = make_candidate(pair_settings, DateWindow(PAIR.end, DAY))
    with duckdb.connect(str(candidate.database)) as con:
        con.execute("UPDATE marts.epidemic_daily SET suspected = 6 WHERE data_date < '2020-02-18'")
    candidate = restated(candidate)
    publish(pair_settings, candidate, passed(candidate), run_id="late")
    changed = _rows(
        pair_settings,
        """SELECT table_name FROM ops.release_contents
           WHERE release = 2 AND data_date = '2020-02-17'""",
    )
    assert changed == [("epidemic_daily",)]
    assert _rows(pair_settings, "SELECT count(*) FROM epidemic_daily", 1) == [(4,)]
    assert _rows(pair_settings, "SELECT count(*) FROM epidemic_daily", 2) == [(6,)]
    # the whole content of the release, changed by it or not: dates with rows, table by table
    resolved = dict(
        _rows(
            pair_settings,
            "SELECT layer || '.' || table_name, count(*) FROM release_partitions "
            "WHERE release = 2 GROUP BY 1",
        )
    )
    with lake.connect(pair_settings) as con:
        stored = {
            name: con.execute(f"SELECT count(DISTINCT data_date) FROM lake.{name}").fetchone()
            for name in resolved
        }
    assert {name: (count,) for name, count in resolved.items()} == stored
    assert resolved["marts.epidemic_daily"] == 3
    assert {f"marts.{name}" for name in load_suites() if name != "release"} <= set(resolved)


def test_date_that_lost_its_rows_is_emptied(pair_settings: Settings) -> None:
    candidate = make_candidate(pair_settings, DateWindow(PAIR.end, PAIR.end))
    with duckdb.connect(str(candidate.database)) as con:
        con.execute("DELETE FROM marts.price_leads")
    candidate = restated(candidate)
    publish(pair_settings, candidate, passed(candidate), run_id="emptied")
    assert _rows(pair_settings, "SELECT max(data_date) FROM price_leads") == [(PAIR.start,)]
    with lake.connect(pair_settings) as con:
        assert PAIR.end not in contents_at(con, 2)["marts", "price_leads"]
        assert PAIR.end in contents_at(con, 1)["marts", "price_leads"]


def test_stored_content_is_what_was_gated(pair_settings: Settings) -> None:
    with lake.connect(pair_settings) as con:
        for (layer, table), by_date in contents_at(con, 1).items():
            assert lake.content_by_date(con, f"FROM lake.{layer}.{table}") == by_date


def test_commit_explains_the_release(pair_settings: Settings) -> None:
    with lake.connect(pair_settings) as con:
        row = con.execute(
            "SELECT commit_message, commit_extra_info FROM lake.snapshots() "
            "WHERE commit_message LIKE 'release 1:%'"
        ).fetchone()
    assert row is not None
    extra = json.loads(row[1])
    assert extra["code_version"] == "test"
    assert extra["gate"] == "passed"
    assert extra["input_hashes"] == {"power": "0" * 64}
    manifest = json.loads(lake.storage(pair_settings).get("releases/1/manifest.json"))
    assert manifest["release"]["content_hash"] == extra["content_hash"]
    assert "gate.json" in manifest["files"]


def test_refused_or_foreign_gate_result_is_not_published(pair_settings: Settings) -> None:
    candidate = make_candidate(pair_settings, ONE_DAY)
    verdict = passed(candidate)
    other = make_candidate(pair_settings, ONE_DAY, number=1)
    with pytest.raises(PublishFailed, match="built again after it passed"):
        publish(pair_settings, other, verdict, run_id="x")
    failed = dataclasses.replace(verdict, rules=[_failed_rule()])
    with pytest.raises(PublishFailed, match="refused"):
        publish(pair_settings, candidate, failed, run_id="x")
    assert len(releases(pair_settings)) == 1


def _failed_rule() -> RuleResult:
    return RuleResult("epidemic_daily", "active_foots", "fail", "failed", "1 row", "no rows", "why")


def test_database_changed_behind_the_gate_is_not_published(pair_settings: Settings) -> None:
    candidate = make_candidate(pair_settings, ONE_DAY)
    verdict = passed(candidate)
    with duckdb.connect(str(candidate.database)) as con:
        con.execute("UPDATE marts.epidemic_daily SET suspected = 77")
    with pytest.raises(PublishFailed, match="would not be stored as it passed the gate"):
        publish(pair_settings, candidate, verdict, run_id="x")
    assert len(releases(pair_settings)) == 1
    assert _rows(pair_settings, "SELECT count(*) FROM epidemic_daily WHERE suspected = 77") == [
        (0,)
    ]


def test_overtaken_candidate_is_not_published(pair_settings: Settings) -> None:
    mine = make_candidate(pair_settings, ONE_DAY, number=1)
    kept = mine.path.with_name("mine")
    mine.path.rename(kept)
    mine = dataclasses.replace(mine, path=kept)
    _publish(pair_settings, ONE_DAY, number=2)
    with pytest.raises(PublishFailed, match=r"release 2 changed .* of 2020-02-18 after"):
        publish(pair_settings, mine, passed(mine), run_id="late")
    assert [r.release for r in releases(pair_settings)] == [2, 1]


def test_new_column_is_added_and_wider_type_taken(pair_settings: Settings) -> None:
    candidate = make_candidate(pair_settings, ONE_DAY)
    with duckdb.connect(str(candidate.database)) as con:
        con.execute("ALTER TABLE marts.price_leads ADD COLUMN remark VARCHAR DEFAULT 'new'")
        con.execute("ALTER TABLE marts.supply_demand_forecast ALTER horizon_days TYPE BIGINT")
    candidate = restated(candidate)
    publish(pair_settings, candidate, passed(candidate), run_id="wider")
    found = _rows(
        pair_settings,
        "SELECT data_date < '2020-02-18', min(remark), count(*) FROM price_leads GROUP BY 1 "
        "ORDER BY 1",
    )
    assert found == [(False, "new", 4), (True, None, 8)]
    rolled = rollback(pair_settings, 1, run_id="back")
    assert rolled.content_hash == releases(pair_settings)[-1].content_hash


def test_incompatible_type_is_refused_whole(pair_settings: Settings) -> None:
    candidate = make_candidate(pair_settings, ONE_DAY)
    with duckdb.connect(str(candidate.database)) as con:
        con.execute("ALTER TABLE marts.price_leads ALTER margin_pct TYPE VARCHAR")
    candidate = restated(candidate)
    with pytest.raises(PublishFailed, match=r"column margin_pct of .* was published as DOUBLE"):
        publish(pair_settings, candidate, passed(candidate), run_id="x")
    assert _rows(pair_settings, "SELECT max(data_date) FROM epidemic_daily") == [(PAIR.end,)]


def test_rollback_restores_content_and_is_a_release(pair_settings: Settings) -> None:
    before = releases(pair_settings)[0]
    _publish(pair_settings, DateWindow(PAIR.end, DAY), number=3)
    back = rollback(pair_settings, 1, run_id="back")
    assert (back.release, back.kind, back.restores_release) == (3, "rollback", 1)
    assert back.content_hash == before.content_hash
    with lake.connect(pair_settings) as con:
        assert contents_at(con, 3) == contents_at(con, 1)
        for (layer, table), by_date in contents_at(con, 1).items():
            assert lake.content_by_date(con, f"FROM lake.{layer}.{table}") == by_date
    assert diff(pair_settings, 1, 3) == []
    assert rollback(pair_settings, 1, run_id="again") == back
    with pytest.raises(NothingToDo, match="there is no release 9: the newest is 3"):
        rollback(pair_settings, 9, run_id="x")


def test_diff_counts_rows_by_key(pair_settings: Settings) -> None:
    candidate = make_candidate(pair_settings, DateWindow(PAIR.end, DAY))
    with duckdb.connect(str(candidate.database)) as con:
        con.execute("DELETE FROM marts.price_leads WHERE shop_id = 'shop-4'")
        con.execute("UPDATE marts.price_leads SET price_cny = 30 WHERE shop_id = 'shop-1'")
    candidate = restated(candidate)
    publish(pair_settings, candidate, passed(candidate), run_id="b")
    found = {
        (d.data_date, d.rows_added, d.rows_removed, d.rows_changed)
        for d in diff(pair_settings, 1, 2)
        if d.mart == "price_leads"
    }
    assert found == {(PAIR.end, 0, 1, 1), (DAY, 3, 0, 0)}


def test_export_made_up_for_and_newest_found(pair_settings: Settings) -> None:
    folder = pair_settings.path(pair_settings.exports_dir)
    candidate = make_candidate(pair_settings, ONE_DAY)
    publish(pair_settings, candidate, passed(candidate), run_id="b")
    (folder / "marts-2.duckdb").unlink()  # as if killed between commit and export
    (folder / ".marts-2.duckdb").write_bytes(b"half")
    publish(pair_settings, candidate, passed(candidate), run_id="again")
    names = {path.name for path in folder.iterdir() if "lock" not in path.name}
    assert names == {"marts-1.duckdb", "marts-2.duckdb", "marts.duckdb"}
    assert export_missing(pair_settings) == []
    with duckdb.connect(str(folder / "marts.duckdb"), read_only=True) as con:
        assert con.execute("SELECT max(release) FROM ops.releases").fetchone() == (2,)
        for mart, by_date in candidate.marts.items():
            found = lake.content_by_date(con, f"FROM marts.{mart} WHERE data_date = '{DAY}'")
            assert found == by_date


def test_first_release_needs_rows(settings: Settings) -> None:
    candidate = make_candidate(settings, ONE_DAY)
    with duckdb.connect(str(candidate.database)) as con:
        for mart in candidate.marts:
            con.execute(f"DELETE FROM marts.{mart}")
        con.execute("DELETE FROM intermediate.int_mobility__flow_day")
    candidate = restated(candidate)
    with pytest.raises(NothingToDo, match="no rows at all"):
        publish(settings, candidate, passed(candidate), run_id="x")
    assert current_release(settings) is None


def test_what_is_restated_is_recorded_cell_by_cell(pair_settings: Settings) -> None:
    """The hand-made city shows its number in every mart; the second publication restates it."""
    revised = (
        "SELECT cell, old_value, new_value FROM ops.revisions WHERE mart = 'price_leads' "
        "AND column_name = 'price_cny' AND release = (SELECT max(release) FROM ops.releases)"
    )
    assert _rows(pair_settings, revised) == [], "a first publication restates nothing"
    _publish(pair_settings, DateWindow(PAIR.end, PAIR.end), number=5)
    found = _rows(pair_settings, revised)
    prices = dict(_rows(pair_settings, "SELECT shop_id, price_cny::DOUBLE FROM price_leads"))
    assert found
    for cell, old, new in found:
        key = json.loads(str(cell))
        assert {"shop_id", "product_id"} <= set(key)
        assert new == prices[key["shop_id"]]
        assert (old, new) == (20.0, 25.0)
    stays = "SELECT count(*) FROM ops.revisions WHERE old_value IS NOT DISTINCT FROM new_value"
    assert _rows(pair_settings, stays) == [(0,)]
    rollback(pair_settings, 1, run_id="back")
    assert {(old, new) for _, old, new in _rows(pair_settings, revised)} == {(25.0, 20.0)}
