"""The daily report, whenever a data date has been released."""

from __future__ import annotations

from airflow.sdk import DAG, Param, PartitionedAssetTimetable, get_current_context, task
from citypulse_shared import RELEASE, data_date, date_param, default_args, plain_failures

DOC = """
### Daily report

Follows every release of a data date (**partition key**) and writes the report of that date from
that one release. To write it again, trigger it with the date; `release` picks an older release,
`language` is `zh` or `en`.
"""

with DAG(
    dag_id="report",
    description="The daily report of a data date from one release",
    doc_md=DOC,
    schedule=PartitionedAssetTimetable(assets=RELEASE),
    catchup=False,
    max_active_runs=1,
    default_args=default_args(),
    tags=["citypulse", "report"],
    params={
        "data_date": date_param(),
        "release": Param(
            None, type=["null", "integer"], minimum=1, title="Release (default: the newest)"
        ),
        "language": Param("zh", type="string", enum=["zh", "en"], title="Language"),
    },
):

    @task(pool="lake_writer")
    def render() -> str:
        from pipelines.report import render
        from pipelines.settings import load_settings

        context = get_current_context()
        day = data_date(context)
        params = context["params"]
        with plain_failures():
            path = render(
                load_settings(),
                day,
                release=params["release"],
                lang=params["language"],
                run_id=context["run_id"],
            )
        return str(path)

    render()
