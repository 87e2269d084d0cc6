"""Homes and present population: the truth scores 1, and what is wrong is seen on its line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipelines import lake
from pipelines.feeds.contract import all_feeds
from pipelines.feeds.reference.calendar import calendar_frame
from pipelines.ingest.pseudonyms import pseudonymise
from pipelines.lake.layout import create_bronze
from pipelines.scoring import ScoreLine
from pipelines.scoring.population import ANCHORS, PRESENT, score_population
from pipelines.scoring.view import View
from pipelines.settings import Settings

Lines = dict[tuple[str, str], ScoreLine]
DEVICES = PRESENT, "districts: devices within 5 %"
HOME, RIGHT = (ANCHORS, "home found"), (ANCHORS, "home in the right region")
WORK = (ANCHORS, "workplace in the right region")

# every night at home and every day at work; more nights than that lie in the travel rush
ANCHORS_AS_THEY_ARE = """
    CREATE TABLE lake.intermediate.int_mobility__anchor_day AS
    SELECT day::DATE AS data_date, device_id, period,
      CASE WHEN period = 'night' THEN home_cell_id ELSE work_cell_id END AS place_id,
      c.region_id, c.latitude, c.longitude, 30000::BIGINT AS seconds
    FROM people
    CROSS JOIN (VALUES ('night'), ('work')) AS p (period)
    CROSS JOIN generate_series(DATE '2019-12-28', DATE '2020-01-08', INTERVAL 1 DAY) AS d (day)
    INNER JOIN lake.bronze.cells AS c
      ON c.cell_id = CASE WHEN period = 'night' THEN home_cell_id ELSE work_cell_id END;
    CREATE TABLE lake.intermediate.int_mobility__device_day AS
    SELECT device_id, day::DATE AS data_date
    FROM people
    CROSS JOIN generate_series(DATE '2019-12-28', DATE '2020-01-26', INTERVAL 1 DAY) AS d (day)
"""


@pytest.fixture(scope="module")
def scored(truth: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Lines]:
    """Score a lake that holds the truth after changing it by SQL."""

    def change_and_score(*statements: str) -> Lines:
        settings = Settings(home=tmp_path_factory.mktemp("population"), threads=2)
        people = pl.read_parquet(truth / "people.parquet")
        names = pseudonymise(settings, "signaling", "device_id", people["device_id"].to_list())
        with lake.writer(settings) as con:
            lake.init(con)
            for feed in all_feeds().values():
                for table in feed.tables.values():
                    create_bronze(con, table)
            con.register("people", people.with_columns(pl.Series("device_id", names)).to_arrow())
            calendar = calendar_frame(date(2019, 10, 1), date(2020, 3, 1))
            con.register("calendar", calendar.to_arrow())
            con.execute("INSERT INTO lake.bronze.calendar BY NAME FROM calendar")
            landing = truth.parent / "landing"
            for table, file in (
                ("cells", "signaling/cells.csv"),
                ("regions", "reference/regions.csv"),
            ):
                con.execute(
                    f"INSERT INTO lake.bronze.{table} BY NAME "
                    f"FROM read_csv('{landing / file}', all_varchar = true)"
                )
            con.execute(ANCHORS_AS_THEY_ARE)
            con.execute(
                f"CREATE TABLE lake.marts.{PRESENT} AS SELECT data_date, hour, region_id, "
                "devices AS device_count, people AS persons, NULL::VARCHAR AS missing_reason, "
                "NULL::VARCHAR AS persons_missing_reason "
                f"FROM read_parquet('{truth}/present_hourly.parquet')"
            )
            for statement in statements:
                con.execute(statement)
        with lake.connect(settings) as con:
            lines = score_population(View.open(con, truth), settings)
        return {(line.mart, line.measure): line for line in lines}

    return change_and_score


def test_the_truth_scores_one(scored: Callable[..., Lines]) -> None:
    lines = scored()
    assert lines[HOME].value == lines[RIGHT].value == lines[DEVICES].value == 1.0
    assert lines[PRESENT, "other cities: devices within 5 %"].value == 1.0
    assert lines[PRESENT, "districts: persons within 5 %"].value == 1.0
    # only those who work around their home are not found
    work = lines[WORK]
    assert work.passed
    assert work.value is not None
    right, workers = work.note.split(" workers")[0].split(" of ")
    hidden = work.note.split("; ")[1].split()[0]
    assert int(right) + int(hidden) == int(workers)


def test_wrong_homes_and_counts_fail_their_lines(scored: Callable[..., Lines]) -> None:
    lines = scored(
        "UPDATE lake.intermediate.int_mobility__anchor_day SET region_id = '990107' "
        "WHERE period = 'night' AND region_id = '990101'",
        f"UPDATE lake.marts.{PRESENT} SET device_count = device_count * 1.06 "
        "WHERE region_id = '990101'",
    )
    assert lines[HOME].passed
    assert lines[RIGHT].passed is False
    assert lines[DEVICES].passed is False
    assert "in 990101," in lines[DEVICES].note


def test_missing_counts_are_not_judged(scored: Callable[..., Lines]) -> None:
    lines = scored(
        f"UPDATE lake.marts.{PRESENT} SET device_count = NULL, missing_reason = 'not_collected' "
        "WHERE region_id = '990101'",
        "DROP TABLE lake.intermediate.int_mobility__anchor_day",
    )
    assert lines[DEVICES].value == 1.0
    assert lines[ANCHORS, "homes and workplaces"].note.startswith("not available")
