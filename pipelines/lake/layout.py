"""The lake's schemas and tables. Bronze tables come from the contracts, the rest is here."""

from __future__ import annotations

import duckdb

from pipelines.feeds.contract import Table, all_tables
from pipelines.lake.connection import transaction
from pipelines.outcomes import CREATE_OUTCOMES

SCHEMAS = ("bronze", "quarantine", "intermediate", "marts", "ops")

_TABLES = (
    CREATE_OUTCOMES,
    # one record a file ever archived and a contract version it was ingested under
    """CREATE TABLE IF NOT EXISTS lake.ops.files (
        sha256 VARCHAR, feed VARCHAR, provider VARCHAR, file_name VARCHAR, file_date DATE,
        bytes BIGINT, contract_version VARCHAR, provider_version VARCHAR, table_name VARCHAR,
        first_date DATE, last_date DATE, status VARCHAR, run_id VARCHAR, ingested_at TIMESTAMP)""",
    """CREATE TABLE IF NOT EXISTS lake.quarantine.rows (
        feed VARCHAR, table_name VARCHAR, provider VARCHAR, data_date DATE, code VARCHAR,
        column_name VARCHAR, value VARCHAR, file_name VARCHAR, source_sha256 VARCHAR,
        source_line BIGINT, message VARCHAR, row_json VARCHAR)""",
    """CREATE TABLE IF NOT EXISTS lake.quarantine.files (
        feed VARCHAR, provider VARCHAR, file_name VARCHAR, sha256 VARCHAR, bytes BIGINT,
        file_date DATE, code VARCHAR, message VARCHAR, contract_version VARCHAR,
        provider_version VARCHAR, run_id VARCHAR, refused_at TIMESTAMP)""",
    """CREATE TABLE IF NOT EXISTS lake.ops.releases (
        release BIGINT, kind VARCHAR, restores_release BIGINT, window_start DATE, window_end DATE,
        input_snapshot BIGINT, code_version VARCHAR, content_hash VARCHAR, gate_status VARCHAR,
        run_id VARCHAR, published_at TIMESTAMP)""",
    """CREATE TABLE IF NOT EXISTS lake.ops.release_contents (
        release BIGINT, layer VARCHAR, table_name VARCHAR, data_date DATE, row_count BIGINT,
        content_hash VARCHAR)""",
    """CREATE TABLE IF NOT EXISTS lake.ops.revisions (
        release BIGINT, mart VARCHAR, data_date DATE, cell VARCHAR, column_name VARCHAR,
        old_value DOUBLE, new_value DOUBLE)""",
    """CREATE TABLE IF NOT EXISTS lake.ops.gate_results (
        run_id VARCHAR, window_start DATE, window_end DATE, table_name VARCHAR, rule_id VARCHAR,
        severity VARCHAR, status VARCHAR, observed VARCHAR, expected VARCHAR,
        override_owner VARCHAR, override_reason VARCHAR, checked_at TIMESTAMP)""",
    """CREATE TABLE IF NOT EXISTS lake.ops.reports (
        release BIGINT, data_date DATE, language VARCHAR, figure_id VARCHAR, title VARCHAR,
        query VARCHAR, value_json VARCHAR, rendered_at TIMESTAMP)""",
)


def create_bronze(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Create `bronze.<table>` from its contract, or add the columns a newer contract brings."""
    columns = table.bronze_columns()
    existing = {
        row[0]
        for row in con.execute(
            "SELECT column_name FROM duckdb_columns() WHERE database_name = 'lake' "
            "AND schema_name = 'bronze' AND table_name = ?",
            [table.name],
        ).fetchall()
    }
    if not existing:
        listed = ", ".join(f'"{name}" {duckdb_type}' for name, duckdb_type in columns)
        con.execute(f"CREATE TABLE lake.bronze.{table.name} ({listed})")
        if table.is_dated:
            con.execute(f"ALTER TABLE lake.bronze.{table.name} SET PARTITIONED BY (data_date)")
        return
    for name, duckdb_type in columns:
        if name not in existing:
            con.execute(f'ALTER TABLE lake.bronze.{table.name} ADD COLUMN "{name}" {duckdb_type}')


def init(con: duckdb.DuckDBPyConnection) -> None:
    """Bring the lake to today's layout; doing it again changes nothing."""
    known = {
        row[0]
        for row in con.execute(
            "SELECT schema_name FROM duckdb_schemas() WHERE database_name = 'lake'"
        ).fetchall()
    }
    with transaction(con, "lay out the lake"):
        for schema in SCHEMAS:
            if schema not in known:
                con.execute(f"CREATE SCHEMA lake.{schema}")
        for statement in _TABLES:
            con.execute(statement)
        for table in all_tables().values():
            create_bronze(con, table)
