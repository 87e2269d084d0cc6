"""Compact small files, expire snapshots and results of look-ups, delete what nothing refers to."""

from __future__ import annotations

from airflow.sdk import DAG, CronTriggerTimetable, Param, get_current_context, task
from citypulse_shared import default_args, plain_failures, schedule

DOC = """
### Lake maintenance

Merges small adjacent files, expires old snapshots, deletes files nothing refers to. A release
within `release_days` keeps its snapshot, and so does the snapshot it was built from, so
`citypulse sql --release N`, `diff` and `rollback` go on working. Changes no content.
`expire` deletes results of person-level look-ups whose time is over.
"""

with DAG(
    dag_id="maintenance",
    description="Compaction, snapshot expiry and clean-up of the lake",
    doc_md=DOC,
    schedule=CronTriggerTimetable(schedule()["maintenance_cron"], timezone=schedule()["timezone"]),
    catchup=False,
    max_active_runs=1,
    default_args=default_args(),
    tags=["citypulse", "maintenance"],
    params={
        "snapshot_days": Param(
            schedule()["snapshot_days"],
            type="integer",
            minimum=0,
            title="Keep every snapshot this many days",
        ),
        "release_days": Param(
            schedule()["release_days"],
            type="integer",
            minimum=1,
            title="Keep the snapshots of releases this many days",
        ),
        "orphan_days": Param(
            schedule()["orphan_days"],
            type="integer",
            minimum=0,
            title="Delete files let go this many days ago",
        ),
    },
):

    @task(pool="lake_writer")
    def maintain() -> dict[str, int]:
        from dataclasses import asdict

        from pipelines.lake.maintenance import maintain
        from pipelines.settings import load_settings

        context = get_current_context()
        params = context["params"]
        with plain_failures():
            done = maintain(
                load_settings(),
                snapshot_days=params["snapshot_days"],
                release_days=params["release_days"],
                orphan_days=params["orphan_days"],
                run_id=context["run_id"],
            )
        return asdict(done)

    @task
    def expire() -> int:
        """Results of look-ups whose time is over; each deletion is in the audit log."""
        from pipelines.investigate.results import expire
        from pipelines.settings import load_settings

        with plain_failures():
            return len(expire(load_settings()))

    maintain()
    expire()
