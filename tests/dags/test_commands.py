"""The two commands: what they list, how they set up, what they say when they cannot."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The files that setting up needs, in a folder without `.venv`."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "setup.sh", tmp_path / "scripts")
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def run(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_lists_every_target() -> None:
    listed = set(re.findall(r"make ([a-z-]+)", run(ROOT, "make", "help").stdout))
    wanted = {"run", "test", "test-slow", "help", "airflow", "lint", "bench", "clean", "lock"}
    assert wanted <= listed


def test_without_a_fitting_python_one_sentence_says_so(copy: Path) -> None:
    done = run(copy, "make", "run", PYTHON="no-such-python")
    assert done.returncode != 0
    assert "needs Python 3.11 or 3.12 and found none" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (copy / ".venv").exists()


def test_nothing_is_installed_when_the_lock_has_not_changed(copy: Path) -> None:
    python = copy / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch(mode=0o755)
    lock = (copy / "requirements.lock").read_bytes() + (copy / "pyproject.toml").read_bytes()
    checksum = subprocess.run(["cksum"], input=lock, capture_output=True, check=True).stdout
    (copy / ".venv" / ".installed").write_bytes(checksum)
    done = run(copy, "sh", "scripts/setup.sh", PYTHON="no-such-python")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (copy / "requirements.lock").write_text("# changed\n")
    assert run(copy, "sh", "scripts/setup.sh", PYTHON="no-such-python").returncode == 1


def test_the_lock_is_hashed_and_no_file_names_an_index() -> None:
    index = re.compile(r"--(extra-)?index-url|--find-links|\[\[tool\.uv\.index\]\]")
    for name in ("requirements.lock", "deploy/drivers.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        pinned = re.findall(r"^[A-Za-z0-9][\w.\[\]-]*==\S+.*$", text, re.MULTILINE)
        assert pinned
        assert all(line.endswith("\\") for line in pinned), name  # a hash follows
    for name in (
        "requirements.lock", "deploy/drivers.lock", "pyproject.toml", "Makefile",
        "scripts/setup.sh", "deploy/Dockerfile", ".ci/run", "docker-compose.yml",
    ):  # fmt: skip
        assert not index.search((ROOT / name).read_text(encoding="utf-8")), name


def test_shell_scripts_parse() -> None:
    for shell, script in (("bash", ".ci/run"), ("sh", "scripts/setup.sh")):
        done = run(ROOT, shell, "-n", script)
        assert done.returncode == 0, done.stderr
        assert os.access(ROOT / script, os.X_OK)
