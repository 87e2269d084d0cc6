"""The lines for enterprises and meters, on states and lists written by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines.scoring import ScoreLine
from pipelines.scoring.power import score_power
from pipelines.scoring.view import View

START, END = date(2020, 1, 1), date(2020, 2, 18)
RIGHT, WRONG = "first resumed date: within a day", "resumptions that were none"
FOUND = "wrong units within the contract's range: found"
ALARMS = "enterprises listed without cause"


def _fault(kind: str, expected: str, enterprise: str, day: date) -> dict[str, object]:
    key = json.dumps({"enterprise_id": enterprise, "data_date": str(day)})
    return {"data_date": day, "kind": kind, "feed": "power", "key": key, "expected": expected}


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    """Ten enterprises closed on 20 January; e0-e7 are back on the 10th, e8 on the last day."""
    back = [date(2020, 2, 10)] * 8 + [END, date(2020, 3, 1)]
    ids = [f"e{n}" for n in range(10)]
    (tmp_path / "manifest.json").write_text(json.dumps({"start": str(START), "end": str(END)}))
    pl.DataFrame(
        {
            "lunar_year": [2020] * 10,
            "enterprise_id": ids,
            "close_date": [date(2020, 1, 20)] * 10,
            "resume_date": back,
        }
    ).write_parquet(tmp_path / "resume_dates.parquet")
    pl.DataFrame({"enterprise_id": ids}).write_parquet(tmp_path / "enterprises.parquet")
    pl.DataFrame(
        [
            _fault("wrong_unit", "semantic", "e1", date(2020, 2, 5)),
            _fault("wrong_unit", "semantic", "e2", date(2020, 2, 5)),
            _fault("wrong_unit", "semantic", "e3", date(2020, 2, 5)),
            _fault("correction", "late", "e3", date(2020, 2, 5)),
            _fault("wrong_unit", "semantic", "e4", date(2020, 1, 3)),
        ]
    ).write_parquet(tmp_path / "faults.parquet")
    return tmp_path


@pytest.fixture
def view(truth: Path) -> Iterator[View]:
    """e0-e7 found on the day; e1's wrong unit listed, e2's not."""
    with duckdb.connect() as con:
        con.execute("ATTACH ':memory:' AS lake")
        con.execute("CREATE SCHEMA lake.intermediate; CREATE SCHEMA lake.marts")
        con.execute(
            """CREATE TABLE lake.intermediate.int_power__state_day AS
            SELECT DATE '2020-02-18' AS data_date, 'e' || n AS enterprise_id,
                CASE WHEN n < 8 THEN DATE '2020-02-10' END AS first_resumed_date
            FROM range(10) AS t (n)"""
        )
        con.execute(
            """CREATE TABLE lake.marts.power_meter_checks AS
            SELECT DATE '2020-02-06' AS data_date, 'e1' AS enterprise_id,
                'wrong_unit' AS check_code, DATE '2020-02-05' AS first_date,
                DATE '2020-02-05' AS last_date,
                true AS is_excluded"""
        )
        yield View.open(con, truth)


def _lines(view: View) -> dict[str, ScoreLine]:
    return {line.measure: line for line in score_power(view)}


def test_only_what_could_be_known_is_judged(view: View) -> None:
    line = _lines(view)[RIGHT]
    assert (line.value, line.passed) == (1.0, True)
    assert "8 of 8 enterprises" in line.note
    assert "1 resumed after 2020-02-17" in line.note


def test_a_date_two_days_off_and_a_resumption_that_was_none_count(view: View) -> None:
    view.con.execute(
        "UPDATE lake.intermediate.int_power__state_day SET first_resumed_date = DATE '2020-02-12' "
        "WHERE enterprise_id IN ('e0', 'e9')"
    )
    lines = _lines(view)
    assert (lines[RIGHT].value, lines[RIGHT].passed) == (0.875, False)
    assert (lines[WRONG].value, lines[WRONG].passed) == (round(1 / 9, 4), False)


def test_spoilt_readings_are_those_nobody_corrected(view: View) -> None:
    lines = _lines(view)
    assert (lines[FOUND].value, lines[FOUND].passed) == (0.5, False)
    assert "1 of 2 readings; 1 more in the first days" in lines[FOUND].note
    assert (lines[ALARMS].value, lines[ALARMS].passed) == (0.0, True)


def test_an_alarm_without_cause_counts(view: View) -> None:
    view.con.execute("UPDATE lake.marts.power_meter_checks SET enterprise_id = 'e9'")
    lines = _lines(view)
    assert lines[FOUND].value == 0.0
    assert (lines[ALARMS].value, lines[ALARMS].passed) == (0.1, False)


def test_nothing_to_judge_says_so(view: View) -> None:
    view.con.execute("DROP TABLE lake.intermediate.int_power__state_day")
    view.con.execute("DROP TABLE lake.marts.power_meter_checks")
    notes = [line.note for line in score_power(view)]
    assert len(notes) == 2
    assert all(note.startswith("not available") for note in notes)
