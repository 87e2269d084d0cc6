"""What the DAGs share: schedule, assets, the data date of a run, retries, failure outcomes.

Everything heavy (polars, duckdb, dbt) is imported inside tasks, never when a DAG file is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from airflow.sdk import Asset, CronPartitionTimetable, Param
from airflow.sdk.exceptions import AirflowFailException

from pipelines.dates import DateWindow, parse_date
from pipelines.errors import CityPulseError, LakeUnavailable

DATE_KEY = "%Y-%m-%d"
OWNER = "citypulse"


@cache
def schedule() -> dict[str, Any]:
    """The settings of `schedule.yaml` beside this file."""
    text = Path(__file__).with_name("schedule.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def feed_asset(feed: str) -> Asset:
    """One partition (data date) of it says: this feed has delivered that day."""
    return Asset(name=f"feed_{feed}", uri=f"citypulse://feeds/{feed}")


# One partition of it says: release that day now, whatever is missing (the cut-off has passed, or
# something came in for a day already released).
RELEASE_DUE = Asset(name="release_due", uri="citypulse://release_due")
# One partition of it says: that day's release is what readers see.
RELEASE = Asset(name="release", uri="citypulse://release")


def daily(cron: str) -> CronPartitionTimetable:
    """Runs once a day; the partition key is the data date of the day before."""
    return CronPartitionTimetable(
        cron, timezone=schedule()["timezone"], run_offset=-1, key_format=DATE_KEY
    )


def default_args(**more: Any) -> dict[str, Any]:
    """Owner, retries with exponential backoff, and the callback that records a failure."""
    return {
        "owner": OWNER,
        "retries": schedule()["retries"],
        "retry_delay": timedelta(seconds=schedule()["retry_delay_seconds"]),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(seconds=schedule()["max_retry_delay_seconds"]),
        "on_failure_callback": record_failure,
        **more,
    }


def date_param() -> Param:
    """The data date of a run started by hand without a partition key."""
    return Param(
        None,
        type=["null", "string"],
        format="date",
        title="Data date",
        description="Only for a run without a partition key, which otherwise is the data date.",
    )


def data_date(context: Any) -> date:
    """The run's data date: its partition key, else the param `data_date`; never the clock."""
    key = context["dag_run"].partition_key or context["params"].get("data_date")
    if not key:
        raise AirflowFailException(
            "this run has no data date: trigger it with a partition key, or with the param "
            "data_date, e.g. 2020-02-18."
        )
    try:
        return parse_date(key)
    except CityPulseError as error:
        raise AirflowFailException(str(error)) from None


def run_window(context: Any) -> DateWindow:
    """The window of the run: its params `from` and `to` when it has them, else its data date."""
    params = context["params"]
    if "from" not in params:
        day = data_date(context)
        return DateWindow(day, day)
    with plain_failures():
        return DateWindow(parse_date(params["from"]), parse_date(params["to"]))


@contextmanager
def plain_failures() -> Iterator[None]:
    """Expected failures stop the task at once; only a lake out of reach is worth a retry."""
    try:
        yield
    except LakeUnavailable:
        raise
    except CityPulseError as error:
        raise AirflowFailException(str(error)) from None


def record_failure(context: Any) -> None:
    """Write the failed task into `ops.outcomes`, where `citypulse status` shows it."""
    from pipelines.freshness import note
    from pipelines.outcomes import Outcome
    from pipelines.settings import load_settings

    run = context["dag_run"]
    key = run.partition_key or context["params"].get("data_date")
    task = context["ti"]
    note(
        load_settings(),
        [
            Outcome(
                run_id=run.run_id,
                step=f"{task.dag_id}.{task.task_id}",
                status="failed",
                feed=context["params"].get("feed"),
                partition_date=parse_date(key) if key else None,
                error=str(context.get("exception") or "failed without an exception"),
            )
        ],
    )
