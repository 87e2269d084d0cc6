"""One ingest DAG a feed, all from one factory: wait, archive and ingest, check.

A feed of the contracts in `pipelines/feeds/` gets its DAG by being there.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, AssetAlias, Param, PokeReturnValue, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException
from citypulse_shared import (
    RELEASE_DUE,
    daily,
    data_date,
    date_param,
    default_args,
    feed_asset,
    plain_failures,
    schedule,
)

from pipelines.feeds.contract import Feed, all_feeds

DOC = """
### Ingest {feed}

{purpose}

**Partition key** = data date (`YYYY-MM-DD`). The run of D waits until D's files are in
`<landing>/{feed}/` and have stopped growing, archives their bytes, reads, checks and
pseudonymises the rows, and replaces the partitions they touch. Tables: {tables}.

| task | does | pool |
|---|---|---|
| `wait` | looks at the folder, giving its slot back in between | |
| `ingest` | archive, read, quarantine, write; a file seen before is a no-op | `ingest` |
| `check` | rows of D against the contract's expected volume; announces `feed_{feed}` | |

Run it again for any date: the same files give the same content. When D has been released already
and the run brought something new, the release of D is made again.
"""


def ingest_dag(feed: Feed) -> DAG:
    """The DAG of one feed."""
    with DAG(
        dag_id=f"ingest_{feed.name}",
        description=f"Files of feed {feed.name} into the lake",
        doc_md=DOC.format(
            feed=feed.name, purpose=feed.purpose.strip(), tables=", ".join(feed.tables)
        ),
        schedule=daily(schedule()["ingest_cron"]),
        catchup=False,
        max_active_runs=4,
        default_args=default_args(),
        tags=["citypulse", "ingest", f"feed:{feed.name}"],
        params={
            "data_date": date_param(),
            "feed": Param(feed.name, type="string", const=feed.name, title="Feed"),
            "settle_seconds": Param(
                schedule()["settle_seconds"],
                type="integer",
                minimum=0,
                maximum=3600,
                title="Seconds a file must stand still to be complete",
            ),
        },
    ) as dag:
        restated = AssetAlias(f"restated_{feed.name}")

        @task.sensor(
            poke_interval=schedule()["poll_seconds"],
            timeout=timedelta(hours=schedule()["wait_hours"]).total_seconds(),
            mode="reschedule",
            soft_fail=True,  # nothing came: the cut-off and the freshness watch have said so
        )
        def wait() -> PokeReturnValue:
            from pipelines.landing import settled_files
            from pipelines.settings import load_settings

            context = get_current_context()
            with plain_failures():
                files = settled_files(
                    load_settings(),
                    feed.name,
                    data_date(context),
                    settle_seconds=context["params"]["settle_seconds"],
                )
            return PokeReturnValue(files is not None, [str(file) for file in files or []])

        @task(pool="ingest")
        def ingest() -> bool:
            from pipelines.dates import DateWindow
            from pipelines.ingest import ingest
            from pipelines.settings import load_settings

            context = get_current_context()
            day = data_date(context)
            with plain_failures():
                outcomes = ingest(
                    load_settings(),
                    feed.name,
                    window=DateWindow(day, day),
                    run_id=context["run_id"],
                )
            return any(outcome.status == "ok" for outcome in outcomes)

        @task(outlets=[feed_asset(feed.name), restated])
        def check(brought_something: bool, *, outlet_events: Any = None) -> None:
            from pipelines.freshness import check_volume, is_released
            from pipelines.settings import load_settings

            context = get_current_context()
            settings, day = load_settings(), data_date(context)
            with plain_failures():
                check_volume(settings, feed.name, day, run_id=context["run_id"])
                released = is_released(settings, day)
            if released and not brought_something:
                raise AirflowSkipException(f"{day} is released and nothing new came in.")
            outlet_events[feed_asset(feed.name)].add_partitions(str(day))
            if released:
                outlet_events[restated].add(RELEASE_DUE)

        arrived, brought = wait(), ingest()
        arrived >> brought
        check(brought)
    return dag


for _feed in all_feeds().values():
    globals()[f"ingest_{_feed.name}"] = ingest_dag(_feed)
