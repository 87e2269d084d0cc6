"""What look-ups read from the lake: bronze rows of a window, registers, the dated risk list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl

from pipelines.dates import CITY_TIMEZONE, DateWindow
from pipelines.mobility.cleaning import clean
from pipelines.mobility.movement import Movement, movement
from pipelines.mobility.parameters import MobilityParameters
from pipelines.settings import PROJECT_ROOT

SEEDS = PROJECT_ROOT / "dbt" / "seeds"
_EVENT_COLUMNS = (
    "device_id", "event_at", "cell_id", "latitude", "longitude", "event_type", "carrier",
    "data_date",
)  # fmt: skip


def events(
    con: duckdb.DuckDBPyConnection, window: DateWindow, devices: Sequence[str] | None = None
) -> pl.DataFrame:
    """bronze.events of the window's dates: of these devices (pseudonyms), or of all."""
    chosen = "" if devices is None else "AND list_contains(?, device_id)"
    more = [] if devices is None else [list(devices)]
    return con.execute(
        f"SELECT {', '.join(_EVENT_COLUMNS)} FROM lake.bronze.events "
        f"WHERE data_date BETWEEN ? AND ? {chosen}",
        [window.start, window.end, *more],
    ).pl()


def segments(
    con: duckdb.DuckDBPyConnection,
    window: DateWindow,
    parameters: MobilityParameters,
    devices: Sequence[str] | None = None,
) -> pl.DataFrame:
    """Where these devices (or all) were in the window: `mobility.stays.segments` of its events."""
    return tracks(con, window, parameters, devices).segments


def tracks(
    con: duckdb.DuckDBPyConnection,
    window: DateWindow,
    parameters: MobilityParameters,
    devices: Sequence[str] | None = None,
) -> Movement:
    """Segments and device days of these devices (or all) in the window."""
    return movement(
        events(con, window, devices).lazy(), cells(con), parameters, data_until=_end(window)
    )


def accepted(
    con: duckdb.DuckDBPyConnection,
    window: DateWindow,
    parameters: MobilityParameters,
    devices: Sequence[str] | None = None,
) -> pl.DataFrame:
    """The events of these devices (or all) in the window that cleaning accepts."""
    rows = events(con, window, devices)
    return clean(rows, cells(con), parameters, data_until=_end(window)).accepted


def seen_with(
    con: duckdb.DuckDBPyConnection,
    window: DateWindow,
    devices: Sequence[str],
    cell_groups: pl.DataFrame,
    slice_s: int | None = None,
) -> list[str]:
    """Devices with an event where one of `devices` had one in the window; those included.

    `cell_groups`: cell_id, place; cells of one place are one. With `slice_s` also in the same
    slice of time. Events that give positions instead of cells may have been anywhere.
    """
    con.register("cell_groups", cell_groups.select("cell_id", "place").to_arrow())
    slice_ = "NULL" if slice_s is None else f"epoch(event_at)::BIGINT // {int(slice_s)}"
    return (
        con.execute(
            f"""WITH seen AS (
                  SELECT e.device_id, g.place, {slice_} AS slice
                  FROM lake.bronze.events AS e LEFT JOIN cell_groups AS g USING (cell_id)
                  WHERE e.data_date BETWEEN $first AND $last),
                index_places AS (
                  SELECT DISTINCT place, slice FROM seen WHERE list_contains($devices, device_id))
                SELECT DISTINCT s.device_id
                FROM seen AS s LEFT JOIN index_places AS i
                  ON s.place = i.place AND s.slice IS NOT DISTINCT FROM i.slice
                WHERE i.place IS NOT NULL OR s.place IS NULL
                ORDER BY 1""",
            {"first": window.start, "last": window.end, "devices": list(devices)},
        )
        .pl()["device_id"]
        .to_list()
    )


def _end(window: DateWindow) -> datetime:
    """The UTC instant at which the window's last local day ends."""
    after = datetime.combine(window.end + timedelta(days=1), datetime.min.time(), CITY_TIMEZONE)
    return after.astimezone(UTC).replace(tzinfo=None)


def cells(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """bronze.cells."""
    return con.execute("SELECT * FROM lake.bronze.cells").pl()


def regions(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """region_id, name_zh, level, parent_id of bronze.regions."""
    return con.execute("SELECT region_id, name_zh, level, parent_id FROM lake.bronze.regions").pl()


def trips(con: duckdb.DuckDBPyConnection, window: DateWindow) -> pl.DataFrame:
    """bronze.trips of services that left in the window or on the day before (past midnight)."""
    wide = window.extended_back(1)
    return con.execute(
        "SELECT * EXCLUDE (provider, source_sha256, source_line) FROM lake.bronze.trips "
        "WHERE service_date BETWEEN ? AND ?",
        [wide.start, wide.end],
    ).pl()


def lunar_new_years(folder: Path = SEEDS) -> list[date]:
    """First days of the first lunar month."""
    return pl.read_csv(folder / "lunar_new_year.csv", try_parse_dates=True)[
        "new_year_date"
    ].to_list()


def risk_areas(folder: Path = SEEDS) -> pl.DataFrame:
    """The dated list: region_id, risk_level, severity, valid_from_date, valid_to_date."""
    areas = pl.read_csv(
        folder / "risk_areas.csv",
        schema_overrides={"region_id": pl.String},
        try_parse_dates=True,
    )
    dates = pl.col("valid_from_date", "valid_to_date").cast(pl.Date)
    return areas.with_columns(dates).join(
        risk_levels(folder).select("risk_level", "severity"), on="risk_level"
    )


def risk_levels(folder: Path = SEEDS) -> pl.DataFrame:
    """risk_level, severity, is_unlisted."""
    return pl.read_csv(folder / "risk_levels.csv").select("risk_level", "severity", "is_unlisted")
