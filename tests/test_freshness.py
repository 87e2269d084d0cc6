"""Missing, late and incomplete days are noted once, and never stop anything."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from pipelines import lake
from pipelines.dates import CITY_TIMEZONE
from pipelines.feeds.contract import load_feed
from pipelines.freshness import (
    awaited_feeds,
    check_volume,
    due_at,
    is_released,
    mark_missing,
    newest_due,
    watch,
)
from pipelines.settings import Settings

DAY = date(2020, 2, 18)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(home=tmp_path, threads=2)
    with lake.writer(settings) as con:
        lake.init(con)
    return settings


def deliver(settings: Settings, feeds: Iterable[str], day: date, status: str = "ok") -> None:
    with lake.writer(settings) as con:
        for feed in feeds:
            con.execute(
                "INSERT INTO lake.ops.files (feed, file_date, status) VALUES (?, ?, ?)",
                [feed, day, status],
            )


def noted(settings: Settings) -> list[tuple[str, str, str, date]]:
    with lake.connect(settings) as con:
        return con.execute(
            "SELECT step, status, feed, partition_date FROM lake.ops.outcomes ORDER BY ALL"
        ).fetchall()


def names() -> set[str]:
    return {feed.name for feed in awaited_feeds()}


def test_at_the_cut_off_each_missing_feed_is_marked_stale(settings: Settings) -> None:
    deliver(settings, names() - {"power", "epidemic"}, DAY)
    deliver(settings, ["power"], DAY - timedelta(days=1))
    deliver(settings, ["epidemic"], DAY, status="refused")
    missing = mark_missing(settings, DAY, run_id="t")
    assert missing == ["epidemic", "power"]
    assert noted(settings) == [
        ("cutoff", "stale", "epidemic", DAY),
        ("cutoff", "stale", "power", DAY),
    ]


def test_nothing_is_marked_when_every_feed_has_come(settings: Settings) -> None:
    deliver(settings, names(), DAY)
    assert mark_missing(settings, DAY, run_id="t") == []
    assert noted(settings) == []


def test_a_feed_without_dates_is_never_awaited() -> None:
    assert "reference" not in names() or any(
        table.is_dated for table in load_feed("reference").tables.values()
    )
    assert {"power", "signaling"} <= names()


def test_a_day_is_due_the_promised_hours_after_it_ends_in_the_city() -> None:
    due = due_at(DAY, 36)
    assert due == datetime(2020, 2, 20, 12, tzinfo=CITY_TIMEZONE)
    assert newest_due(due, 36) == DAY
    assert newest_due(due - timedelta(seconds=1), 36) == DAY - timedelta(days=1)


def test_the_watch_notes_a_late_feed_once(settings: Settings) -> None:
    hours = load_feed("power").fresh_within_hours
    assert hours is not None
    at = due_at(DAY, hours)
    late = watch(settings, at, run_id="t")
    found = {(outcome.feed, outcome.partition_date) for outcome in late}
    assert ("power", DAY) in found
    assert watch(settings, at + timedelta(minutes=1), run_id="u") == []
    assert len(noted(settings)) == len(late)
    message = next(outcome.error for outcome in late if outcome.feed == "power")
    assert message is not None
    assert "2020-02-18" in message
    assert "citypulse quarantine power" in message


def test_the_watch_is_quiet_when_the_days_due_have_come(settings: Settings) -> None:
    at = datetime(2020, 2, 20, 12, tzinfo=UTC)
    for feed in awaited_feeds():
        if feed.fresh_within_hours is not None:
            deliver(settings, [feed.name], newest_due(at, feed.fresh_within_hours))
    assert watch(settings, at, run_id="t") == []


def store(settings: Settings, day: date, rows: int) -> None:
    with lake.writer(settings) as con:
        con.execute(
            f"""INSERT INTO lake.bronze.energy_daily (enterprise_id, data_date, energy_kwh)
                SELECT 'E' || range, DATE '{day}', 1 FROM range({rows})"""
        )


def test_a_day_much_smaller_than_those_before_is_noted(settings: Settings) -> None:
    for back in range(1, 4):
        store(settings, DAY - timedelta(days=back), 100)
    share = load_feed("power").minimum_rows_share
    assert share is not None
    store(settings, DAY, int(100 * share) - 1)
    short = check_volume(settings, "power", DAY, run_id="t")
    assert [(outcome.table_name, outcome.status) for outcome in short] == [
        ("energy_daily", "stale")
    ]
    store(settings, DAY, 1)
    assert check_volume(settings, "power", DAY, run_id="t") == []


def test_the_first_day_has_nothing_to_be_compared_with(settings: Settings) -> None:
    store(settings, DAY, 1)
    assert check_volume(settings, "power", DAY, run_id="t") == []


def test_a_released_window_is_recognised(settings: Settings) -> None:
    assert not is_released(settings, DAY)
    with lake.writer(settings) as con:
        con.execute(
            "INSERT INTO lake.ops.releases (release, window_start, window_end) VALUES (1, ?, ?)",
            [DAY - timedelta(days=2), DAY],
        )
    assert is_released(settings, DAY)
    assert is_released(settings, DAY - timedelta(days=2))
    assert not is_released(settings, DAY + timedelta(days=1))
