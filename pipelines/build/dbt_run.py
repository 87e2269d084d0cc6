"""Running dbt as a subprocess on a candidate's database, and reading what it did."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.build.candidate import DATABASE_FILE
from pipelines.dates import DateWindow
from pipelines.errors import BuildFailed
from pipelines.lake import attach_sql, extension_directory, secret_sql
from pipelines.settings import PROJECT_ROOT, Settings

PROJECT = PROJECT_ROOT / "dbt"
DBT_THREADS = 2
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class NodeResult:
    """What became of one seed, model or test: `status` is dbt's word, `seconds` wall time."""

    name: str
    kind: str
    status: str
    seconds: float
    message: str

    @property
    def failed(self) -> bool:
        return self.status in ("error", "fail", "runtime error")


@dataclass(frozen=True)
class DbtRun:
    """One invocation of dbt on `directory`, with the lake pinned at `snapshot`."""

    settings: Settings
    directory: Path
    window: DateWindow
    snapshot: int

    @property
    def target(self) -> Path:
        return self.directory / "target"

    def _environment(self) -> dict[str, str]:
        settings = self.settings
        attach = attach_sql(settings, read_only=True, snapshot=self.snapshot)
        statements = [sql for sql in (secret_sql(settings), attach) if sql]
        return os.environ | {
            "CITYPULSE_CANDIDATE": str(self.directory / DATABASE_FILE),
            "CITYPULSE_DBT_THREADS": str(DBT_THREADS),
            "CITYPULSE_DUCKDB_THREADS": str(settings.threads),
            "CITYPULSE_DUCKDB_MEMORY": settings.memory_limit,
            "CITYPULSE_DUCKDB_EXTENSIONS": str(extension_directory()),
            "DBT_ENV_SECRET_OPEN_LAKE_SQL": json.dumps(statements),
            "DO_NOT_TRACK": "1",
        }

    def _command(self, arguments: Sequence[str]) -> list[str]:
        variables = {
            "window_start": self.window.start.isoformat(),
            "window_end": self.window.end.isoformat(),
            "city_region_id": self.settings.city_region_id,
        }
        return [
            *(sys.executable, "-m", "dbt.cli.main", "--log-format", "json"),
            *("--log-level-file", "none", "--no-use-colors"),
            *arguments,
            *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
            *("--target-path", str(self.target), "--log-path", str(self.directory / "logs")),
            *("--vars", json.dumps(variables, sort_keys=True)),
        ]

    def run(self, *arguments: str, progress: Progress | None = None) -> list[NodeResult]:
        """Run `dbt <arguments>`; report each finished node; return all nodes' results.

        Raises `BuildFailed` when dbt stops before it has run anything (its own words are kept).
        """
        results_file = self.target / "run_results.json"
        results_file.unlink(missing_ok=True)
        errors: list[str] = []
        with subprocess.Popen(
            self._command(arguments),
            env=self._environment(),
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            assert process.stdout is not None
            done = 0
            for line in process.stdout:
                finished = _finished_node(line, errors)
                if finished and progress:
                    done += 1
                    progress(done, *finished)
        if not results_file.is_file():
            reason = " ".join((errors or [f"exit status {process.returncode}"])[-1].split())
            raise BuildFailed(f"dbt could not start the build: {reason}")
        return _read_results(results_file)

    def manifest(self) -> dict[str, Any]:
        """dbt's manifest of the run."""
        content: dict[str, Any] = json.loads((self.target / "manifest.json").read_text("utf-8"))
        return content

    def kept_intermediates(self) -> list[str]:
        """Intermediate tables whose models say `meta: {keep: true}`."""
        return sorted(
            node["name"]
            for node in self.manifest()["nodes"].values()
            if node["resource_type"] == "model" and node["config"]["meta"].get("keep")
        )


def _finished_node(line: str, errors: list[str]) -> tuple[int, str] | None:
    """(nodes in the run, name) when a log line says that one has finished; errors are collected."""
    try:
        event = json.loads(line)
    except json.JSONDecodeError:
        errors.append(line)
        return None
    info, data = event["info"], event["data"]
    if info["level"] == "error":
        errors.append(info["msg"])
    if info["name"] not in ("LogModelResult", "LogSeedResult", "LogTestResult"):
        return None
    # tests call the number of nodes by another name
    return int(data.get("total") or data["num_models"]), data["node_info"]["node_name"]


def _read_results(path: Path) -> list[NodeResult]:
    results = json.loads(path.read_text(encoding="utf-8"))["results"]
    return [
        NodeResult(
            name=result["unique_id"].split(".")[2],
            kind=result["unique_id"].split(".")[0],
            status=result["status"],
            seconds=result["execution_time"],
            message=" ".join((result.get("message") or "").split()),
        )
        for result in results
    ]
