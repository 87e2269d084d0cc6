"""One small city, simulated once for all tests of the package."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipelines.dates import DateWindow
from pipelines.simulator import simulate

SMALL = 1500


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve days around the closure with the default faults."""
    out = tmp_path_factory.mktemp("city")
    return simulate(out, DateWindow(date(2020, 1, 15), date(2020, 2, 14)), people=SMALL, seed=7)
