"""dbt-duckdb plugin: opens the lake on dbt's connection with the statements the build gives it.

So the ATTACH (location, snapshot, credentials) is written in one place, `pipelines.lake`.
"""

from __future__ import annotations

import json
from typing import Any

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin


class Plugin(BasePlugin):
    """dbt-duckdb looks for a class of this name."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        text = plugin_config.get("open_lake_sql", "")
        self._statements: list[str] = json.loads(text) if text else []

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        for statement in self._statements:
            conn.execute(statement)
