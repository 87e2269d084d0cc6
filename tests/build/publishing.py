"""Putting a candidate into the lake without gate and release."""

from __future__ import annotations

from pipelines import lake
from pipelines.build import Candidate
from pipelines.settings import Settings


def publish_all(settings: Settings, candidate: Candidate) -> None:
    """Replace the window's rows of every mart and kept intermediate, as a release does."""
    tables = [f"marts.{name}" for name in candidate.marts]
    tables += [f"intermediate.{name}" for name in candidate.intermediates]
    dates = [candidate.window.start, candidate.window.end]
    with lake.writer(settings) as con:
        con.execute(f"ATTACH '{candidate.database}' AS candidate (READ_ONLY)")
        with lake.transaction(con, "publish for a test"):
            for name in tables:
                new = f"FROM candidate.{name}"
                con.execute(f"CREATE TABLE IF NOT EXISTS lake.{name} AS {new} LIMIT 0")
                con.execute(f"DELETE FROM lake.{name} WHERE data_date BETWEEN ? AND ?", dates)
                con.execute(f"INSERT INTO lake.{name} BY NAME {new}")
