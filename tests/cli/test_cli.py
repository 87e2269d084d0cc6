"""The command line as a process: exit statuses, plain sentences, tables for programs."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from pipelines.dates import DateWindow
from pipelines.settings import Settings
from tests.gate.small_candidate import DAY, PAIR, WEEK, lake_with, make_candidate

COMMANDS = (
    "simulate", "ingest", "build", "gate", "publish", "run", "report", "releases", "rollback",
    "diff", "sql", "status", "quarantine", "score",
)  # fmt: skip


def citypulse(
    *words: str, home: Path, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CITYPULSE_")}
    return subprocess.run(
        [sys.executable, "-c", "from pipelines.cli import main; main()", *words],
        env=environment | {"CITYPULSE_HOME": str(home), "COLUMNS": "100"},
        cwd=home,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A lake with one release of two dates."""
    return lake_with(tmp_path_factory.mktemp("cli"), PAIR)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_shows_examples_in_its_help(command: str, tmp_path: Path) -> None:
    done = citypulse(command, "--help", home=tmp_path)
    assert done.returncode == 0
    assert "Examples" in done.stdout
    assert f"citypulse {command}" in done.stdout


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("releases",), 1, "there is no lake yet"),
        (("ingest", "weather"), 1, "there is no feed 'weather'"),
        (("build", "--date", "18/02/2020"), 2, "YYYY-MM-DD"),
        (("build",), 2, "say which data dates"),
        (("status", "--json", "--csv"), 2, "not both"),
        (("publish", "--nonsense"), 2, "No such option"),
        (("score", "--truth", "nowhere"), 1, "nowhere"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_a_status(
    words: tuple[str, ...], status: int, said: str, tmp_path: Path
) -> None:
    done = citypulse(*words, home=tmp_path)
    assert done.returncode == status
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_sql_answers_in_json_csv_and_from_standard_input(released: Settings) -> None:
    query = "SELECT data_date, count(*) AS row_count FROM epidemic_daily GROUP BY 1 ORDER BY 1"
    as_json = json.loads(citypulse("sql", query, "--json", home=released.home).stdout)
    assert [row["data_date"] for row in as_json] == [str(day) for day in PAIR]
    lines = citypulse("sql", "--csv", home=released.home, stdin=query).stdout.splitlines()
    assert [row["data_date"] for row in csv.DictReader(lines)] == [str(day) for day in PAIR]


def test_sql_that_cannot_run_says_why(released: Settings) -> None:
    done = citypulse("sql", "SELECT nothing FROM nowhere", home=released.home)
    assert done.returncode == 1
    assert "nowhere" in done.stderr


def test_sql_cannot_write(released: Settings) -> None:
    done = citypulse("sql", "DELETE FROM lake.marts.epidemic_daily", home=released.home)
    assert done.returncode == 1
    assert "read-only" in done.stderr


def test_releases_and_status_as_json(released: Settings) -> None:
    releases = json.loads(citypulse("releases", "--json", home=released.home).stdout)
    assert [release["release"] for release in releases] == [1]
    feeds = json.loads(citypulse("status", "--json", home=released.home).stdout)
    assert {"feed", "table", "rows_in", "rows_quarantined", "state"} <= set(feeds[0])


def test_a_refused_gate_ends_with_status_3_and_the_last_release_stands(tmp_path: Path) -> None:
    settings = lake_with(tmp_path, WEEK)
    candidate = make_candidate(settings, DateWindow(WEEK.start, DAY))
    assert citypulse("gate", "--date", str(DAY), home=tmp_path).returncode == 0
    with duckdb.connect(str(candidate.database)) as con:
        con.execute("UPDATE marts.migration_daily SET device_count = 3")
    refused = citypulse("gate", "--date", str(DAY), home=tmp_path)
    assert refused.returncode == 3
    assert "the last good release stands" in " ".join(refused.stderr.split())
    published = citypulse("publish", "--date", str(DAY), home=tmp_path)
    assert published.returncode in (1, 3)
    releases = json.loads(citypulse("releases", "--json", home=tmp_path).stdout)
    assert [release["release"] for release in releases] == [1]
