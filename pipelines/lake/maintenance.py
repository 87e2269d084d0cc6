"""Keep the lake small without touching what it says: compact, expire, clean up."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import duckdb

from pipelines.lake.connection import transaction, writer
from pipelines.lake.layout import init
from pipelines.outcomes import Outcome, record
from pipelines.settings import Settings


@dataclass(frozen=True)
class Maintained:
    """What one maintenance run did, in counts."""

    files_merged: int
    files_written: int
    snapshots_expired: int
    snapshots_kept: int
    files_deleted: int


def maintain(
    settings: Settings,
    *,
    snapshot_days: float,
    release_days: float,
    orphan_days: float,
    run_id: str,
) -> Maintained:
    """Merge small files, expire old snapshots, delete files nothing refers to.

    A snapshot is kept when it is younger than `snapshot_days`, or when it is a release (or the
    input a release was built from) published within `release_days`, or the newest release, or the
    newest snapshot. Files let go are deleted `orphan_days` later, so that a reader that still has
    them open can finish.
    """
    started = time.monotonic()
    with writer(settings) as con:
        init(con)
        now = datetime.now(UTC)
        con.execute("CALL ducklake_flush_inlined_data('lake')")
        merged = con.execute("CALL ducklake_merge_adjacent_files('lake')").fetchall()
        expired = expirable_snapshots(
            con, now - timedelta(days=snapshot_days), now - timedelta(days=release_days)
        )
        if expired:
            listed = ", ".join(str(version) for version in expired)
            con.execute(f"CALL ducklake_expire_snapshots('lake', versions => [{listed}])")
        let_go = now - timedelta(days=orphan_days)
        deleted = _delete_files(con, let_go)
        kept = con.execute("SELECT count(*) FROM lake.snapshots()").fetchone()
        assert kept is not None
        done = Maintained(
            files_merged=sum(int(row[2]) for row in merged),
            files_written=sum(int(row[3]) for row in merged),
            snapshots_expired=len(expired),
            snapshots_kept=int(kept[0]),
            files_deleted=deleted,
        )
        with transaction(con, "maintenance"):
            record(
                con,
                [
                    Outcome(
                        run_id=run_id,
                        step="maintenance",
                        status="ok",
                        seconds=time.monotonic() - started,
                    )
                ],
            )
    return done


def expirable_snapshots(
    con: duckdb.DuckDBPyConnection, snapshots_before: datetime, releases_before: datetime
) -> list[int]:
    """Snapshots nobody is promised: older than `snapshots_before`, no release or input of one.

    Releases published before `releases_before` no longer protect theirs, but the newest release
    always does. The instants are aware.
    """
    rows = con.execute(
        """WITH released AS (
               SELECT s.snapshot_id, r.input_snapshot
               FROM lake.ops.releases r
               LEFT JOIN lake.snapshots() s
                 ON try_cast(s.commit_extra_info->>'release' AS BIGINT) = r.release
               WHERE r.published_at >= $releases_before
                  OR r.release = (SELECT max(release) FROM lake.ops.releases)),
           kept AS (
               SELECT snapshot_id FROM released
               UNION SELECT input_snapshot FROM released
               UNION SELECT max(snapshot_id) FROM lake.snapshots())
           SELECT snapshot_id FROM lake.snapshots()
           WHERE snapshot_time < $snapshots_before
             AND snapshot_id NOT IN (SELECT snapshot_id FROM kept WHERE snapshot_id IS NOT NULL)
           ORDER BY 1""",
        {
            "snapshots_before": snapshots_before,
            "releases_before": releases_before.astimezone(UTC).replace(tzinfo=None),
        },
    ).fetchall()
    return [int(row[0]) for row in rows]


def _delete_files(con: duckdb.DuckDBPyConnection, let_go_before: datetime) -> int:
    """Delete files scheduled for deletion, and orphans of failed writes, older than the instant."""
    count = 0
    for function in ("ducklake_cleanup_old_files", "ducklake_delete_orphaned_files"):
        rows = con.execute(
            f"SELECT * FROM {function}('lake', older_than => ?::TIMESTAMPTZ)", [let_go_before]
        ).fetchall()
        count += len(rows)
    return count
