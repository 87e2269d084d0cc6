"""dbt's sources are what the contracts say."""

from __future__ import annotations

import yaml

from pipelines.build.sources import SOURCES_FILE, generated
from pipelines.feeds.contract import all_feeds, all_tables

STAGING = SOURCES_FILE.parent


def test_committed_sources_are_generated_from_the_contracts() -> None:
    assert SOURCES_FILE.read_text(encoding="utf-8") == generated(all_feeds()), (
        "a contract changed: run 'python -m pipelines.build.sources' and commit the file"
    )


def test_every_bronze_table_is_a_source_and_has_one_staging_model() -> None:
    content = yaml.safe_load(SOURCES_FILE.read_text(encoding="utf-8"))
    sources = {table["name"] for table in content["sources"][0]["tables"]}
    models = {path.stem for path in STAGING.glob("*.sql")}
    assert sources == set(all_tables())
    assert models == {f"stg_{table.feed}__{name}" for name, table in all_tables().items()}
