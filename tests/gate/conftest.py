"""A lake with a week published, and a candidate for the day after."""

from __future__ import annotations

import pytest

from pipelines.build import Candidate
from pipelines.dates import DateWindow
from pipelines.settings import Settings
from tests.gate.small_candidate import DAY, WEEK, lake_with, make_candidate


@pytest.fixture(scope="session")
def week_published(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return lake_with(tmp_path_factory.mktemp("gate"), WEEK)


@pytest.fixture(scope="session")
def good_candidate(week_published: Settings) -> Candidate:
    return make_candidate(
        week_published, DateWindow(WEEK.start, DAY), requested=DateWindow(DAY, DAY)
    )
