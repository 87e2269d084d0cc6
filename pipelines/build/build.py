"""Build: dbt over a window, on a database of the run's own, from a pinned state of the lake."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

import duckdb

from pipelines import lake, outcomes
from pipelines.build.candidate import DATABASE_FILE, Candidate, candidates_folder
from pipelines.build.dbt_run import DbtRun, NodeResult, Progress
from pipelines.build.version import code_version
from pipelines.dates import DateWindow
from pipelines.errors import BuildFailed
from pipelines.lake import PartitionContent
from pipelines.settings import Settings

STEP = "build"


def build(
    settings: Settings,
    window: DateWindow,
    *,
    run_id: str,
    progress: Progress | None = None,
) -> Candidate:
    """Build every mart for `window` and the `look_back_days` before it.

    Reads the lake as it is when the build starts, writes `<work>/candidates/<end date>/`, and
    records one outcome a model. Raises `BuildFailed` naming the model or test that failed; then
    nothing is left that could be published.
    """
    directory = candidates_folder(settings) / window.end.isoformat()
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    extended = window.extended_back(settings.look_back_days)
    snapshot, input_hashes = _inputs(settings, window.end)
    run = DbtRun(settings, directory, extended, snapshot)
    started = time.monotonic()
    try:
        results = run.run("build", "--exclude", "resource_type:unit_test", progress=progress)
    except BuildFailed as error:
        failed = NodeResult("dbt", "model", "error", time.monotonic() - started, str(error))
        _record(settings, directory, [failed], run_id, window, input_hashes)
        raise
    _record(settings, directory, results, run_id, window, input_hashes)
    _refuse_failures(results)
    marts, intermediates = _contents(directory, run.kept_intermediates())
    candidate = Candidate(
        path=directory,
        requested=window,
        window=extended,
        input_snapshot=snapshot,
        code_version=code_version(),
        input_hashes=input_hashes,
        marts=marts,
        intermediates=intermediates,
    )
    candidate.write()
    return candidate


def _inputs(settings: Settings, end: date) -> tuple[int, dict[str, str]]:
    """The lake's newest snapshot, and per feed one hash over its files with rows up to `end`."""
    with lake.connect(settings) as con:
        row = con.execute("SELECT max(snapshot_id) FROM lake.snapshots()").fetchone()
        assert row is not None
        files = con.execute(
            "SELECT feed, list(DISTINCT sha256 ORDER BY sha256) FROM lake.ops.files "
            "WHERE first_date IS NULL OR first_date <= ? GROUP BY feed ORDER BY feed",
            [end],
        ).fetchall()
    hashes = {feed: hashlib.sha256("\n".join(names).encode()).hexdigest() for feed, names in files}
    return int(row[0]), hashes


def _refuse_failures(results: Iterable[NodeResult]) -> None:
    failed = [result for result in results if result.failed]
    if not failed:
        return
    # a broken model skips what follows; a test fails only where its model was built
    first = min(failed, key=lambda result: result.kind != "model")
    others = f" ({len(failed) - 1} more failed)" if len(failed) > 1 else ""
    raise BuildFailed(
        f"{first.kind} '{first.name}' failed{others}: {first.message} Nothing was published; "
        "mend the model or its input, then build again."
    )


def _record(
    settings: Settings,
    directory: Path,
    results: Sequence[NodeResult],
    run_id: str,
    window: DateWindow,
    input_hashes: dict[str, str],
) -> None:
    counts = _row_counts(directory / DATABASE_FILE)
    day = window.end if window.start == window.end else None
    models = [result for result in results if result.kind == "model"]
    rows = [
        outcomes.Outcome(
            run_id=run_id,
            step=STEP,
            status="ok" if result.status == "success" else "failed",
            table_name=result.name,
            partition_date=day,
            rows_in=counts.get(result.name, 0),
            rows_accepted=counts.get(result.name, 0),
            seconds=result.seconds,
            input_hashes=sorted(input_hashes.values()),
            error=None if result.status == "success" else result.message or result.status,
        )
        for result in models
    ]
    with lake.writer(settings) as con, lake.transaction(con, f"outcomes of build {window}"):
        outcomes.record(con, rows)


def _row_counts(database: Path) -> dict[str, int]:
    """Rows of every table built so far (views are not counted)."""
    if not database.is_file():
        return {}
    with duckdb.connect(str(database), read_only=True) as con:
        names = con.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal"
        ).fetchall()
        counts = {}
        for schema, table in names:
            row = con.execute(f'SELECT count(*) FROM "{schema}"."{table}"').fetchone()
            counts[table] = int(row[0]) if row else 0
    return counts


def _contents(
    directory: Path, kept: Sequence[str]
) -> tuple[dict[str, dict[date, PartitionContent]], dict[str, dict[date, PartitionContent]]]:
    """Row counts and hashes by date: of all marts, and of the kept intermediates."""
    with duckdb.connect(str(directory / DATABASE_FILE), read_only=True) as con:
        marts = con.execute(
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'marts' ORDER BY 1"
        ).fetchall()
        return (
            {name: _by_date(con, "marts", name) for (name,) in marts},
            {name: _by_date(con, "intermediate", name) for name in kept},
        )


def _by_date(
    con: duckdb.DuckDBPyConnection, schema: str, name: str
) -> dict[date, PartitionContent]:
    found = lake.content_by_date(con, f"SELECT * FROM {schema}.{name}")
    return {day: content for day, content in found.items() if day is not None}
