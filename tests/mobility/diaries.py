"""Hand-made inputs for the mobility tests: a register of cells and events written as text."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl

from pipelines.mobility.geo import METRES_PER_DEGREE

EVENTS: dict[str, Any] = {
    "device_id": pl.String,
    "event_at": pl.Datetime("us"),
    "cell_id": pl.String,
    "latitude": pl.Float64,
    "longitude": pl.Float64,
    "event_type": pl.String,
    "carrier": pl.String,
    "data_date": pl.Date,
}
CELLS: dict[str, Any] = {
    "cell_id": pl.String,
    "latitude": pl.Float64,
    "longitude": pl.Float64,
    "region_id": pl.String,
    "valid_from_date": pl.Date,
    "valid_to_date": pl.Date,
}
DAY = date(2020, 2, 18)


def cell(
    cell_id: str,
    km_north: float | None,
    region_id: str = "990101",
    valid_from: date = date(2015, 1, 1),
    valid_to: date | None = None,
) -> dict[str, Any]:
    """A cell `km_north` of (0, 110): distances along a meridian are exact."""
    latitude = None if km_north is None else km_north * 1000 / METRES_PER_DEGREE
    longitude = None if km_north is None else 110.0
    return {
        "cell_id": cell_id,
        "latitude": latitude,
        "longitude": longitude,
        "region_id": region_id,
        "valid_from_date": valid_from,
        "valid_to_date": valid_to,
    }


def cells_frame(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=CELLS)


def local(clock: str, day: date = DAY) -> datetime:
    """The UTC instant of a time of day in Shanghai, written H:MM or H:MM:SS."""
    hours, minutes, *seconds = (int(part) for part in clock.split(":"))
    moment = timedelta(hours=hours, minutes=minutes, seconds=seconds[0] if seconds else 0)
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return (midnight + moment - timedelta(hours=8)).replace(tzinfo=None)


def diary(
    device_id: str, text: str, day: date = DAY, carrier: str = "cmcc"
) -> list[dict[str, Any]]:
    """Events from lines or words `H:MM cell`, e.g. "8:00 A 8:20 A 9:00 B"."""
    words = text.split()
    return [
        {
            "device_id": device_id,
            "event_at": local(clock, day),
            "cell_id": cell_id,
            "event_type": "data",
            "carrier": carrier,
            "data_date": day,
        }
        for clock, cell_id in zip(words[::2], words[1::2], strict=True)
    ]


def events_frame(*diaries: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame([row for rows in diaries for row in rows], schema=EVENTS)
