"""Fixtures every test may use: the real data beside the repository, and a lake of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.settings import PROJECT_ROOT, Settings


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real files of real publishers; tests that need them skip where they are absent."""
    folder = PROJECT_ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs the real data sets in ../shared/data")
    return folder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of an empty lake, key and landing folder under the test's own folder."""
    return Settings(home=tmp_path, key_file=tmp_path / "keys" / "pseudonym.key", threads=2)
