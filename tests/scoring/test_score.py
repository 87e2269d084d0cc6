"""A perfect lake scores perfectly, and every kind of mistake is seen on the line it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from pipelines.errors import LakeUnavailable
from pipelines.scoring import ScoreLine, TruthUnreadable, score
from pipelines.settings import Settings

Lines = dict[tuple[str, str], ScoreLine]

ROW_KINDS = ["impossible_value", "null_key", "malformed_row", "wrong_unit", "clock_skew"]
FILE_KINDS = ["bad_encoding", "schema_drift", "truncated_gz", "html_page"]

# one mistake a line of the score, so that one lake can hold them all
MISTAKES = {
    "rows let through": "DELETE FROM lake.quarantine.rows WHERE code = 'future_date'",
    "good rows refused": (
        "INSERT INTO lake.quarantine.rows (feed, table_name, code, file_name, source_line) "
        "SELECT 'power', 'energy_daily', 'below_minimum', 'energy_daily-2020-01-02.csv', n "
        "FROM range(1000, 1100) AS t(n)"
    ),
    "a bad file taken": "DELETE FROM lake.quarantine.files WHERE file_name LIKE 'sales_daily%'",
    "a good file refused": (
        "INSERT INTO lake.quarantine.files (feed, provider, file_name, code) "
        "VALUES ('power', 'canonical', 'enterprises.csv', 'layout_mismatch')"
    ),
    "rows doubled": (
        "INSERT INTO lake.bronze.energy_daily SELECT * FROM lake.bronze.energy_daily "
        "WHERE enterprise_id < 'E000050'"
    ),
    "late rows under another date": (
        "UPDATE lake.bronze.energy_daily SET data_date = data_date + 3 "
        "WHERE source_line IS NOT NULL"
    ),
    "an index two points off": (
        "UPDATE lake.marts.return_to_work_daily SET index_value = index_value + 2"
    ),
    "people at work counted twice": (
        "UPDATE lake.marts.mobility_return_to_work_daily SET index_pct = index_pct + 2.5 "
        "WHERE data_date = '2020-01-10'"
    ),
    "arrivals counted as departures": (
        "UPDATE lake.marts.city_migration_daily SET direction = CASE direction WHEN 'in' "
        "THEN 'out' ELSE 'in' END"
    ),
    "moves lost": (
        "UPDATE lake.intermediate.int_mobility__flow_day SET device_count = device_count * 0.8"
    ),
    "a case too many": (
        "UPDATE lake.marts.epidemic_daily SET dead = dead + 1 "
        "WHERE region_id = '990101' AND data_date = '2020-01-20'"
    ),
}
OTHER_MISTAKES = {
    "rows refused at the wrong line": (
        "UPDATE lake.quarantine.rows SET source_line = source_line + 100000"
    ),
    "stale values": (
        "UPDATE lake.marts.return_to_work_daily SET index_value = 0, missing_reason = 'stale' "
        "WHERE data_date = '2020-01-10'"
    ),
    "a mart never made": "DROP TABLE lake.marts.migration_daily",
}


@pytest.fixture(scope="module")
def perfect(scored: Callable[..., Lines]) -> Lines:
    return scored()


@pytest.fixture(scope="module")
def mistaken(scored: Callable[..., Lines]) -> Lines:
    return scored(*MISTAKES.values())


@pytest.fixture(scope="module")
def otherwise_mistaken(scored: Callable[..., Lines]) -> Lines:
    return scored(*OTHER_MISTAKES.values())


def test_a_perfect_lake_passes(perfect: Lines) -> None:
    for kind in (*ROW_KINDS, *FILE_KINDS):
        assert perfect["quarantine", f"{kind}: recall"].value == 1.0
        assert perfect["quarantine", f"{kind}: recall"].passed
    for measure in (
        "rows: precision", "files: precision", "duplicate_rows: recall", "duplicate_file: recall",
        "gap: left empty", "late: recall",
    ):  # fmt: skip
        assert ("quarantine", measure) in perfect
    assert perfect["quarantine", "rows: precision"].passed
    assert perfect["quarantine", "duplicate_rows: recall"].passed
    assert perfect["bronze.energy_daily", "rows missing or too many"].value == 0
    for mart, measure in (
        ("return_to_work_daily", "city index: largest error"),
        ("return_to_work_daily", "district x industry index: largest error"),
        ("migration_daily", "cells of k and more: WAPE"),
        ("city_migration_daily", "published city pairs: WAPE"),
        ("mobility_return_to_work_daily", "city index: largest error"),
        ("epidemic_daily", "counts that differ"),
    ):
        assert perfect[mart, measure].value == 0
        assert perfect[mart, measure].passed
    assert perfect["origin_destination_daily", "published region pairs: WAPE"].value == 0
    assert perfect["commuting_weekly", "published cells: WAPE"].value == 0
    # no district of this small city has people enough for a verdict
    assert perfect["mobility_return_to_work_daily", "district index: largest error"].passed is None
    assert perfect["price_leads", "A and B: recall of planted gougers"].value == 1.0
    assert perfect["price_leads", "A and B: precision"].value == 1.0


def test_every_planted_kind_has_a_line(perfect: Lines, truth: Path) -> None:
    kinds = set(pl.read_parquet(truth / "faults.parquet")["kind"])
    measures = {measure for mart, measure in perfect if mart == "quarantine"}
    for kind in kinds:
        assert any(measure.startswith(kind) for measure in measures), kind


@pytest.mark.parametrize(
    ("mart", "measure"),
    [
        ("quarantine", "clock_skew: recall"),
        ("quarantine", "rows: precision"),
        ("quarantine", "html_page: recall"),
        ("quarantine", "files: precision"),
        ("quarantine", "duplicate_rows: recall"),
        ("bronze.energy_daily", "rows missing or too many"),
        ("return_to_work_daily", "city index: largest error"),
        ("mobility_return_to_work_daily", "city index: largest error"),
        ("migration_daily", "cells of k and more: WAPE"),
        ("city_migration_daily", "published city pairs: WAPE"),
        ("epidemic_daily", "counts that differ"),
    ],
)
def test_a_mistake_fails_its_line(perfect: Lines, mistaken: Lines, mart: str, measure: str) -> None:
    assert perfect[mart, measure].passed
    assert mistaken[mart, measure].passed is False


def test_a_mistake_leaves_other_lines_alone(mistaken: Lines) -> None:
    for kind in ("impossible_value", "null_key", "malformed_row", "schema_drift"):
        assert mistaken["quarantine", f"{kind}: recall"].passed
    # two points off: beyond the city's target, within that of a cell
    cells = mistaken["return_to_work_daily", "district x industry index: largest error"]
    assert cells.value == pytest.approx(2, abs=1e-3)
    assert cells.passed


def test_notes_name_a_wrong_row(mistaken: Lines) -> None:
    note = mistaken["quarantine", "rows: precision"].note
    assert "energy_daily-2020-01-02.csv line 1000" in note


def test_late_rows_count_only_under_their_own_date(perfect: Lines, mistaken: Lines) -> None:
    before, after = (lines["quarantine", "late: recall"].value for lines in (perfect, mistaken))
    assert before is not None
    assert after == 0.0 < before


def test_a_row_refused_at_the_wrong_line_is_no_hit(otherwise_mistaken: Lines) -> None:
    assert otherwise_mistaken["quarantine", "null_key: recall"].value == 0.0
    assert otherwise_mistaken["quarantine", "rows: precision"].value == 0.0


def test_stale_values_are_not_judged(otherwise_mistaken: Lines) -> None:
    line = otherwise_mistaken["return_to_work_daily", "city index: largest error"]
    assert line.passed
    assert "25 of 26 values" in line.note


def test_a_missing_mart_says_so(otherwise_mistaken: Lines) -> None:
    line = otherwise_mistaken["migration_daily", "all measures"]
    assert (line.value, line.passed) == (None, None)
    assert line.note.startswith("not available")


def test_a_folder_without_truth_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TruthUnreadable, match=r"manifest\.json"):
        score(Settings(home=tmp_path), tmp_path / "nothing")


def test_no_lake_is_said_plainly(truth: Path, tmp_path: Path) -> None:
    with pytest.raises(LakeUnavailable):
        score(Settings(home=tmp_path), truth)
