"""Every query of the book runs on a release and answers with rows."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pipelines.dates import DateWindow
from pipelines.publish import open_release, publish
from pipelines.settings import PROJECT_ROOT
from tests.gate.small_candidate import PAIR, lake_with, make_candidate, passed

QUERIES = sorted((PROJECT_ROOT / "warehouse" / "queries").glob("*.sql"))


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """Two releases: the second restates the last date of the first."""
    settings = lake_with(tmp_path_factory.mktemp("book"), PAIR)
    candidate = make_candidate(settings, DateWindow(PAIR.end, PAIR.end), number=3)
    publish(settings, candidate, passed(candidate), run_id="restated")
    return open_release(settings, 2)


def test_book_has_its_questions() -> None:
    assert len(QUERIES) >= 10


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_query_runs_and_says_what_it_answers(
    release: duckdb.DuckDBPyConnection, path: Path
) -> None:
    text = path.read_text(encoding="utf-8")
    question, explanation = text.splitlines()[:2]
    assert question.startswith("-- ")
    assert "? " in question, "the header asks in English, then in Chinese"
    assert explanation.startswith("-- ")
    assert release.execute(text).fetchall()
