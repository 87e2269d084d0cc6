"""The three tasks that turn a run's window of data dates into a release."""

from __future__ import annotations

from typing import Any

from airflow.sdk import Asset, TaskGroup, get_current_context, task, task_group
from citypulse_shared import RELEASE, plain_failures, run_window


def build_gate_publish(outlets: list[Asset]) -> TaskGroup:
    """build -> gate -> publish of the run's window.

    When `outlets` names the release asset, its partition of the window's last date is announced.
    """

    @task(pool="build")
    def build() -> None:
        from pipelines.build import build
        from pipelines.settings import load_settings

        context = get_current_context()
        with plain_failures():
            build(load_settings(), run_window(context), run_id=context["run_id"])

    @task(pool="build")
    def gate() -> None:
        from pipelines.build import find_candidate
        from pipelines.gate import gate
        from pipelines.settings import load_settings

        context = get_current_context()
        settings = load_settings()
        with plain_failures():
            candidate = find_candidate(settings, run_window(context).end)
            gate(settings, candidate, run_id=context["run_id"]).raise_if_refused()

    @task(pool="lake_writer", outlets=outlets)
    def publish(*, outlet_events: Any = None) -> int:
        from pipelines.build import find_candidate
        from pipelines.gate import last_result
        from pipelines.publish import publish
        from pipelines.settings import load_settings

        context = get_current_context()
        settings, end = load_settings(), run_window(context).end
        with plain_failures():
            candidate = find_candidate(settings, end)
            result = last_result(candidate)
            release = publish(settings, candidate, result, run_id=context["run_id"])
        if RELEASE in outlets:
            outlet_events[RELEASE].add_partitions(str(end))
            outlet_events[RELEASE].extra["release"] = release.release
        return release.release

    @task_group(group_id="make_release", prefix_group_id=False)
    def make_release() -> None:
        build() >> gate() >> publish()

    return make_release()
