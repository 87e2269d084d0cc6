"""Rollback: a new release with the content of an old one."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime

import duckdb

from pipelines import lake
from pipelines.lake import PartitionContent
from pipelines.outcomes import Outcome, record
from pipelines.publish.export import export_missing
from pipelines.publish.files import put_release_files
from pipelines.publish.partitions import (
    EMPTIED,
    Changes,
    Source,
    changed,
    record_contents,
    replace_partitions,
)
from pipelines.publish.release import (
    Release,
    TableName,
    combined_hash,
    contents_at,
    insert_release,
    read_releases,
    snapshot_of,
)
from pipelines.publish.revisions import record_revisions
from pipelines.settings import Settings

STEP = "rollback"


def rollback(settings: Settings, release: int, *, run_id: str) -> Release:
    """Publish the content of an old release as a new one: marts and the history behind them.

    One transaction; the releases in between stay on record. The current release is returned when
    it has that content already. Raises `NothingToDo` when the release is unknown or expired.
    """
    started = time.monotonic()
    with lake.writer(settings) as con:
        lake.init(con)
        new = _roll_back(settings, con, release, run_id, started)
    export_missing(settings)
    return new


def _roll_back(
    settings: Settings,
    con: duckdb.DuckDBPyConnection,
    number: int,
    run_id: str,
    started: float,
) -> Release:
    snapshot = snapshot_of(con, number)
    known = read_releases(con)
    current, old = known[0], next(r for r in known if r.release == number)
    wanted = contents_at(con, number)
    changes = changed(contents_at(con, current.release), wanted)
    if not changes:
        return current
    days = sorted({day for parts in changes.values() for day in parts})
    new = replace(
        old,
        release=current.release + 1,
        kind="rollback",
        restores_release=number,
        window_start=days[0],
        window_end=days[-1],
        input_snapshot=snapshot,
        content_hash=combined_hash(wanted),
        run_id=run_id,
        published_at=datetime.now(UTC).replace(tzinfo=None),
    )
    put_release_files(settings, new, changes, None, {})
    extra = {"release": new.release, "restores_release": number, "content_hash": new.content_hash}
    with lake.transaction(con, f"release {new.release}: content of release {number}", extra):
        for name, parts in changes.items():
            _restore(con, new.release, name, parts, snapshot if name in wanted else None)
        insert_release(con, new)
        record_contents(con, new.release, changes)
        record(con, [_outcome(changes, run_id, started)])
    return new


def _restore(
    con: duckdb.DuckDBPyConnection,
    release: int,
    name: TableName,
    parts: Mapping[date, PartitionContent],
    snapshot: int | None,
) -> None:
    """Bring partitions of one table back from a snapshot (None: it had no rows then)."""
    if snapshot is None:
        replace_partitions(con, name, parts, None)
        return
    layer, table = name
    source = Source.of(con, f'lake.{layer}."{table}" AT (VERSION => {snapshot})')
    record_revisions(con, release, name, parts, source)
    # hashed anew: the table may have gained columns after a partition's hash was recorded
    then = lake.content_by_date(con, source.select(parts))
    replace_partitions(con, name, {day: then.get(day, EMPTIED) for day in parts}, source)


def _outcome(changes: Changes, run_id: str, started: float) -> Outcome:
    rows = sum(part.row_count for parts in changes.values() for part in parts.values())
    return Outcome(
        run_id=run_id,
        step=STEP,
        status="ok",
        rows_in=rows,
        rows_accepted=rows,
        seconds=time.monotonic() - started,
    )
