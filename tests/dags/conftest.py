"""The DAGs, read once as Airflow reads them, with a metadata database of the tests' own."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
DAGS = ROOT / "dags"


@pytest.fixture(scope="session")
def dag_bag() -> Iterator[Any]:
    """A DagBag of `dags/`."""
    with TemporaryDirectory() as home:
        os.environ["AIRFLOW_HOME"] = home
        os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
        sys.path.insert(0, str(DAGS))
        try:
            from airflow.dag_processing.dagbag import DagBag

            yield DagBag(str(DAGS))
        finally:
            sys.path.remove(str(DAGS))


@pytest.fixture
def scripts_path(monkeypatch: pytest.MonkeyPatch) -> Path:
    """`scripts/`, importable."""
    monkeypatch.syspath_prepend(ROOT / "scripts")
    return ROOT / "scripts"
