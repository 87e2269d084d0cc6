"""What scoring reads: the lake as it stands (its newest release) and the truth's tables."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import polars as pl


@dataclass(frozen=True)
class View:
    """The lake and the truth of one city."""

    con: duckdb.DuckDBPyConnection
    truth: Path
    start: date
    end: date

    @classmethod
    def open(cls, con: duckdb.DuckDBPyConnection, truth: Path) -> View:
        """Read the manifest's window."""
        manifest = json.loads((truth / "manifest.json").read_text(encoding="utf-8"))
        start, end = date.fromisoformat(manifest["start"]), date.fromisoformat(manifest["end"])
        return cls(con, truth, start, end)

    def known(self, table: str) -> pl.DataFrame:
        """A truth table."""
        return pl.read_parquet(self.truth / f"{table}.parquet")

    def query(self, sql: str, *parameters: object) -> pl.DataFrame:
        """Rows of the lake."""
        return self.con.execute(sql, parameters).pl()

    def mart(self, name: str) -> pl.DataFrame | None:
        """A mart within the truth's window; None when it was never published or is empty."""
        found = self.con.execute(
            "SELECT count(*) FROM duckdb_tables() "
            "WHERE database_name = 'lake' AND schema_name = 'marts' AND table_name = ?",
            [name],
        ).fetchone()
        if not found or not found[0]:
            return None
        rows = self.query(
            f"SELECT * FROM lake.marts.{name} WHERE data_date BETWEEN ? AND ?",
            self.start,
            self.end,
        )
        return rows if rows.height else None

    def lost_dates(self, feed: str, table: str) -> list[date]:
        """Dates of which a file of the table never arrived in a readable form."""
        faults = self.known("faults").filter(
            "is_lost", pl.col("feed") == feed, pl.col("table_name") == table
        )
        return faults["data_date"].unique().sort().to_list()
