"""Content hashes: equal exactly when two tables hold the same multiset of rows.

Each row becomes JSON text (column names included, nulls distinct), its MD5 is split in two 64-bit
halves, and the halves are summed: row order, thread count and file layout cannot change the result.
"""

from __future__ import annotations

import hashlib
from datetime import date
from typing import NamedTuple

import duckdb


class PartitionContent(NamedTuple):
    """Row count and content hash (64 hexadecimal digits) of one data date of a table."""

    row_count: int
    content_hash: str


_SUMS = """
count(*),
coalesce(sum(md5_number_lower(to_json(t)::VARCHAR)::HUGEINT), 0),
coalesce(sum(md5_number_upper(to_json(t)::VARCHAR)::HUGEINT), 0)
"""


def _digest(row: tuple[int, int, int]) -> PartitionContent:
    return PartitionContent(row[0], hashlib.sha256("|".join(map(str, row)).encode()).hexdigest())


def content_hash(con: duckdb.DuckDBPyConnection, relation_sql: str) -> PartitionContent:
    """Hash of a whole relation, e.g. `content_hash(con, "SELECT * FROM lake.marts.x")`."""
    row = con.execute(f"SELECT {_SUMS} FROM ({relation_sql}) t").fetchone()
    assert row is not None
    return _digest(row)


def content_by_date(
    con: duckdb.DuckDBPyConnection, relation_sql: str
) -> dict[date | None, PartitionContent]:
    """Hash of each `data_date` of a relation that has that column."""
    rows = con.execute(
        f"SELECT t.data_date, {_SUMS} FROM ({relation_sql}) t GROUP BY 1 ORDER BY 1"
    ).fetchall()
    return {row[0]: _digest(row[1:]) for row in rows}


def combine(parts: dict[str, PartitionContent]) -> str:
    """One hash over named parts (e.g. mart and date), whatever order they come in."""
    text = "\n".join(
        f"{name}={part.row_count}:{part.content_hash}" for name, part in sorted(parts.items())
    )
    return hashlib.sha256(text.encode()).hexdigest()
