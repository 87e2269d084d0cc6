"""A lake with the hand-made city of `city.sql`, and one build of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines import lake
from pipelines.build import Candidate, build
from pipelines.dates import DateWindow
from pipelines.settings import Settings

CITY = ("city.sql", "city_transport.sql")


@dataclass(frozen=True)
class Built:
    """A build and what it reported while running."""

    settings: Settings
    candidate: Candidate
    progress: Sequence[tuple[int, int, str]]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Query the candidate."""
        with duckdb.connect(str(self.candidate.database), read_only=True) as con:
            return con.execute(query).fetchall()

    def row(self, query: str) -> tuple[Any, ...]:
        """The only row of a query."""
        rows = self.rows(query)
        assert len(rows) == 1, rows
        return rows[0]


def write_city(home: Path) -> Settings:
    """A lake under `home` with the city in its bronze tables."""
    settings = Settings(home=home, threads=2, look_back_days=2)
    with lake.writer(settings) as con:
        lake.init(con)
        with lake.transaction(con, "a city for tests"):
            for name in CITY:
                con.execute(Path(__file__).with_name(name).read_text(encoding="utf-8"))
    return settings


@pytest.fixture(scope="session")
def make_city(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Settings]:
    """Make a fresh lake with the city; each call its own."""
    return lambda: write_city(tmp_path_factory.mktemp("city"))


@pytest.fixture(scope="session")
def built(make_city: Callable[[], Settings]) -> Built:
    """13 to 18 February 2020, with two days of look-back, in one build."""
    settings = make_city()
    progress: list[tuple[int, int, str]] = []
    candidate = build(
        settings,
        DateWindow(date(2020, 2, 13), date(2020, 2, 18)),
        run_id="whole",
        progress=lambda done, total, what: progress.append((done, total, what)),
    )
    return Built(settings, candidate, progress)
