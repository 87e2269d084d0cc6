"""What a user is told when a server is not there; nothing secret may be in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines import lake
from pipelines.errors import LakeUnavailable
from pipelines.settings import Settings, load_settings
from scripts.local_services import free_port

PASSWORD = "not-to-be-seen"


@pytest.fixture
def nobody_home(tmp_path: Path) -> Settings:
    """A catalog on a port where nothing listens."""
    return load_settings(
        home=tmp_path,
        catalog=f"postgresql://citypulse:{PASSWORD}@127.0.0.1:{free_port()}/citypulse",
    )


def test_a_reader_is_told_without_the_password(nobody_home: Settings) -> None:
    with pytest.raises(LakeUnavailable, match="cannot be opened") as told:
        lake.connect(nobody_home)
    assert PASSWORD not in str(told.value)
    assert "Connection refused" in str(told.value)


def test_a_writer_is_told_without_the_password(nobody_home: Settings) -> None:
    with (
        pytest.raises(LakeUnavailable, match="cannot be reached") as told,
        lake.writer(nobody_home),
    ):
        pytest.fail("there is no server")
    assert PASSWORD not in str(told.value)
