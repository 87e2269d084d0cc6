"""Segments of a device's track around one place, and which of them are stays."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.mobility.codes import Bools, Codes, Ints, lexical_codes, order_of
from pipelines.mobility.parameters import MobilityParameters
from pipelines.mobility.runs import Coordinates, Runs, anchored_segments, runs_of

SEGMENT_SCHEMA: dict[str, type[pl.DataType] | pl.DataType] = {
    "device_id": pl.String,
    "first_event_at": pl.Datetime("us"),
    "last_event_at": pl.Datetime("us"),
    "started_at": pl.Datetime("us"),
    "ended_at": pl.Datetime("us"),
    "event_count": pl.Int64,
    "is_stay": pl.Boolean,
    "place_id": pl.String,
    "latitude": pl.Float64,
    "longitude": pl.Float64,
    "region_id": pl.String,
}


def segments(accepted: pl.DataFrame, parameters: MobilityParameters) -> pl.DataFrame:
    """Cut every device's accepted events into segments; each event is in exactly one.

    `accepted`: `CleanedEvents.accepted` (device_id, event_at, place_id, place_latitude,
    place_longitude, region_id), whole devices, any order.

    A segment holds the events within `stay_radius_m` of its first event's place, without a gap
    over `stay_gap_s`. It is a stay when its last event is `stay_min_s` or more after its first. Its
    place is where most of its time was spent. Between two segments at most `move_gap_s` apart the
    time is shared equally; a longer gap, and the ends of the track, give `pad_s` only: started_at
    and ended_at. Returns SEGMENT_SCHEMA sorted by device_id and time.
    """
    if accepted.is_empty():
        return pl.DataFrame(schema=SEGMENT_SCHEMA)
    device, at_s, place, devices, places = _track(accepted)
    runs, _ = runs_of(device, at_s, place, parameters.stay_gap_s)
    where = Coordinates(places["place_latitude"].to_numpy(), places["place_longitude"].to_numpy())
    begins = anchored_segments(runs, where, parameters.stay_radius_m, parameters.stay_gap_s)
    start = np.flatnonzero(begins)
    last = np.append(start[1:], len(runs)) - 1
    first_s, last_s = runs.first_s[start], runs.last_s[last]
    before_s, after_s = _borders(runs.device[start], first_s, last_s, parameters)
    main = _main_places(runs, begins)
    frame = pl.DataFrame(
        {
            "device_id": devices.gather(runs.device[start]),
            "first_event_at": _instants(first_s),
            "last_event_at": _instants(last_s),
            "started_at": _instants(first_s - before_s),
            "ended_at": _instants(last_s + after_s),
            "event_count": np.add.reduceat(runs.events, start),
            "is_stay": last_s - first_s >= parameters.stay_min_s,
            "place_id": places["place_id"].gather(main),
            "latitude": places["place_latitude"].gather(main),
            "longitude": places["place_longitude"].gather(main),
            "region_id": places["region_id"].gather(main),
        }
    )
    return frame.select(pl.col(name).cast(dtype) for name, dtype in SEGMENT_SCHEMA.items())


def stays(segments_: pl.DataFrame) -> pl.DataFrame:
    """The segments that are stays, without the flag."""
    return segments_.filter("is_stay").drop("is_stay")


def _track(
    accepted: pl.DataFrame,
) -> tuple[Codes, Ints, Codes, pl.Series, pl.DataFrame]:
    """Device, second and place of every event in order; the device ids; the places by code."""
    device, devices = lexical_codes(accepted["device_id"])
    place, place_ids = lexical_codes(accepted["place_id"])
    at_s = accepted["event_at"].dt.epoch("s").to_numpy()
    if not _in_order(device, at_s, place):
        order = order_of(device, at_s, place)
        device, at_s, place = device[order], at_s[order], place[order]
    names = ["place_id", "place_latitude", "place_longitude", "region_id"]
    places = accepted.lazy().select(names).group_by("place_id").first().collect(engine="streaming")
    places = places.with_columns(pl.col("place_id", "region_id").cast(pl.String)).sort("place_id")
    if len(places) != len(place_ids):
        raise ValueError("an accepted event has no place: pass CleanedEvents.accepted")
    return device, at_s, place, devices, places


def _in_order(device: Codes, at_s: Ints, place: Codes) -> bool:
    """Whether the events are sorted already, which `clean` leaves them."""
    same_device = device[1:] == device[:-1]
    same_instant = same_device & (at_s[1:] == at_s[:-1])
    later = (at_s[1:] > at_s[:-1]) & same_device
    ordered = (device[1:] > device[:-1]) | later | (same_instant & (place[1:] >= place[:-1]))
    return bool(ordered.all())


def _borders(
    device: Codes, first_s: Ints, last_s: Ints, parameters: MobilityParameters
) -> tuple[Ints, Ints]:
    """Seconds by which each segment starts before its first and ends after its last event."""
    gap_s = first_s[1:] - last_s[:-1]
    near = (device[1:] == device[:-1]) & (gap_s <= parameters.move_gap_s)
    after = np.full(len(device), parameters.pad_s, dtype=np.int64)
    before = after.copy()
    after[:-1][near] = gap_s[near] // 2
    before[1:][near] = (gap_s - gap_s // 2)[near]
    return before, after


def _main_places(runs: Runs, begins: Bools) -> Codes:
    """The place of each segment with most time (then events, then the first in the alphabet).

    A run's time lasts to the first event of the next run of the segment.
    """
    segment = np.cumsum(begins) - 1
    until_s = runs.last_s.copy()
    inner = np.flatnonzero(~begins)
    until_s[inner - 1] = runs.first_s[inner]
    alone = np.append(begins[1:], True) & begins
    main = runs.place[begins].copy()
    several = ~alone
    if several.any():
        best = (
            pl.DataFrame(
                {
                    "segment": segment[several],
                    "place": runs.place[several],
                    "seconds": (until_s - runs.first_s)[several],
                    "events": runs.events[several],
                }
            )
            .group_by("segment", "place")
            .agg(pl.col("seconds", "events").sum())
            .sort("segment", "seconds", "events", "place", descending=[False, True, True, False])
            .unique("segment", keep="first", maintain_order=True)
        )
        main[best["segment"].to_numpy()] = best["place"].to_numpy()
    return main


def _instants(seconds: Ints) -> pl.Series:
    return pl.Series(seconds * 1_000_000).cast(pl.Datetime("us"))
