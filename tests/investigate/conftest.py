"""Settings whose audit log and results lie under the test's own folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path,
        key_file=tmp_path / "keys" / "pseudonym.key",
        audit_dir=tmp_path / "audit",
        investigations_dir=tmp_path / "investigations",
        threads=2,
    )
