"""A lake with the hand-made city of `city.sql`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines import lake
from pipelines.settings import Settings

CITY = Path(__file__).with_name("city.sql")


def write_city(home: Path) -> Settings:
    """A lake under `home` with the city in its bronze tables."""
    settings = Settings(home=home, threads=2, look_back_days=2)
    with lake.writer(settings) as con:
        lake.init(con)
        with lake.transaction(con, "a city for tests"):
            con.execute(CITY.read_text(encoding="utf-8"))
    return settings


@pytest.fixture(scope="session")
def make_city(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Settings]:
    """Make a fresh lake with the city; each call its own."""
    return lambda: write_city(tmp_path_factory.mktemp("city"))
