"""History in one go: every feed's files of a window, then one build and one release of it."""

from __future__ import annotations

from airflow.sdk import DAG, Param, get_current_context, task
from citypulse_shared import default_args, plain_failures, run_window
from release_tasks import build_gate_publish

from pipelines.feeds.contract import all_feeds

DOC = """
### Backfill

Ingests the files of all data dates from `from` to `to` (both included), a feed a mapped task,
then builds, gates and publishes the window as one release. Files seen before are no-ops, and
content that has not changed is not released again, so any window may be run any number of times.
A window in chunks (one run after the other) gives the same content as one run.

Single days of single feeds are backfilled with Airflow's own backfill of `ingest_<feed>`.
"""

with DAG(
    dag_id="backfill",
    description="Ingest and release a window of data dates",
    doc_md=DOC,
    schedule=None,
    catchup=False,
    max_active_runs=1,
    default_args=default_args(),
    tags=["citypulse", "backfill"],
    params={
        "from": Param(type="string", format="date", title="First data date"),
        "to": Param(type="string", format="date", title="Last data date"),
    },
):

    @task(pool="ingest", map_index_template="{{ feed }}")
    def ingest(feed: str) -> int:
        from pipelines.errors import NothingToDo
        from pipelines.ingest import ingest
        from pipelines.settings import load_settings

        context = get_current_context()
        context["feed"] = feed
        with plain_failures():
            try:
                outcomes = ingest(
                    load_settings(), feed, window=run_window(context), run_id=context["run_id"]
                )
            except NothingToDo:
                return 0  # a feed may have begun after the window
        return sum(outcome.rows_accepted for outcome in outcomes)

    ingest.expand(feed=list(all_feeds())) >> build_gate_publish(outlets=[])
