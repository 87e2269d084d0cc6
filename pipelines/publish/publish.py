"""Publish a gated candidate: all changed partitions of all tables, one transaction, one release."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import duckdb

from pipelines import lake
from pipelines.build import Candidate
from pipelines.errors import NothingToDo, PublishFailed
from pipelines.gate import GateResult, candidate_hash
from pipelines.outcomes import Outcome, Status, record
from pipelines.publish.export import export_missing
from pipelines.publish.files import put_release_files
from pipelines.publish.partitions import (
    Changes,
    Source,
    after,
    changed,
    record_contents,
    replace_partitions,
)
from pipelines.publish.release import (
    Contents,
    Release,
    combined_hash,
    contents_at,
    insert_release,
    newest,
)
from pipelines.publish.revisions import record_revisions
from pipelines.settings import Settings

STEP = "publish"


def publish(
    settings: Settings, candidate: Candidate, gate_result: GateResult, *, run_id: str
) -> Release:
    """Release a candidate that passed the gate; the current release when it changes nothing.

    Replaces, in one transaction, the partitions of the candidate's window whose content hash
    differs from what is published, then exports the release. A run that was killed at any moment
    leaves the old or the new release whole; doing it again finishes. Raises `PublishFailed` when
    the gate's result is not for this candidate, or a newer release overtook it.
    """
    _require_gate(candidate, gate_result)
    started = time.monotonic()
    with lake.writer(settings) as con:
        lake.init(con)
        release = _release(settings, con, candidate, gate_result, run_id, started)
    export_missing(settings)
    return release


def _require_gate(candidate: Candidate, gate_result: GateResult) -> None:
    if not gate_result.passed:
        raise PublishFailed(
            f"the gate refused the candidate of {candidate.requested.end}: mend the input, build "
            "and gate it again."
        )
    if gate_result.content_hash != candidate_hash(candidate):
        raise PublishFailed(
            f"the candidate of {candidate.requested.end} was built again after it passed the "
            f"gate: run 'citypulse gate --date {candidate.requested.end}' once more."
        )


def _release(
    settings: Settings,
    con: duckdb.DuckDBPyConnection,
    candidate: Candidate,
    gate_result: GateResult,
    run_id: str,
    started: float,
) -> Release:
    current = newest(con)
    published = contents_at(con, current.release) if current else {}
    built = _built(candidate)
    changes = changed({n: published.get(n, {}) for n in built}, built, candidate.window)
    if not changes:
        if current is None:
            raise NothingToDo(
                f"the candidate of {candidate.requested.end} has no rows at all: ingest the feeds "
                "of these dates, then build again."
            )
        with lake.transaction(con, f"publish {candidate.requested}: nothing changed"):
            record(con, [_outcome(candidate, {}, "noop", run_id, started)])
        return current
    _refuse_overtaken(con, candidate)
    release = Release(
        release=current.release + 1 if current else 1,
        kind="publish",
        restores_release=None,
        window_start=candidate.requested.start,
        window_end=candidate.requested.end,
        input_snapshot=candidate.input_snapshot,
        code_version=candidate.code_version,
        content_hash=combined_hash(after(published, changes)),
        gate_status=gate_result.status,
        run_id=run_id,
        published_at=datetime.now(UTC).replace(tzinfo=None),
    )
    # before the commit and under the writer's lock: no release is ever without its files
    put_release_files(settings, release, changes, gate_result.folder, candidate.input_hashes)
    _commit(con, candidate, release, changes, run_id, started)
    return release


def _built(candidate: Candidate) -> Contents:
    built: Contents = {}
    for layer, contents in (("marts", candidate.marts), ("intermediate", candidate.intermediates)):
        for table, by_date in contents.items():
            outside = sorted(day for day in by_date if day not in candidate.window)
            if outside:
                raise PublishFailed(
                    f"{layer}.{table} has rows of {outside[0]}, outside the window "
                    f"{candidate.window} it was built for: filter the model by in_window()."
                )
            built[layer, table] = dict(by_date)
    return built


def _refuse_overtaken(con: duckdb.DuckDBPyConnection, candidate: Candidate) -> None:
    """A release since the candidate's input may have changed its dates, or history it read."""
    try:
        overtaking = con.execute(
            f"""SELECT release, layer || '.' || table_name, data_date
                FROM lake.ops.release_contents
                WHERE release > (SELECT coalesce(max(release), 0) FROM lake.ops.releases
                                 AT (VERSION => {candidate.input_snapshot}))
                  AND data_date <= $1 AND (data_date >= $2 OR layer = 'intermediate')
                ORDER BY release DESC, data_date DESC, 2 LIMIT 1""",
            [candidate.window.end, candidate.window.start],
        ).fetchone()
    except duckdb.Error:
        raise PublishFailed(
            f"the state of the lake that the candidate of {candidate.requested.end} was built "
            "from has expired: build it again."
        ) from None
    if overtaking is not None:
        number, table, day = overtaking
        raise PublishFailed(
            f"release {number} changed {table} of {day} after the candidate of "
            f"{candidate.requested.end} was built: build, gate and publish it again."
        )


def _commit(
    con: duckdb.DuckDBPyConnection,
    candidate: Candidate,
    release: Release,
    changes: Changes,
    run_id: str,
    started: float,
) -> None:
    con.execute(f"ATTACH {lake.quote(str(candidate.database))} AS candidate (READ_ONLY)")
    extra = {
        "release": release.release,
        "code_version": release.code_version,
        "content_hash": release.content_hash,
        "gate": release.gate_status,
        "input_hashes": dict(candidate.input_hashes),
        "input_snapshot": release.input_snapshot,
    }
    message = f"release {release.release}: {candidate.requested}, gate {release.gate_status}"
    with lake.transaction(con, message, extra):
        for name, parts in changes.items():
            layer, table = name
            source = Source.of(con, f'candidate.{layer}."{table}"')
            record_revisions(con, release.release, name, parts, source)
            replace_partitions(con, name, parts, source)
        insert_release(con, release)
        record_contents(con, release.release, changes)
        record(con, [_outcome(candidate, changes, "ok", run_id, started)])


def _outcome(
    candidate: Candidate, changes: Changes, status: Status, run_id: str, started: float
) -> Outcome:
    rows = sum(part.row_count for parts in changes.values() for part in parts.values())
    window = candidate.requested
    return Outcome(
        run_id=run_id,
        step=STEP,
        status=status,
        partition_date=window.end if window.start == window.end else None,
        rows_in=rows,
        rows_accepted=rows,
        seconds=time.monotonic() - started,
        input_hashes=sorted(candidate.input_hashes.values()),
    )
