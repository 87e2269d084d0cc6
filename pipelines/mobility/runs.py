"""Sequences cut without a loop over devices: runs at one place, and segments around an anchor.

All arrays are sorted by device, then time. `anchored_segments` is the algorithm of Hariharan &
Toyama (2004) and Li et al. (2008), as in trackintel's `sliding` stay points: a segment starts at
its anchor and lasts while everything stays within a radius of it and no gap is too long; the first
event outside is the next anchor. Anchors depend on one another in turn, so it is done in two
vectorised steps: for every run the first run outside its radius (`_next_anchor`), then the chain of
anchors from each device's first run by pointer jumping (`_reached`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.mobility.codes import Bools, Codes, Ints, changes
from pipelines.mobility.geo import Floats, distance_m


@dataclass(frozen=True)
class Runs:
    """Consecutive events of one device at one place; times in seconds, events counted."""

    device: Codes
    place: Codes
    first_s: Ints
    last_s: Ints
    events: Ints

    def __len__(self) -> int:
        return len(self.device)


@dataclass(frozen=True)
class Coordinates:
    """Latitude and longitude in degrees, by place."""

    latitude: Floats
    longitude: Floats

    def between(self, place: Codes, other: Codes) -> Floats:
        """Metres between places, elementwise."""
        return distance_m(
            self.latitude[place],
            self.longitude[place],
            self.latitude[other],
            self.longitude[other],
        )


def runs_of(device: Codes, at_s: Ints, place: Codes, gap_s: int) -> tuple[Runs, Ints]:
    """Cut events into runs, also where two events are more than `gap_s` apart.

    Returns the runs and, for every event, the index of its run.
    """
    begins = changes(device, place)
    begins[1:] |= np.diff(at_s) > gap_s
    start = np.flatnonzero(begins)
    end = np.append(start[1:], len(device))[: len(start)]
    runs = Runs(device[start], place[start], at_s[start], at_s[end - 1], end - start)
    return runs, np.cumsum(begins) - 1


def merged(runs: Runs, keep: Bools) -> tuple[Runs, Ints]:
    """The kept runs, neighbours at one place made one; and the kept runs' new indices."""
    device, place = runs.device[keep], runs.place[keep]
    begins = changes(device, place)
    start = np.flatnonzero(begins)
    if not len(start):
        return Runs(device, place, *(np.empty(0, np.int64) for _ in range(3))), start
    end = np.append(start[1:], len(device)) - 1
    return (
        Runs(
            device[start],
            place[start],
            runs.first_s[keep][start],
            runs.last_s[keep][end],
            np.add.reduceat(runs.events[keep], start),
        ),
        np.cumsum(begins) - 1,
    )


def anchored_segments(runs: Runs, where: Coordinates, radius_m: float, gap_s: int) -> Bools:
    """True for the runs that start a segment."""
    return _reached(runs, _next_anchor(runs, where, radius_m, gap_s))


def _next_anchor(runs: Runs, where: Coordinates, radius_m: float, gap_s: int) -> Ints:
    """For every run as anchor, the first later run that cannot belong to its segment."""
    count = len(runs)
    breaks = changes(runs.device)
    breaks[1:] |= runs.first_s[1:] - runs.last_s[:-1] > gap_s
    # runs after the last are a break, so that `following` may look one past the end
    breaks = np.append(breaks, True)
    found = np.full(count, count, dtype=np.int64)
    active = np.arange(count)
    step = 0
    while len(active):
        step += 1
        following = active + step
        outside = breaks[following]
        inside = np.flatnonzero(~outside)
        apart = where.between(runs.place[active[inside]], runs.place[following[inside]])
        outside[inside] = apart > radius_m
        found[active[outside]] = following[outside]
        active = active[~outside]
    return found


def _reached(runs: Runs, following: Ints) -> Bools:
    """Runs on the chain i -> following[i] that starts at each device's first run."""
    count = len(runs)
    reached = np.append(changes(runs.device), True)
    jump = np.append(following, count)
    while True:
        targets = jump[np.flatnonzero(reached)]
        jump = jump[jump]
        if reached[targets].all():
            # nothing new at this stride; longer strides only repeat chains already walked
            return reached[:count]
        reached[targets] = True
