"""Candidates made by hand come from tests/gate."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.settings import Settings
from tests.gate.small_candidate import PAIR, lake_with, new_lake


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An empty lake."""
    return new_lake(tmp_path)


@pytest.fixture
def pair_settings(tmp_path: Path) -> Settings:
    """A lake with one release, of two dates."""
    return lake_with(tmp_path, PAIR)
