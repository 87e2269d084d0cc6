"""A person-level look-up by hand: checked, approved by two people, carried out, recorded."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import DAG, Param, get_current_context, task
from citypulse_shared import default_args, plain_failures, schedule

from pipelines.investigate.request import FEED_OF_KIND
from pipelines.investigate.rules import load_rules

DOC = """
### Person-level look-up

For bodies authorised by the health authority, for one case. Put a file of the persons (`feed,id`,
mode 600) into `subjects/` of the investigations' folder and give its **name**, so that no
identifier enters Airflow. `check` refuses an incomplete request before anybody is asked; then the
two named approvers answer under *Required actions*, each under a log-in of their own; `look_up`
refuses when one rejected, when one person answered twice, or when somebody else answered. Where
everybody is the same user (Airflow without log-in) nothing can be approved.

Every step is in the audit log (`citypulse audit show`). The result lies in the restricted folder
until it expires; Airflow sees how many rows it has and nothing else. See docs/investigations.md.
"""
QUESTION = """
Case **{{ params.case_number }}**: {{ params.requester }} asks for **{{ params.kind }}**,
purpose **{{ params.purpose }}**, dates {{ params.from or params.to }} to {{ params.to }},
{{ ti.xcom_pull(task_ids='check') }} person(s). Approvers: {{ params.approver_1 }} and
{{ params.approver_2 }}. Answer only for yourself.
"""
PERSON: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 60}
DAY: dict[str, Any] = {"format": "date"}

with DAG(
    dag_id="investigate",
    description="A person-level look-up that two people approve",
    doc_md=DOC,
    schedule=None,
    catchup=False,
    default_args=default_args(),
    tags=["citypulse", "investigation"],
    params={
        "case_number": Param(type="string", pattern=f"^{load_rules().request.case_pattern.value}$"),
        "requester": Param(**PERSON, title="Who asks"),
        "approver_1": Param(**PERSON, title="First approver (log-in name)"),
        "approver_2": Param(**PERSON, title="Second approver (log-in name)"),
        "purpose": Param(type="string", enum=list(load_rules().purposes)),
        "kind": Param(type="string", enum=list(FEED_OF_KIND)),
        "from": Param(
            None,
            type=["null", "string"],
            **DAY,
            title="First day",
            description="Fellow travellers: the day of onset or sampling.",
        ),
        "to": Param(
            type="string",
            **DAY,
            title="Last day",
            description="Travel history: the day asked about; its 14 days before are covered.",
        ),
        "subject_file": Param(
            type="string", pattern=r"^[^/\\]+$", title="File of persons in subjects/"
        ),
        "parameter_set": Param(
            "chengdu",
            type="string",
            enum=[each.name for each in load_rules().same_place.sets],
            title="Same place: parameter set",
        ),
        "is_contact": Param(False, type="boolean", title="Travel history: known contacts"),
        "no_air_filter": Param(False, type="boolean", title="Fellow travellers: no HEPA filter"),
    },
):

    @task
    def check() -> int:
        from pipelines.investigate.approval import open_request
        from pipelines.settings import load_settings

        context = get_current_context()
        with plain_failures():
            return open_request(load_settings(), context["params"], run_id=context["run_id"])

    def approval(task_id: str) -> ApprovalOperator:
        return ApprovalOperator(
            task_id=task_id,
            subject="Look-up of persons, case {{ params.case_number }}",
            body=QUESTION,
            response_timeout=timedelta(hours=schedule()["approval_hours"]),
        )

    def answers(given: list[Any]) -> list[Any]:
        """The answers there are; one that never came is left out."""
        from pipelines.investigate.approval import APPROVE, Answer

        return [
            Answer(each["responded_by_user"]["id"], each["chosen_options"] == [APPROVE])
            for each in given
            if each and each.get("responded_by_user")
        ]

    @task(pool="build")
    def look_up(first: Any, second: Any) -> dict[str, Any]:
        from pipelines.investigate.approval import decide
        from pipelines.settings import load_settings

        context = get_current_context()
        with plain_failures():
            result = decide(
                load_settings(),
                context["params"],
                answers([first, second]),
                run_id=context["run_id"],
            )
        return {name: result.manifest[name] for name in ("rows", "expires_at")}

    @task(trigger_rule="all_done")
    def turn_down() -> str | None:
        from pipelines.investigate.approval import turn_down
        from pipelines.settings import load_settings

        context = get_current_context()
        given = [
            context["ti"].xcom_pull(task_ids=task_id)
            for task_id in ("approve_first", "approve_second")
        ]
        with plain_failures():
            return turn_down(
                load_settings(), context["params"], answers(given), run_id=context["run_id"]
            )

    first, second = approval("approve_first"), approval("approve_second")
    checked = check()
    checked >> [first, second]
    carried_out = look_up(first.output, second.output)
    carried_out >> turn_down()
