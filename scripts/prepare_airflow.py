"""Bring Airflow's metadata database and pools to what the DAGs need; again changes nothing."""

from __future__ import annotations

from pathlib import Path

import yaml
from airflow.models.pool import Pool
from airflow.utils import db

SCHEDULE = Path(__file__).resolve().parent.parent / "dags" / "schedule.yaml"


def main() -> None:
    """Migrate the database, then create or resize the pools of `dags/schedule.yaml`."""
    db.initdb()
    pools = yaml.safe_load(SCHEDULE.read_text(encoding="utf-8"))["pools"]
    for name, pool in pools.items():
        Pool.create_or_update_pool(name, pool["slots"], pool["description"], False)


if __name__ == "__main__":
    main()
