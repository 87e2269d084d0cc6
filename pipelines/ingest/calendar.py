"""`bronze.calendar`: generated, not delivered; written once."""

from __future__ import annotations

import duckdb

from pipelines.feeds.contract import all_tables
from pipelines.feeds.reference.calendar import calendar_frame
from pipelines.ingest.config import ingest_config
from pipelines.lake import transaction

GENERATED_BY = "generated"


def write_calendar(con: duckdb.DuckDBPyConnection) -> bool:
    """Fill `bronze.calendar` if it is empty; True if it was."""
    found = con.execute("SELECT count(*) FROM lake.bronze.calendar").fetchone()
    if found is not None and found[0]:
        return False
    years = ingest_config().calendar
    frame = calendar_frame(years.start, years.end)
    columns = ", ".join(f'"{c.name}"' for c in all_tables()["calendar"].columns)
    with transaction(con, "write the calendar"):
        con.register("days", frame.to_arrow())
        con.execute(
            f"INSERT INTO lake.bronze.calendar ({columns}, provider, source_sha256, source_line) "
            f"SELECT {columns}, '{GENERATED_BY}', NULL, NULL FROM days"
        )
        con.unregister("days")
    return True
