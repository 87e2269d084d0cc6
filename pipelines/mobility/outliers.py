"""Movement that no device makes: oscillation between cells (ping-pong) and impossible jumps.

Both work on runs (consecutive events of a device at one place), for all devices at once.
"""

from __future__ import annotations

import numpy as np

from pipelines.mobility.codes import Bools, Ints, changes
from pipelines.mobility.parameters import MobilityParameters
from pipelines.mobility.runs import Coordinates, Runs, merged


def ping_pong(runs: Runs, parameters: MobilityParameters) -> Bools:
    """Runs to drop: B of each A-B-A whose two A are at most `ping_pong_s` apart.

    Longer oscillations (A-B-A-B...) are one chain: the place with more events in the chain wins,
    the first one on a tie, and the other place's runs inside the chain go. A chain's two ends stay:
    before and after it the device may really have been there.
    """
    middle = np.zeros(len(runs), dtype=np.bool_)
    if len(runs) < 3:  # A-B-A are three
        return middle
    device, place = runs.device, runs.place
    middle[1:-1] = (
        (device[:-2] == device[2:])
        & (place[:-2] == place[2:])
        & (place[1:-1] != place[2:])
        & (runs.first_s[2:] - runs.last_s[:-2] <= parameters.ping_pong_s)
    )
    middles = np.flatnonzero(middle)
    if not len(middles):
        return middle
    begins = np.append(True, np.diff(middles) > 1)
    chain = np.cumsum(begins) - 1
    first = middles[begins] - 1
    last = middles[np.append(begins[1:], True)] + 1
    a_wins = _events_at_first(runs, first, last) >= _events_at_first(runs, first + 1, last)
    # A is at both ends of a chain of odd length: then the rule's A-B-A -> A decides
    a_wins |= (last - first) % 2 == 0
    is_a = (middles - first[chain]) % 2 == 0
    dropped = np.zeros(len(runs), dtype=np.bool_)
    dropped[middles] = is_a != a_wins[chain]
    return dropped


def _events_at_first(runs: Runs, first: Ints, last: Ints) -> Ints:
    """Events of every second run from `first` to `last`, by chain."""
    even = np.where(np.arange(len(runs)) % 2 == 0, runs.events, 0)
    odd = runs.events - even
    sums = [np.append(0, np.cumsum(each)) for each in (even, odd)]
    of_even, of_odd = (to[last + 1] - to[first] for to in sums)
    found: Ints = np.where(first % 2 == 0, of_even, of_odd)
    return found


def implausible_jumps(
    runs: Runs, keep: Bools, where: Coordinates, parameters: MobilityParameters
) -> Bools:
    """Runs to drop: those reached and left by jumps nothing makes.

    A jump is implausible when longer than `jump_distance_m` and faster than `jump_speed_m_s`. Jumps
    cut a device's track into pieces. A piece is dropped if it is too short to be a stay
    (`stay_min_s`) and
    - it lies between two pieces that fit together without it, or
    - it is the first or last one, its neighbour is not dropped and has at least as many events
      (of two equal pieces the later goes).
    So the far end of a flight, where people stay, survives, whatever the aircraft's speed.
    """
    kept, index = merged(runs, keep)
    run = np.arange(len(kept))
    pieces = _implausible(kept, run[1:], run[:-1], where, parameters)
    begins = changes(kept.device)
    new_device = begins.copy()
    begins[1:] |= pieces
    first = np.flatnonzero(begins)
    last = np.append(first[1:], len(kept))[: len(first)] - 1
    dropped = _dropped_pieces(kept, first, last, new_device[first], where, parameters)
    of_run = np.zeros(len(runs), dtype=np.bool_)
    of_run[keep] = dropped[np.cumsum(begins) - 1][index] if len(first) else False
    return of_run


def _implausible(
    runs: Runs, later: Ints, earlier: Ints, where: Coordinates, parameters: MobilityParameters
) -> Bools:
    """Whether going from each earlier run to the later one of the same device is impossible."""
    seconds = runs.first_s[later] - runs.last_s[earlier]
    metres = where.between(runs.place[earlier], runs.place[later])
    jumps: Bools = (
        (runs.device[later] == runs.device[earlier])
        & (metres > parameters.jump_distance_m)
        & (metres > parameters.jump_speed_m_s * seconds)
    )
    return jumps


def _dropped_pieces(
    runs: Runs,
    first: Ints,
    last: Ints,
    is_first: Bools,
    where: Coordinates,
    parameters: MobilityParameters,
) -> Bools:
    count = len(first)
    if count == 0:
        return np.zeros(0, dtype=np.bool_)
    is_last = np.append(is_first[1:], True)
    events_to = np.append(0, np.cumsum(runs.events))
    events = events_to[last + 1] - events_to[first]
    short = runs.last_s[last] - runs.first_s[first] < parameters.stay_min_s
    before, after = np.maximum(np.arange(count) - 1, 0), np.minimum(np.arange(count) + 1, count - 1)
    inner = short & ~is_first & ~is_last
    inner &= ~_implausible(runs, first[after], last[before], where, parameters)
    opening = short & is_first & ~is_last & ~inner[after] & (events < events[after])
    closing = short & is_last & ~is_first & ~inner[before] & ~opening[before]
    closing &= events <= events[before]
    dropped: Bools = inner | opening | closing
    return dropped
