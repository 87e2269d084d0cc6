"""A lake with a week published, and a candidate for the day after."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from small_candidate import DAY, WEEK, lake_with, make_candidate

from pipelines.build import Candidate
from pipelines.dates import DateWindow
from pipelines.settings import Settings


@pytest.fixture(scope="session")
def week_published(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return lake_with(tmp_path_factory.mktemp("gate"), WEEK)


@pytest.fixture(scope="session")
def good_candidate(week_published: Settings) -> Candidate:
    return make_candidate(
        week_published, DateWindow(WEEK.start, DAY), requested=DateWindow(DAY, DAY)
    )
