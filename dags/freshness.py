"""Hourly: which feeds are later than their contract promises."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, CronPartitionTimetable, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException
from citypulse_shared import default_args, plain_failures, schedule

HOUR_KEY = "%Y-%m-%dT%H:%M"

DOC = """
### Freshness watch

**Partition key** = the instant watched (city time, `YYYY-MM-DDTHH:MM`), so a past hour can be
asked again. For every feed: the newest data date that its contract's `frequency` says should be
there by then, and has not come, gets one outcome `stale` (once, not every hour). See them with
`citypulse status`.
"""

with DAG(
    dag_id="freshness",
    description="Feeds later than their contract promises",
    doc_md=DOC,
    schedule=CronPartitionTimetable(
        schedule()["freshness_cron"], timezone=schedule()["timezone"], key_format=HOUR_KEY
    ),
    catchup=False,
    max_active_runs=1,
    default_args=default_args(),
    tags=["citypulse", "watch"],
):

    @task(pool="lake_writer")
    def watch() -> list[str]:
        from pipelines.freshness import watch
        from pipelines.settings import load_settings

        context = get_current_context()
        key = context["dag_run"].partition_key
        try:
            at = datetime.strptime(key or "", HOUR_KEY).replace(
                tzinfo=ZoneInfo(schedule()["timezone"])
            )
        except ValueError:
            raise AirflowFailException(
                f"'{key}' is not an instant: trigger with a partition key like 2020-02-18T10:05."
            ) from None
        with plain_failures():
            return [
                f"{late.feed} {late.partition_date}"
                for late in watch(load_settings(), at, run_id=context["run_id"])
            ]

    watch()
