"""From events to tables of movement, a group of devices at a time, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from pipelines.mobility.cleaning import clean
from pipelines.mobility.coverage import cell_activity
from pipelines.mobility.daily import device_days
from pipelines.mobility.parameters import MobilityParameters
from pipelines.mobility.stays import segments

# about 250 bytes an event at the peak: half a gigabyte a group, however large the day [choice]
GROUP_EVENTS = 2_000_000


@dataclass(frozen=True)
class Movement:
    """What is kept of the events: see `clean` (counts), `segments`, `device_days`,
    `cell_activity` for the columns."""

    counts: pl.DataFrame
    segments: pl.DataFrame
    device_days: pl.DataFrame
    activity: pl.DataFrame


def movement(
    events: pl.LazyFrame,
    cells: pl.DataFrame,
    parameters: MobilityParameters,
    *,
    data_until: datetime | None = None,
    machines: pl.DataFrame | None = None,
    group_events: int = GROUP_EVENTS,
) -> Movement:
    """Clean events and reduce them to segments, device days, activity of cells, and counts.

    `events`, `cells`, `data_until`, `machines`: as `cleaning.clean`. The events are read once for
    each group of devices of about `group_events` events; the result does not depend on it.
    """
    parts = [
        _of_group(group, cells, parameters, data_until, machines)
        for group in device_groups(events, group_events)
    ]
    return Movement(
        counts=_summed([part.counts for part in parts], ["data_date", "error_code"]),
        segments=pl.concat([part.segments for part in parts]).sort("device_id", "first_event_at"),
        device_days=pl.concat([part.device_days for part in parts]).sort("device_id", "data_date"),
        activity=_summed(
            [part.activity for part in parts], ["data_date", "hour", "place_id", "region_id"]
        ),
    )


def device_groups(events: pl.LazyFrame, group_events: int) -> Iterator[pl.LazyFrame]:
    """Cut events into groups of whole devices of about `group_events` rows each."""
    rows = events.select(pl.len()).collect(engine="streaming").item()
    groups = max(1, -(-rows // group_events))
    if groups == 1:
        yield events
        return
    group_of_device = pl.col("device_id").cast(pl.String).hash(seed=0) % groups
    for group in range(groups):
        yield events.filter(group_of_device == group)


def _of_group(
    events: pl.LazyFrame,
    cells: pl.DataFrame,
    parameters: MobilityParameters,
    data_until: datetime | None,
    machines: pl.DataFrame | None,
) -> Movement:
    cleaned = clean(events, cells, parameters, data_until=data_until, machines=machines)
    accepted = cleaned.accepted
    found = segments(accepted, parameters)
    return Movement(
        counts=cleaned.counts,
        segments=found,
        device_days=device_days(accepted, found, parameters),
        activity=cell_activity(accepted, parameters),
    )


def _summed(parts: list[pl.DataFrame], keys: list[str]) -> pl.DataFrame:
    """Counts of disjoint groups of devices, added up."""
    return pl.concat(parts).group_by(keys).agg(pl.all().sum()).sort(keys)
