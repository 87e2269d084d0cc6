"""Reading files in tests: bytes or paths in, typed rows out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
import yaml

from pipelines.feeds.contract import load_feed
from pipelines.ingest.providers import Provider, load_provider, read_provider
from pipelines.ingest.readers import RawTable, read_file


@dataclass(frozen=True)
class Read:
    """A raw table collected: its text, its values in the contract's types, and what was refused."""

    raw: RawTable
    text: pl.DataFrame
    values: pl.DataFrame

    @property
    def rejected(self) -> list[tuple[int, str]]:
        return [(line, code) for line, code in self.raw.rejected.select("_line", "code").rows()]

    @property
    def rows_in(self) -> int:
        """Rows of the file as this table saw them."""
        return self.text.height + self.raw.rejected.height + self.raw.rows_outside

    def unreadable(self, column: str) -> list[str]:
        """Raw values that are there but have no meaning in the contract's type."""
        bad = self.text[column].is_not_null() & self.values[column].is_null()
        return self.text[column].filter(bad).to_list()


def collect(raw: RawTable) -> Read:
    parsed = {name: mapped.parse(pl.col(name)) for name, mapped in raw.columns.items()}
    text = raw.frame.collect(engine="streaming").sort("_line")
    return Read(raw, text, text.lazy().select("_line", **parsed).collect())


ReadPath = Callable[..., dict[str, Read]]


@pytest.fixture
def read_path(tmp_path: Path) -> ReadPath:
    """Read a file of a feed's provider: contract table -> rows."""

    def read(feed: str, provider: str | Provider, path: Path, name: str | None = None):
        known = load_provider(feed, provider) if isinstance(provider, str) else provider
        raw = read_file(known, path, name or path.name, tmp_path / "scratch")
        return {table.table.name: collect(table) for table in raw}

    return read


@pytest.fixture
def read_bytes(tmp_path: Path, read_path: ReadPath) -> ReadPath:
    """Write bytes (or text as UTF-8) under a name, then read it."""

    def read(feed: str, provider: str | Provider, name: str, content: bytes | str):
        path = tmp_path / "dropped" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_path(feed, provider, path, name)

    return read


@pytest.fixture
def provider_of(tmp_path: Path) -> Callable[[str, str], Provider]:
    """A provider from YAML text of its `files`, as if it lay beside the feed's contract."""

    def make(feed: str, files: str) -> Provider:
        content = {"provider": "tried", "description": "a test's", "files": yaml.safe_load(files)}
        path = tmp_path / "tried.yaml"
        path.write_text(
            yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8"
        )
        return read_provider(path, load_feed(feed))

    return make
