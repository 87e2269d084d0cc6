"""What changed between two releases, per mart and date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from pipelines import lake
from pipelines.gate import load_suites
from pipelines.publish.partitions import Source, changed
from pipelines.publish.release import Contents, contents_at, snapshot_of
from pipelines.settings import Settings


@dataclass(frozen=True)
class PartitionDiff:
    """Rows of one mart and date that only the newer release has, only the older has, or that have
    the same key and other values."""

    mart: str
    data_date: date
    rows_added: int
    rows_removed: int
    rows_changed: int


def diff(settings: Settings, old: int, new: int) -> list[PartitionDiff]:
    """Compare two releases by the marts' keys; partitions with equal content are left out.

    Raises `NothingToDo` when a release is unknown or expired.
    """
    keys = {mart: suite.key for mart, suite in load_suites().items()}
    with lake.connect(settings) as con:
        snapshots = (snapshot_of(con, old), snapshot_of(con, new))
        before, after = (_marts_only(contents_at(con, number)) for number in (old, new))
        found: list[PartitionDiff] = []
        for name, parts in changed(before, after).items():
            relations = [
                _relation(con, name[1], list(parts), keys.get(name[1], ()), snapshot)
                if name in state
                else "(SELECT NULL::DATE AS data_date, NULL AS k, NULL AS r WHERE false)"
                for snapshot, state in zip(snapshots, (before, after), strict=True)
            ]
            found += _compare(con, name[1], *relations)
    return found


def _marts_only(contents: Contents) -> Contents:
    return {name: by_date for name, by_date in contents.items() if name[0] == "marts"}


def _relation(
    con: duckdb.DuckDBPyConnection,
    mart: str,
    days: Sequence[date],
    key: Sequence[str],
    snapshot: int,
) -> str:
    """Rows of some dates at a snapshot as data_date, key text `k` and row text `r`."""
    source = Source.of(con, f'lake.marts."{mart}" AT (VERSION => {snapshot})')
    # without a known key each row is its own
    fields = ", ".join(f'"{column}"' for column in (key or source.columns))
    return (
        f"(SELECT data_date, to_json(row({fields}))::VARCHAR AS k, to_json(t)::VARCHAR AS r "
        f"FROM ({source.select(days)}) t)"
    )


def _compare(
    con: duckdb.DuckDBPyConnection, mart: str, before: str, after: str
) -> list[PartitionDiff]:
    rows = con.execute(
        f"""SELECT coalesce(o.data_date, n.data_date) AS data_date,
                   count(*) FILTER (o.r IS NULL), count(*) FILTER (n.r IS NULL),
                   count(*) FILTER (o.r <> n.r)
            FROM {before} o FULL JOIN {after} n ON o.data_date = n.data_date AND o.k = n.k
            GROUP BY 1 ORDER BY 1"""
    ).fetchall()
    return [PartitionDiff(mart, *row) for row in rows]
