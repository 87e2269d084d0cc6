"""dbt's sources and staging columns, generated from the feeds' contracts.

`python -m pipelines.build.sources` rewrites `dbt/models/staging/bronze.yml`; a test fails when the
committed file is not what the contracts say. So a column is described once, in its contract.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from pipelines.feeds.contract import Feed, Table, all_feeds
from pipelines.settings import PROJECT_ROOT

SOURCES_FILE = PROJECT_ROOT / "dbt" / "models" / "staging" / "bronze.yml"

_TECHNICAL = {
    "data_date": "The data date, the partition of the table.",
    "provider": "Provider whose file brought the row.",
    "source_sha256": "SHA-256 of the archived file the row came from.",
    "source_line": "Line of the row in that file.",
}


def _columns(table: Table, *, staging: bool) -> list[dict[str, Any]]:
    described = {column.name: column.description for column in table.columns}
    listed = []
    for name, duckdb_type in table.bronze_columns():
        if staging and name in _TECHNICAL and name != "data_date":
            continue
        listed.append(
            {
                "name": name,
                "data_type": duckdb_type,
                "description": described.get(name) or _TECHNICAL[name],
            }
        )
    return listed


def _source(feeds: dict[str, Feed]) -> dict[str, Any]:
    tables = [table for feed in feeds.values() for table in feed.tables.values()]
    return {
        "name": "bronze",
        "database": "lake",
        "schema": "bronze",
        "description": "Rows that keep their feed's contract, identifiers pseudonymised.",
        "tables": [
            {
                "name": table.name,
                "description": table.description,
                "columns": _columns(table, staging=False),
            }
            for table in tables
        ],
    }


def _staging(table: Table) -> dict[str, Any]:
    bound = "up to the window's end" if table.is_dated else "all rows"
    return {
        "name": f"stg_{table.feed}__{table.name}",
        "description": f"{table.description} ({bound})",
        "columns": _columns(table, staging=True),
    }


def generated(feeds: dict[str, Feed]) -> str:
    """The YAML of all sources and staging models."""
    content = {
        "version": 2,
        "sources": [_source(feeds)],
        "models": [_staging(t) for feed in feeds.values() for t in feed.tables.values()],
    }
    head = (
        "# Generated from pipelines/feeds/*/contract.yaml by `python -m pipelines.build.sources`.\n"
    )
    return head + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)


def write(path: Path = SOURCES_FILE) -> None:
    """Rewrite the file."""
    path.write_text(generated(all_feeds()), encoding="utf-8")


if __name__ == "__main__":
    write()
