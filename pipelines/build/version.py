"""Which code built a candidate."""

from __future__ import annotations

import subprocess
from importlib.metadata import version

from pipelines.settings import PROJECT_ROOT


def code_version() -> str:
    """The checkout's commit (with `-dirty` when it has changes), else the package's version."""
    if (PROJECT_ROOT / ".git").exists():
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],
            cwd=PROJECT_ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if described.returncode == 0:
            return described.stdout.strip()
    return version("citypulse")
