"""Build, gate and publish a data date; and the cut-off after which missing feeds do not hold it."""

from __future__ import annotations

from typing import Any

from airflow.sdk import (
    DAG,
    AssetAll,
    AssetAny,
    PartitionedAssetTimetable,
    get_current_context,
    task,
)
from airflow.sdk.exceptions import AirflowSkipException
from citypulse_shared import (
    RELEASE,
    RELEASE_DUE,
    daily,
    data_date,
    date_param,
    default_args,
    feed_asset,
    plain_failures,
    schedule,
)
from release_tasks import build_gate_publish

from pipelines.feeds.contract import all_feeds

RELEASE_DOC = """
### Build and release

Starts for a data date (**partition key**) when every feed has delivered it, or when the asset
`release_due` says so: the cut-off has passed, or something came in for a day already released.

`build` (dbt in a private database) → `gate` (audit; a refusal fails at once, is not retried, and
the last good release stands) → `publish` (one transaction; the same content again is no release).
"""

CUTOFF_DOC = """
### Cut-off

At {cron} (city time) of the day after: the feeds that have not delivered the data date
(**partition key**) get an outcome `stale`, and the release goes ahead without them: their
indicators carry the last good value. Skips when nothing is missing or the day is released.
A feed that comes later has its day released again by its own ingest DAG.
"""

with DAG(
    dag_id="release",
    description="Build, audit and publish the marts of a data date",
    doc_md=RELEASE_DOC,
    schedule=PartitionedAssetTimetable(
        assets=AssetAny(AssetAll(*(feed_asset(feed) for feed in all_feeds())), RELEASE_DUE)
    ),
    catchup=False,
    max_active_runs=1,
    default_args=default_args(),
    tags=["citypulse", "release"],
    params={"data_date": date_param()},
):
    build_gate_publish(outlets=[RELEASE])

with DAG(
    dag_id="cutoff",
    description="Release a data date without the feeds that are missing",
    doc_md=CUTOFF_DOC.format(cron=f"`{schedule()['cutoff_cron']}`"),
    schedule=daily(schedule()["cutoff_cron"]),
    catchup=False,
    max_active_runs=1,
    default_args=default_args(),
    tags=["citypulse", "release"],
    params={"data_date": date_param()},
):

    @task(pool="lake_writer", outlets=[RELEASE_DUE])
    def mark_missing(*, outlet_events: Any = None) -> None:
        from pipelines.freshness import is_released, mark_missing
        from pipelines.settings import load_settings

        context = get_current_context()
        settings, day = load_settings(), data_date(context)
        with plain_failures():
            if is_released(settings, day):
                raise AirflowSkipException(f"{day} is released already.")
            missing = mark_missing(settings, day, run_id=context["run_id"])
        if not missing:
            raise AirflowSkipException(
                f"every feed has delivered {day}: its release is on its way."
            )
        outlet_events[RELEASE_DUE].add_partitions(str(day))

    mark_missing()
