"""The shared installation's compose file, as the compose tool itself reads it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE_FILE = ROOT / "docker-compose.yml"
EXAMPLE = ROOT / "deploy" / "citypulse.env.example"
PINNED = re.compile(r"(@sha256:[0-9a-f]{64}|:[^:/]*\d[^:/]*)$")
AIRFLOW = {"api-server", "scheduler", "dag-processor", "triggerer"}


def compose_command() -> list[str] | None:
    """The compose tool of this machine: Docker's plugin, or the stand-alone program."""
    if shutil.which("docker"):
        found = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
        if found.returncode == 0:
            return ["docker", "compose"]
    return ["docker-compose"] if shutil.which("docker-compose") else None


def config(env_file: Path) -> subprocess.CompletedProcess[str]:
    command = compose_command()
    if command is None:
        pytest.skip("no compose tool: neither 'docker compose' nor 'docker-compose' is installed")
    names = set(re.findall(r"\$\{(\w+)", COMPOSE_FILE.read_text(encoding="utf-8")))
    environment = {name: value for name, value in os.environ.items() if name not in names}
    return subprocess.run(
        [*command, "--file", str(COMPOSE_FILE), "--env-file", str(env_file), "config"],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )


def test_the_compose_tool_accepts_the_file_with_the_example_environment() -> None:
    done = config(EXAMPLE)
    assert done.returncode == 0, done.stderr
    services = yaml.safe_load(done.stdout)["services"]
    assert set(services) == AIRFLOW | {"airflow-db", "catalog-db", "s3", "init"}
    for name in AIRFLOW:
        environment = services[name]["environment"]
        assert environment["CITYPULSE_LAKE"] == "s3://citypulse/lake"
        assert "CITYPULSE_PASSWORD_ENGINEER" not in environment


def test_the_compose_tool_refuses_to_start_without_secrets(tmp_path: Path) -> None:
    empty = tmp_path / "empty.env"
    empty.write_text("")
    done = config(empty)
    assert done.returncode != 0
    assert "set it in the env file" in done.stderr


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(COMPOSE_FILE.read_text(encoding="utf-8"))
    return loaded


def test_every_service_has_a_health_check_but_the_job(compose: dict[str, Any]) -> None:
    without = {
        name for name, service in compose["services"].items() if "healthcheck" not in service
    }
    assert without == {"init"}


def test_images_are_pinned_and_the_s3_server_is_one_variable(compose: dict[str, Any]) -> None:
    images = {name: service["image"] for name, service in compose["services"].items()}
    variable, default = re.fullmatch(r"\$\{(\w+):-(.+)\}", images.pop("s3")).groups()  # type: ignore[union-attr]
    assert variable == "S3_IMAGE"
    others = [image for image in images.values() if not image.startswith("citypulse:")]
    base = re.findall(r"^FROM (\S+)", (ROOT / "deploy/Dockerfile").read_text(), re.MULTILINE)
    for image in [default, *others, *base]:
        assert PINNED.search(image), image
        assert not image.endswith("latest")


def test_no_secret_is_in_the_file(compose: dict[str, Any]) -> None:
    secret = re.compile("PASSWORD$|SECRET|FERNET|ACCESS_KEY")
    for name, service in compose["services"].items():
        for key, value in (service.get("environment") or {}).items():
            if secret.search(key):
                assert re.fullmatch(r"\$\{\w+:\?[^}]+\}", str(value)), f"{name}: {key}"


def test_what_must_survive_is_in_named_volumes(compose: dict[str, Any]) -> None:
    mounted = {
        volume.split(":")[0]
        for service in compose["services"].values()
        for volume in service.get("volumes", [])
        if not volume.startswith("$")
    }
    assert mounted == set(compose["volumes"])


def test_settings_in_the_file_are_settings_of_the_project(compose: dict[str, Any]) -> None:
    from pipelines.settings import Settings

    environment = compose["services"]["scheduler"]["environment"]
    names = {key for key in environment if key.startswith("CITYPULSE_")}
    known = {f"CITYPULSE_{name.upper()}" for name in Settings.model_fields}
    assert names <= known, json.dumps(sorted(names - known))
