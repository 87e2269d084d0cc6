"""One filled lake for the tests of the report, and its report in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.report import render
from pipelines.settings import Settings
from tests.report.small_release import DAY, city_with_release


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A lake whose release 1 has every mart filled."""
    return city_with_release(tmp_path_factory.mktemp("city"))


@pytest.fixture(scope="session")
def reports(city: Settings) -> dict[str, Path]:
    """Language -> the report of release 1."""
    return {lang: render(city, DAY, lang=lang, run_id="test") for lang in ("zh", "en")}
