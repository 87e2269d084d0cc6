"""What has arrived, what is missing or late, and the outcomes that say so.

Judged from `ops.files` and the contracts' promises; the instant it is judged at is an argument.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import duckdb

from pipelines.dates import CITY_TIMEZONE
from pipelines.feeds.contract import Feed, all_feeds, load_feed
from pipelines.lake import connect, init, transaction, writer
from pipelines.outcomes import Outcome, record
from pipelines.settings import Settings

# `minimumRowsShare` of a contract compares a day with the mean of this many days before it
VOLUME_BASELINE_DAYS = 7


def note(settings: Settings, outcomes: Sequence[Outcome]) -> None:
    """Record outcomes in a transaction of their own; nothing is written when there are none."""
    if not outcomes:
        return
    with writer(settings) as con:
        init(con)
        with transaction(con, f"note {outcomes[0].step}"):
            record(con, outcomes)


def awaited_feeds() -> list[Feed]:
    """The feeds that deliver day by day; one whose tables have no dates is never late."""
    return [
        feed
        for feed in all_feeds().values()
        if any(table.is_dated for table in feed.tables.values())
    ]


def is_released(settings: Settings, data_date: date) -> bool:
    """Whether any release's window holds the data date."""
    with connect(settings) as con:
        row = con.execute(
            "SELECT count(*) FROM lake.ops.releases WHERE ? BETWEEN window_start AND window_end",
            [data_date],
        ).fetchone()
    return bool(row and row[0])


def _delivered(con: duckdb.DuckDBPyConnection, data_date: date) -> set[str]:
    """Feeds with an accepted file that is dated `data_date` or holds rows of that date."""
    rows = con.execute(
        """SELECT DISTINCT feed FROM lake.ops.files
           WHERE status = 'ok' AND (file_date = $day OR $day BETWEEN first_date AND last_date)""",
        {"day": data_date},
    ).fetchall()
    return {str(row[0]) for row in rows}


def mark_missing(settings: Settings, data_date: date, *, run_id: str) -> list[str]:
    """Record an outcome `stale` for each feed that has not delivered `data_date`; its names."""
    with writer(settings) as con:
        init(con)
        delivered = _delivered(con, data_date)
        missing = [feed.name for feed in awaited_feeds() if feed.name not in delivered]
        if missing:
            with transaction(con, f"cut-off of {data_date}"):
                record(
                    con,
                    [
                        Outcome(
                            run_id=run_id,
                            step="cutoff",
                            status="stale",
                            feed=feed,
                            partition_date=data_date,
                            error=f"{feed} has not delivered {data_date} by the cut-off; its "
                            "indicators carry their last good value.",
                        )
                        for feed in missing
                    ],
                )
    return missing


def due_at(data_date: date, fresh_within_hours: float) -> datetime:
    """The instant by which a day is promised: `fresh_within_hours` after it ends in the city."""
    end_of_day = datetime.combine(data_date + timedelta(days=1), time(), CITY_TIMEZONE)
    return (end_of_day + timedelta(hours=fresh_within_hours)).astimezone(UTC)


def newest_due(at: datetime, fresh_within_hours: float) -> date:
    """The newest data date that is promised by the instant `at`."""
    local = at.astimezone(CITY_TIMEZONE) - timedelta(hours=fresh_within_hours)
    return local.date() - timedelta(days=1)


def watch(settings: Settings, at: datetime, *, run_id: str) -> list[Outcome]:
    """Record an outcome `stale` for each feed whose newest promised day has not come by `at`.

    A feed and day recorded before is not recorded again. Returns the newly recorded ones.
    """
    with writer(settings) as con:
        init(con)
        found = []
        for feed in awaited_feeds():
            if feed.fresh_within_hours is None:
                continue
            day = newest_due(at, feed.fresh_within_hours)
            if feed.name in _delivered(con, day) or _noted(con, "freshness", feed.name, day):
                continue
            due = due_at(day, feed.fresh_within_hours).astimezone(CITY_TIMEZONE)
            found.append(
                Outcome(
                    run_id=run_id,
                    step="freshness",
                    status="stale",
                    feed=feed.name,
                    partition_date=day,
                    error=f"{feed.name} owed {day} by {due:%Y-%m-%d %H:%M} and has not delivered "
                    "it: ask its provider, or look for a refused file with "
                    f"'citypulse quarantine {feed.name}'.",
                )
            )
        if found:
            with transaction(con, "freshness watch"):
                record(con, found)
    return found


def _noted(con: duckdb.DuckDBPyConnection, step: str, feed: str, data_date: date) -> bool:
    row = con.execute(
        """SELECT count(*) FROM lake.ops.outcomes
           WHERE step = ? AND feed = ? AND partition_date = ? AND status = 'stale'""",
        [step, feed, data_date],
    ).fetchone()
    return bool(row and row[0])


def check_volume(settings: Settings, feed: str, data_date: date, *, run_id: str) -> list[Outcome]:
    """Record an outcome `stale` for each table of the feed whose day is too small to be whole.

    Too small: fewer rows than the contract's `minimumRowsShare` of the mean of the days among the
    last `VOLUME_BASELINE_DAYS` that have rows. Without such days there is nothing to compare.
    """
    contract = load_feed(feed)
    if contract.minimum_rows_share is None:
        return []
    with connect(settings) as con:
        short = [
            (table.name, rows, mean)
            for table in contract.tables.values()
            if table.is_dated
            for rows, mean in [_day_and_baseline(con, table.name, data_date)]
            if mean is not None and rows < contract.minimum_rows_share * mean
        ]
    outcomes = [
        Outcome(
            run_id=run_id,
            step="check",
            status="stale",
            feed=feed,
            table_name=table,
            partition_date=data_date,
            error=f"{feed}.{table} has {rows} rows for {data_date}, under "
            f"{contract.minimum_rows_share:.0%} of the {mean:.0f} of the days before: "
            "the day looks incomplete; ask for the rest and drop it in, it is added.",
        )
        for table, rows, mean in short
    ]
    note(settings, outcomes)
    return outcomes


def _day_and_baseline(
    con: duckdb.DuckDBPyConnection, table: str, data_date: date
) -> tuple[int, float | None]:
    """(rows of the day, mean rows of the days before it that have any)."""
    row = con.execute(
        f"""WITH days AS (
                SELECT data_date, count(*) AS row_count FROM lake.bronze.{table}
                WHERE data_date BETWEEN $day - {VOLUME_BASELINE_DAYS} AND $day GROUP BY 1)
            SELECT coalesce(sum(row_count) FILTER (data_date = $day), 0),
                   avg(row_count) FILTER (data_date < $day)
            FROM days""",
        {"day": data_date},
    ).fetchone()
    assert row is not None
    return int(row[0]), row[1]
