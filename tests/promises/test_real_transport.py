"""Seoul's subway (2018-01 to 2019-10) through the marts of ticketing, from archive to mart.

The set ends before 2020: what it can show is the Spring Festival, not the epidemic.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines import lake
from pipelines.build import build
from pipelines.dates import DateWindow
from pipelines.ingest import ingest
from pipelines.outcomes import new_run_id
from pipelines.settings import Settings

pytestmark = pytest.mark.slow

FESTIVAL_EVE, MONTH_END = date(2019, 2, 4), date(2019, 10, 31)
CITY = "mode = 'all'"


@pytest.fixture(scope="module")
def seoul(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Settings:
    """A lake with the 22 months."""
    home = tmp_path_factory.mktemp("seoul")
    settings = Settings(home=home, key_file=home / "keys" / "pseudonym.key", threads=2)
    landing = shared_data / "ticketing" / "seoul_subway"
    ingest(settings, "ticketing", provider="seoul_subway", landing=landing, run_id=new_run_id())
    return settings


def _rows(settings: Settings, day: date, query: str) -> list[tuple[Any, ...]]:
    candidate = build(settings, DateWindow(day, day), run_id=new_run_id())
    with duckdb.connect(str(candidate.database), read_only=True) as con:
        return con.execute(query).fetchall()


def _daily_mean(settings: Settings, month: str) -> float:
    with lake.connect(settings) as con:
        row = con.execute(
            "SELECT sum(boardings) / count(DISTINCT data_date) FROM lake.bronze.station_counts "
            "WHERE strftime(data_date, '%Y-%m') = ?",
            [month],
        ).fetchone()
    assert row is not None
    return float(row[0])


def test_a_month_against_the_month_before_and_the_year_before(seoul: Settings) -> None:
    found = _rows(
        seoul,
        MONTH_END,
        "SELECT day_count, month_before_recovery_pct, year_before_recovery_pct "
        f"FROM marts.ticketing_month_daily WHERE data_date = '{MONTH_END}' AND {CITY}",
    )
    month, before, year = (_daily_mean(seoul, each) for each in ("2019-10", "2019-09", "2018-10"))
    assert found == [
        (
            31,
            pytest.approx(100 * month / before, abs=1e-3),
            pytest.approx(100 * month / year, abs=1e-3),
        )
    ]
    # Chuseok fell into September; the network grew by a few stations in a year
    assert month / before > 1.05
    assert 1.0 < month / year < 1.05


def test_the_eve_of_the_festival_is_that_of_the_year_before(seoul: Settings) -> None:
    rows = _rows(
        seoul,
        FESTIVAL_EVE,
        "SELECT line, baseline_kind, recovery_pct, recovery_7d_pct, renamed_station_count, "
        "unknown_station_count FROM marts.ticketing_daily "
        f"WHERE data_date = '{FESTIVAL_EVE}' AND station = 'all' "
        f"AND ({CITY} OR line = '9호선2~3단계')",
    )
    by_line = {row[0]: row[1:] for row in rows}
    kind, recovery, week, renamed, _ = by_line["all"]
    assert kind == "lunar_day_last_year"
    # by the solar calendar 4 February 2018 was an ordinary Sunday
    assert 90 < recovery < 115
    assert 90 < week < 115
    assert renamed == 5
    # the line renamed by its extension keeps the five stations it had; eight are new
    assert by_line["9호선2~3단계"][3:] == (5, 8)
