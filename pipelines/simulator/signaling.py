"""Signaling events: every device is seen about every forty minutes where its owner is.

Times come from equal slots, one event a slot, so no device has two events in one second and the
day is covered evenly, thinner at night.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from pipelines.simulator.movement import DAY_S, HOUR_S, Day
from pipelines.simulator.population import Ints, World
from pipelines.simulator.rng import pick, stream

NIGHT_END_S = 6 * HOUR_S
# events of one file: bounds the memory of a day whatever the number of people
CHUNK_EVENTS = 4_000_000


def cells_frame(world: World) -> pl.DataFrame:
    """`signaling.cells`."""
    cells = world.cells
    return pl.DataFrame(
        {
            "cell_id": cells.cell_id,
            "latitude": cells.latitude,
            "longitude": cells.longitude,
            "region_id": world.areas.region_id[cells.area],
            "valid_from_date": pl.Series(["2015-01-01"]).new_from_index(0, len(cells.area)),
            "valid_to_date": pl.Series([None], dtype=pl.String).new_from_index(0, len(cells.area)),
        }
    )


def _slots(rng: np.random.Generator, events: Ints, start_s: int, end_s: int) -> Ints:
    """Seconds of `events[i]` events for each device i, flattened: one in each equal slot."""
    length = (end_s - start_s) // np.maximum(events, 1)
    ends = np.cumsum(events)
    position = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - events, events)
    width = np.repeat(length, events)
    second: Ints = start_s + position * width + (rng.random(len(width)) * width).astype(np.int64)
    return second


def _event_counts(world: World, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Events at night and by day for each device."""
    config, devices = world.config.signaling, len(world.devices.person)
    # devices differ: some chatty, some nearly silent
    activity = stream(world.seed, "device activity").gamma(6.0, 1 / 6.0, devices)
    expected = config.events_per_device * activity
    night = rng.poisson(expected * config.night_share)
    daytime = rng.poisson(expected * (1 - config.night_share))
    return np.minimum(night, NIGHT_END_S // 60), np.minimum(daytime, 1080)


def _chunks(world: World) -> Iterator[slice]:
    devices = len(world.devices.person)
    size = max(1, CHUNK_EVENTS // world.config.signaling.events_per_device)
    for start in range(0, devices, size):
        yield slice(start, min(start + size, devices))


def _where(world: World, day: Day, device: Ints, second: Ints, rng: np.random.Generator) -> Ints:
    """The cell that saw each event: the place's own cell, or a near one; NONE when travelling."""
    person = world.devices.person[device]
    until, place = day.until, day.place
    segment = (
        (until[person, 0] <= second).astype(np.int8)
        + (until[person, 1] <= second)
        + (until[person, 2] <= second)
    )
    cell = place[person, segment]
    draw = rng.random(len(cell))
    share = world.config.cells.neighbour_event_share
    near = world.cells.near[cell, (draw * 2 / share).astype(np.int64).clip(0, 1)]
    seen_by: Ints = np.where((draw < share) & (cell >= 0), near, cell)
    return seen_by


def _seconds_of_day(day: Day) -> pl.Series:
    """ISO 8601 text of every second of the day in local time."""
    second = np.arange(DAY_S)
    start = np.datetime64(day.date.isoformat())
    text = (start + second.astype("timedelta64[s]")).astype(str)
    return pl.Series(text) + "+08:00"


def events_frames(world: World, day: Day) -> Iterator[pl.DataFrame]:
    """`signaling.events` of the day in pieces, ordered by second inside each piece."""
    rng = stream(world.seed, "signaling", day.date)
    night, daytime = _event_counts(world, rng)
    seconds = _seconds_of_day(day)
    texts = {
        "device_id": pl.Series(world.devices.device_id),
        "cell_id": pl.Series(world.cells.cell_id),
        "event_type": pl.Series(list(world.config.signaling.event_types)),
        "carrier": pl.Series(world.devices.carrier),
    }
    shares = list(world.config.signaling.event_types.values())
    for chunk in _chunks(world):
        index = np.arange(chunk.start, chunk.stop)
        device = np.concatenate([np.repeat(index, night[chunk]), np.repeat(index, daytime[chunk])])
        second = np.concatenate(
            [
                _slots(rng, night[chunk], 0, NIGHT_END_S),
                _slots(rng, daytime[chunk], NIGHT_END_S, DAY_S),
            ]
        )
        cell = _where(world, day, device, second, rng)
        order = np.argsort(second.astype(np.int32), kind="stable")
        order = order[cell[order] >= 0]
        device, second, cell = device[order], second[order], cell[order]
        kind = pick(rng, shares, len(order))
        nothing = pl.Series([None], dtype=pl.String).new_from_index(0, len(order))
        yield pl.DataFrame(
            {
                "device_id": texts["device_id"].gather(device),
                "event_at": seconds.gather(second),
                "cell_id": texts["cell_id"].gather(cell),
                "latitude": nothing,
                "longitude": nothing,
                "event_type": texts["event_type"].gather(kind),
                "carrier": texts["carrier"].gather(device),
            }
        )
