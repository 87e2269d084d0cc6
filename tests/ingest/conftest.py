"""A feed's drop folder, an ingest of it, and what the lake holds afterwards."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipelines.feeds import contract
from pipelines.ingest import ingest
from pipelines.ingest.providers import providers_of
from pipelines.lake import PartitionContent, connect, content_hash
from pipelines.outcomes import Outcome
from pipelines.settings import Settings


@dataclass
class City:
    """One lake with its landing folder."""

    settings: Settings

    def land(self, feed: str, name: str, text: str | bytes) -> Path:
        path = self.settings.path(self.settings.landing) / feed / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def ingest(self, feed: str, **options: Any) -> list[Outcome]:
        return ingest(self.settings, feed, run_id="test", **options)

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        con = connect(self.settings)
        try:
            return con.execute(query).fetchall()
        finally:
            con.close()

    def content(self, table: str) -> PartitionContent:
        con = connect(self.settings)
        try:
            return content_hash(con, f"SELECT * FROM lake.{table}")
        finally:
            con.close()

    def codes(self) -> Counter[str]:
        rows = self.sql("SELECT code FROM lake.quarantine.rows")
        return Counter(row[0] for row in rows)

    @property
    def scratch(self) -> Path:
        return self.settings.path(self.settings.work_dir) / "ingest"


@pytest.fixture
def city(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> City:
    # files are complete when the tests have written them
    monkeypatch.setattr("pipelines.ingest.discovery.sleep", lambda seconds: None)
    return City(settings)


@pytest.fixture
def another_city(tmp_path_factory: pytest.TempPathFactory, city: City) -> City:
    """A second lake with the same key."""
    home = tmp_path_factory.mktemp("another")
    return City(Settings(home=home, key_file=city.settings.path(city.settings.key_file), threads=2))


@pytest.fixture
def own_feeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the contracts and providers that a test may change."""
    folder = tmp_path / "feeds"
    shutil.copytree(contract.FEEDS_FOLDER, folder, ignore=shutil.ignore_patterns("*.py", "*.pyc"))
    monkeypatch.setattr(contract, "FEEDS_FOLDER", folder)
    forget_feeds()
    yield folder
    monkeypatch.undo()
    forget_feeds()


def forget_feeds() -> None:
    """Have the YAML read again, as a new process would."""
    contract.all_feeds.cache_clear()
    providers_of.cache_clear()


def power_csv(*rows: tuple[str, str, object]) -> str:
    lines = [",".join(map(str, row)) for row in rows]
    return "\n".join(["enterprise_id,data_date,energy_kwh", *lines, ""])
