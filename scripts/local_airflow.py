"""A real Airflow on one machine: scheduler with LocalExecutor, SQLite metadata, one folder.

Everything it writes is under `.airflow/` in `CITYPULSE_HOME`. It listens on 127.0.0.1 only, and
there everybody is an administrator; the shared installation (`docker-compose.yml`) has users.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parent.parent
# in this order: tasks need the API server, the scheduler needs parsed DAGs; a triggerer is left
# out, as no task here defers
COMPONENTS = ("api-server", "dag-processor", "scheduler")
FIRST_PORT = 8080
TASKS = "task_instances"
READY_TIMEOUT_S = 120
STOP_TIMEOUT_S = 20


class AirflowUnavailable(Exception):
    """Airflow does not start or answer; the message says why and names the log."""


class LocalAirflow:
    """Airflow's components, started on entry (or by `start`), stopped on exit; and its REST API.

    `home` is Airflow's folder; tasks run with its parent as `CITYPULSE_HOME`.
    """

    def __init__(
        self,
        home: Path,
        *,
        dags: Path = ROOT / "dags",
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.home = home.resolve()
        self.logs = self.home / "logs"
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._env = os.environ | self._airflow_env(dags) | dict(env or {})
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._client = httpx.Client(base_url=self.url, timeout=30)

    def _airflow_env(self, dags: Path) -> dict[str, str]:
        return {
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": "3",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self.port),
            "AIRFLOW__API__BASE_URL": self.url,
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API__SECRET_KEY": self._secret("api"),
            "AIRFLOW__API_AUTH__JWT_SECRET": self._secret("jwt"),
            "AIRFLOW__CORE__FERNET_KEY": "",
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
            "CITYPULSE_HOME": str(self.home.parent),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        }

    def _secret(self, name: str) -> str:
        path = self.home / f"{name}.secret"
        if not path.exists():
            self.home.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(64))
        return path.read_text()

    def start(self) -> None:
        """Set up what is missing, start every component and wait until all are healthy."""
        self.logs.mkdir(parents=True, exist_ok=True)
        self._run_to_end("prepare", [sys.executable, str(ROOT / "scripts" / "prepare_airflow.py")])
        try:
            for name in COMPONENTS:
                self._start(name)
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> LocalAirflow:
        if not self._processes:
            self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def log(self, component: str) -> Path:
        return self.logs / f"{component}.log"

    def _run_to_end(self, name: str, command: list[str]) -> None:
        with self.log(name).open("wb") as log:
            done = subprocess.run(
                command, env=self._env, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, check=False
            )
        if done.returncode:
            raise AirflowUnavailable(
                f"Airflow's metadata database could not be set up; the reason is in "
                f"{self.log(name)}."
            )

    def _start(self, name: str) -> None:
        with self.log(name).open("wb") as log:
            self._processes[name] = subprocess.Popen(
                [str(Path(sys.executable).with_name("airflow")), name],
                env=self._env,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # its own group, so that its children end with it
            )

    def check_alive(self) -> None:
        """Raise `AirflowUnavailable` when a component has ended."""
        for name, process in self._processes.items():
            if process.poll() is not None:
                raise AirflowUnavailable(
                    f"Airflow's {name} ended with status {process.returncode}; the reason is in "
                    f"{self.log(name)}."
                )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_TIMEOUT_S
        while time.monotonic() < deadline:
            self.check_alive()
            if self._healthy():
                return
            time.sleep(0.5)
        raise AirflowUnavailable(
            f"Airflow was not ready after {READY_TIMEOUT_S} s; its logs are in {self.logs}."
        )

    def _healthy(self) -> bool:
        try:
            health = self._client.get("/api/v2/monitor/health").json()
        except (httpx.HTTPError, ValueError):
            return False
        parts = ("metadatabase", "scheduler", "dag_processor")
        return all((health.get(part) or {}).get("status") == "healthy" for part in parts)

    def stop(self) -> None:
        """End every component and its children: politely first, then not."""
        alive = [p for p in self._processes.values() if p.poll() is None]
        deadline = time.monotonic() + STOP_TIMEOUT_S
        # the API server last: the others say goodbye to it
        for process in reversed(alive):
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, deadline - time.monotonic()))
            _signal_group(process, signal.SIGKILL)
            process.wait()
        self._processes.clear()

    def log_in(self, user: str, password: str) -> None:
        """Make the calls that follow as this user; for an Airflow started with users of its own."""
        body = {"username": user, "password": password}
        token = _accepted(self._client.post("/auth/token", json=body))["access_token"]
        self._client.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        """One REST call under `/api/v2`."""
        try:
            return self._client.request(method, f"/api/v2{path}", json=body)
        except httpx.HTTPError as error:
            self.check_alive()
            raise AirflowUnavailable(
                f"Airflow's page {self.url} does not answer ({error}); its logs are in {self.logs}."
            ) from None

    def get(self, path: str) -> dict[str, Any]:
        """GET that must succeed."""
        return _accepted(self.call("GET", path))

    def pause(self, dag_id: str, *, paused: bool) -> None:
        _accepted(self.call("PATCH", f"/dags/{dag_id}", {"is_paused": paused}))

    def trigger(
        self,
        dag_id: str,
        run_id: str,
        *,
        partition_key: str | None = None,
        conf: Mapping[str, Any] | None = None,
    ) -> bool:
        """Start a run under a name of its own; False when a run of that name exists already."""
        body = {"dag_run_id": run_id, "logical_date": None, "conf": dict(conf or {})}
        if partition_key:
            body["partition_key"] = partition_key
        response = self.call("POST", f"/dags/{dag_id}/dagRuns", body)
        if response.status_code == httpx.codes.CONFLICT:
            return False
        _accepted(response)
        return True

    def wait_for_dags(self, dag_ids: Collection[str]) -> None:
        """Until the DAG processor has read these DAGs; raise naming the errors when it cannot."""
        deadline = time.monotonic() + READY_TIMEOUT_S
        while time.monotonic() < deadline:
            self.check_alive()
            known = {dag["dag_id"] for dag in self.get("/dags?limit=100")["dags"]}
            if known >= set(dag_ids):
                return
            time.sleep(0.5)
        errors = [error["filename"] for error in self.get("/importErrors")["import_errors"]]
        raise AirflowUnavailable(
            f"Airflow knows no DAG {', '.join(sorted(set(dag_ids) - known))}; files with import "
            f"errors: {', '.join(errors) or 'none'}; the reason is in {self.log('dag-processor')}."
        )

    def all_runs(self) -> list[dict[str, Any]]:
        """Every DAG's runs, oldest first."""
        found: list[dict[str, Any]] = self.get("/dags/~/dagRuns?limit=100&order_by=id")["dag_runs"]
        return found

    def all_tasks(self) -> list[dict[str, Any]]:
        """Every task instance of every run."""
        found: list[dict[str, Any]] = []
        while True:
            path = f"/dags/~/dagRuns/~/taskInstances?limit=100&offset={len(found)}"
            page = self.get(path)
            found += page[TASKS]
            if len(found) >= page["total_entries"] or not page[TASKS]:
                return found

    def retry_failed(self, dag_id: str, run_id: str) -> None:
        """Run again the failed tasks of a run; one in which nothing failed is left alone."""
        run = f"/dags/{dag_id}/dagRuns/{run_id}"
        if any(task["state"] == "failed" for task in self.get(f"{run}/taskInstances")[TASKS]):
            _accepted(self.call("POST", f"{run}/clear", {"dry_run": False, "only_failed": True}))

    def skip(self, dag_id: str, run_id: str, task_id: str) -> None:
        """Skip a task and what depends on it."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}"
        _accepted(self.call("PATCH", path, {"new_state": "skipped"}))

    def why_failed(self, dag_id: str, run_id: str) -> str:
        """One sentence naming the failed tasks of a run and where their logs are."""
        tasks = self.get(f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances")[TASKS]
        failed = [task["task_id"] for task in tasks if task["state"] == "failed"]
        folder = self.logs / f"dag_id={dag_id}" / f"run_id={run_id}"
        return f"{dag_id} failed in {', '.join(failed) or 'no task'}; the log is below {folder}."


def _accepted(response: httpx.Response) -> dict[str, Any]:
    if response.is_error:
        raise AirflowUnavailable(
            f"Airflow refused {response.request.method} {response.request.url.path}: "
            f"{response.text[:300]}"
        )
    answer: dict[str, Any] = response.json()
    return answer


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def _free_port() -> int:
    """8080, or the first free port after it."""
    for port in range(FIRST_PORT, FIRST_PORT + 100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port
    raise AirflowUnavailable(f"no free port between {FIRST_PORT} and {FIRST_PORT + 99}.")
