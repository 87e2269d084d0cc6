"""What a release restates: every number of a mart that was published before and now differs."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import duckdb

from pipelines import lake
from pipelines.gate import load_suites
from pipelines.publish.partitions import Source, on_days
from pipelines.publish.release import TableName

_NUMBERS = ("DECIMAL", "DOUBLE", "FLOAT", "BIGINT", "INTEGER", "SMALLINT", "HUGEINT")


def record_revisions(
    con: duckdb.DuckDBPyConnection,
    release: int,
    name: TableName,
    days: Collection[date],
    source: Source,
) -> None:
    """Record, before a mart's dates are replaced, which of their numbers the source restates.

    One row a cell (the mart's key, as JSON) and column in `ops.revisions`; an empty value was, or
    is now, not published. Dates published for the first time restate nothing.
    """
    layer, table = name
    suite = load_suites().get(table)
    target = f'lake.marts."{table}"'
    if layer != "marts" or suite is None or not _exists(con, table):
        return
    stored = Source.of(con, target).columns
    measures = [
        column
        for column, kind in source.columns.items()
        if column not in suite.key and column in stored and kind.startswith(_NUMBERS)
    ]
    if not measures:
        return

    def numbers(relation: str) -> str:
        cell = ", ".join(f'"{name}": "{name}"' for name in suite.key if name != "data_date")
        cell_json = f"to_json({{{cell}}})::VARCHAR" if cell else "'{}'"
        as_double = ", ".join(f'"{column}"::DOUBLE AS "{column}"' for column in measures)
        listed = ", ".join(f'"{column}"' for column in measures)
        return (
            f"(UNPIVOT (SELECT data_date, {cell_json} AS cell, "
            f"{as_double} FROM {relation} WHERE {on_days(days)}) "
            f"ON {listed} INTO NAME column_name VALUE value)"
        )

    con.execute(
        f"""INSERT INTO lake.ops.revisions
            SELECT {release}, {lake.quote(table)}, data_date, cell, column_name, o.value, n.value
            FROM {numbers(target)} AS o FULL JOIN {numbers(source.relation)} AS n
              USING (data_date, cell, column_name)
            WHERE o.value IS DISTINCT FROM n.value
              AND data_date IN (SELECT data_date FROM {target} WHERE {on_days(days)})
            ORDER BY data_date, cell, column_name"""
    )


def _exists(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    row = con.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE database_name = 'lake' "
        "AND schema_name = 'marts' AND table_name = ?",
        [table],
    ).fetchone()
    return bool(row and row[0])
