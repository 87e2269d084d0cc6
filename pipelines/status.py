"""What is fresh, late, stale, refused or quarantined, seen from one data date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import duckdb

from pipelines.feeds.contract import Feed, all_feeds


@dataclass(frozen=True)
class FeedStatus:
    """One bronze table: its rows by fate (summed over all runs), its dates, its state.

    `age_days` counts from the table's newest data date to the date asked about; `state` is `never`,
    `fresh`, `stale` (older than the contract promises) or `undated`.
    """

    feed: str
    table: str
    rows_in: int
    rows_accepted: int
    rows_quarantined: int
    rows_duplicate: int
    rows_stored: int
    files_refused: int
    first_date: date | None
    last_date: date | None
    age_days: int | None
    state: str

    @property
    def conserved(self) -> bool:
        """Rows in = accepted + quarantined + duplicates."""
        return self.rows_in == self.rows_accepted + self.rows_quarantined + self.rows_duplicate


@dataclass(frozen=True)
class MartStatus:
    """One mart: its newest data date and how many days that is before the date asked about."""

    mart: str
    rows: int
    first_date: date | None
    last_date: date | None
    age_days: int | None


def _fate(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], tuple[int, int, int, int]]:
    rows = con.execute(
        """SELECT feed, table_name, sum(rows_in), sum(rows_accepted), sum(rows_quarantined),
                  sum(rows_duplicate)
           FROM lake.ops.outcomes WHERE step = 'ingest' AND table_name IS NOT NULL GROUP BY 1, 2"""
    ).fetchall()
    return {(row[0], row[1]): tuple(int(value) for value in row[2:]) for row in rows}  # type: ignore[misc]


def newest_data_date(con: duckdb.DuckDBPyConnection) -> date | None:
    """The newest window end ever released, else the newest data date in any outcome."""
    row = con.execute(
        """SELECT coalesce((SELECT max(window_end) FROM lake.ops.releases),
                           (SELECT max(last_date) FROM lake.ops.files))"""
    ).fetchone()
    return row[0] if row else None


def _state(feed: Feed, dated: bool, last: date | None, stored: int, as_of: date | None) -> str:
    if stored == 0:
        return "never"
    if not dated or last is None or as_of is None:
        return "undated"
    allowed = feed.fresh_within_hours
    age_hours = 24 * (as_of - last).days
    return "stale" if allowed is not None and age_hours > allowed else "fresh"


def feed_status(con: duckdb.DuckDBPyConnection, as_of: date | None = None) -> list[FeedStatus]:
    """Every contract table, seen from `as_of` (default: the newest data date known)."""
    as_of = as_of or newest_data_date(con)
    fate = _fate(con)
    refused = dict(
        con.execute("SELECT feed, count(*) FROM lake.quarantine.files GROUP BY 1").fetchall()
    )
    found = []
    for feed in all_feeds().values():
        for table in feed.tables.values():
            dates = "min(data_date), max(data_date)" if table.is_dated else "NULL, NULL"
            row = con.execute(f"SELECT count(*), {dates} FROM lake.bronze.{table.name}").fetchone()
            assert row is not None
            stored, first, last = row
            age = (as_of - last).days if as_of and last else None
            found.append(
                FeedStatus(
                    feed.name,
                    table.name,
                    *fate.get((feed.name, table.name), (0, 0, 0, 0)),
                    stored,
                    refused.get(feed.name, 0),
                    first,
                    last,
                    age,
                    _state(feed, table.is_dated, last, stored, as_of),
                )
            )
    return found


def mart_status(con: duckdb.DuckDBPyConnection, as_of: date | None = None) -> list[MartStatus]:
    """Every published mart, seen from `as_of` (default: the newest data date known)."""
    as_of = as_of or newest_data_date(con)
    names = con.execute(
        """SELECT table_name FROM duckdb_tables()
           WHERE database_name = 'lake' AND schema_name = 'marts' ORDER BY 1"""
    ).fetchall()
    found = []
    for (name,) in names:
        row = con.execute(
            f"SELECT count(*), min(data_date), max(data_date) FROM lake.marts.{name}"
        ).fetchone()
        assert row is not None
        rows, first, last = row
        age = (as_of - last).days if as_of and last else None
        found.append(MartStatus(name, rows, first, last, age))
    return found


def last_outcomes(con: duckdb.DuckDBPyConnection, limit: int = 12) -> list[tuple[object, ...]]:
    """The newest outcomes that were not plain successes, newest first."""
    return con.execute(
        """SELECT step, feed, partition_date, status, error
           FROM lake.ops.outcomes WHERE status NOT IN ('ok', 'noop')
           ORDER BY recorded_at DESC, step, feed, table_name LIMIT ?""",
        [limit],
    ).fetchall()
