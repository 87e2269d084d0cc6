"""Where everybody is on one day.

A day is four segments a person: at `place[:, i]` (a cell, or NONE when travelling) until
`until[:, i]` seconds after midnight; the last one lasts to midnight. Work, outings, day trips and
the journeys of the Spring Festival are drawn from the day's own stream.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from pipelines.simulator.clock import is_workday
from pipelines.simulator.config import at
from pipelines.simulator.population import NONE, Bools, Ints, World
from pipelines.simulator.rng import pick, stream
from pipelines.simulator.season import Season, season_of

HOUR_S = 3600
DAY_S = 24 * HOUR_S


@dataclass(frozen=True)
class Journeys:
    """Trips between cities: person, cells, seconds after midnight, `neighbour` (index of the
    neighbouring city at the other end), `outbound` (leaving the city)."""

    person: Ints
    neighbour: Ints
    outbound: Bools
    depart_s: Ints
    arrive_s: Ints


@dataclass(frozen=True)
class Day:
    """One day's movement."""

    date: date
    place: Ints
    until: Ints
    present: Bools
    at_work: Bools
    venue: Ints
    journeys: Journeys

    def place_at(self, second: int) -> Ints:
        """Cell of every person at `second` after midnight."""
        segment = (self.until <= second).sum(axis=1)
        place: Ints = self.place[np.arange(len(self.place)), segment]
        return place


def main_area(world: World, day: Day) -> Ints:
    """Area where each person spends most of the day (lowest index on a tie); NONE if nowhere."""
    start = np.concatenate([np.zeros((len(day.place), 1), dtype=np.int64), day.until], axis=1)
    end = np.concatenate([day.until, np.full((len(day.place), 1), DAY_S)], axis=1)
    seconds = np.zeros((len(day.place), len(world.areas)), dtype=np.int64)
    rows = np.arange(len(day.place))
    for segment in range(day.place.shape[1]):
        area = world.area_of_cell(day.place[:, segment])
        seen = area >= 0
        np.add.at(seconds, (rows[seen], area[seen]), (end[seen, segment] - start[seen, segment]))
    return np.where(seconds.max(axis=1) > 0, seconds.argmax(axis=1), NONE)


def open_venues(world: World, day: date) -> Bools:
    """Venues open on `day`: under the epidemic most malls close and reopen one by one."""
    epidemic, venues = world.config.epidemic, world.venues
    if not epidemic.restricts(day):
        return np.ones(len(venues.venue_id), dtype=np.bool_)
    reopened = (day - epidemic.reopening_from).days >= venues.reopen_after_days
    return ~venues.closes | reopened


def working(world: World, season: Season, day: date) -> Bools:
    """Enterprises with staff on site on `day`: open, and it is a working day for them."""
    return season.is_open(day) & (is_workday(day) | world.enterprises.works_weekends)


def away(season: Season, day: date) -> Bools:
    """People who spend the whole of `day` in their hometown."""
    ordinal = day.toordinal()
    return (season.leave >= 0) & (season.leave < ordinal) & (ordinal < season.back)


def _travel_hours(world: World) -> np.ndarray:
    return np.array([each.travel_hours for each in world.config.neighbours])


def simulate_day(world: World, day: date) -> Day:
    """Everyone's day."""
    people, config = world.people, world.config
    count, rows = len(people), np.arange(len(people))
    rng = stream(world.seed, "movement", day)
    season, ordinal = season_of(world, day), day.toordinal()
    outings = at(config.epidemic.outings, day) if config.epidemic.restricts(day) else 1.0
    resident = rows < people.residents
    gone = away(season, day)
    leaves, returns = season.leave == ordinal, season.back == ordinal
    free = ~gone & ~leaves & ~returns

    at_work, work_cell = _at_work(world, season, day, free, rng)
    day_trip, trip_cell = _day_trips(world, free & ~at_work, outings, rng)
    venue = _outings(world, day, free & resident & ~day_trip, at_work, outings, rng)
    venue_cell = world.venues.cell[venue]

    home = np.where(gone | returns, people.hometown_cell, people.home_cell)
    last = np.where(leaves, people.hometown_cell, people.home_cell)
    last = np.where(gone, people.hometown_cell, last)
    place = np.stack([home, home, home, last], axis=1)
    until = np.tile(np.array([6, 12, 18]) * HOUR_S, (count, 1))

    minutes = rng.normal(0, 40, (count, 2)) * 60
    start = np.clip(8.5 * HOUR_S + minutes[:, 0], 5 * HOUR_S, 11 * HOUR_S).astype(np.int64)
    end = np.clip(17.6 * HOUR_S + minutes[:, 1], 14 * HOUR_S, 20 * HOUR_S).astype(np.int64)
    stay = (rng.uniform(0.7, 2.5, count) * HOUR_S).astype(np.int64)
    begin = (rng.uniform(9.0, 18.5, count) * HOUR_S).astype(np.int64)

    goes_out = venue >= 0
    after_work = np.where(goes_out, venue_cell, home)
    place[at_work, 1] = work_cell[at_work]
    place[at_work, 2] = after_work[at_work]
    until[at_work] = np.stack([start, end, end + stay], axis=1)[at_work]
    only_out = goes_out & ~at_work
    place[only_out, 1] = venue_cell[only_out]
    until[only_out] = np.stack([begin, begin + stay, begin + stay + 1], axis=1)[only_out]
    journeys = _journeys(world, leaves, returns, day_trip, trip_cell, place, until, rng)
    return Day(
        date=day,
        place=place,
        until=until,
        present=resident & ~gone & ~returns & ~leaves,
        at_work=at_work,
        venue=venue,
        journeys=journeys,
    )


def _at_work(
    world: World, season: Season, day: date, free: Bools, rng: np.random.Generator
) -> tuple[Bools, Ints]:
    people, firms = world.people, world.enterprises
    firm = people.enterprise
    attendance = world.config.daily_life.attendance * season.capacity(day)[firm]
    goes = (firm >= 0) & working(world, season, day)[firm] & free
    return goes & (rng.random(len(people)) < attendance), firms.cell[firm]


def _day_trips(
    world: World, may: Bools, outings: float, rng: np.random.Generator
) -> tuple[Bools, Ints]:
    """Who goes to another city and back within the day, and to which cell."""
    people, config = world.people, world.config
    count = len(people)
    resident = np.arange(count) < people.residents
    life = config.daily_life
    chance = np.where(resident, life.day_trip, life.outsider_day_trip) * outings
    goes = may & (rng.random(count) < chance)
    to_neighbour = pick(rng, [n.hometown_share for n in config.neighbours], count)
    to_district = pick(rng, [d.people_share for d in config.districts], count)
    area = np.where(resident, world.areas.districts + to_neighbour, to_district)
    first = np.searchsorted(world.cells.area, area, side="left")
    last = np.searchsorted(world.cells.area, area, side="right")
    return goes, first + (rng.random(count) * (last - first)).astype(np.int64)


def _outings(
    world: World,
    day: date,
    may: Bools,
    at_work: Bools,
    outings: float,
    rng: np.random.Generator,
) -> Ints:
    """The venue each person visits, or NONE; half go to one in their own district."""
    count, life = len(world.people), world.config.daily_life
    chance = np.where(at_work, life.after_work_leisure, life.day_off_leisure) * outings
    goes = may & (rng.random(count) < chance)
    available = np.flatnonzero(open_venues(world, day))
    anywhere = available[(rng.random(count) * len(available)).astype(np.int64)]
    area = world.venues.area[available]
    order = np.argsort(area, kind="stable")
    first = np.searchsorted(area[order], world.home_area, side="left")
    last = np.searchsorted(area[order], world.home_area, side="right")
    index = first + (rng.random(count) * (last - first)).astype(np.int64)
    local = available[order[np.minimum(index, len(order) - 1)]]
    stays_local = (rng.random(count) < 0.5) & (last > first)
    return np.where(goes, np.where(stays_local, local, anywhere), NONE)


def _journeys(
    world: World,
    leaves: Bools,
    returns: Bools,
    day_trip: Bools,
    trip_cell: Ints,
    place: Ints,
    until: Ints,
    rng: np.random.Generator,
) -> Journeys:
    """Write the travellers' segments into `place` and `until`; list their trips."""
    people, count = world.people, len(world.people)
    resident = np.arange(count) < people.residents
    departures = np.array(world.config.ticketing.departures_hour) * HOUR_S
    once = departures[rng.integers(0, len(departures), count)]
    out, back = departures[rng.integers(0, 2, count)], departures[rng.integers(5, 7, count)]
    far_cell = np.where(day_trip & resident, trip_cell, people.hometown_cell)
    far_cell = np.where(day_trip & ~resident, people.home_cell, far_cell)
    neighbour = np.where(far_cell >= 0, world.cells.area[far_cell] - world.areas.districts, 0)
    ride = (_travel_hours(world)[neighbour] * HOUR_S).astype(np.int64)

    moves = leaves | returns
    place[moves, 1] = NONE
    place[moves, 2] = place[moves, 3]
    until[moves] = np.stack([once, once + ride, once + ride + HOUR_S], axis=1)[moves]
    # four segments: on the ride out a day tripper still counts as at home
    place[day_trip, 1], place[day_trip, 2] = trip_cell[day_trip], NONE
    until[day_trip] = np.stack([out + ride, back, back + ride], axis=1)[day_trip]

    who = [np.flatnonzero(each) for each in (leaves, returns, day_trip, day_trip)]
    times = [once, once, out, back]
    outward = [
        np.ones(count, dtype=np.bool_), np.zeros(count, dtype=np.bool_), resident, ~resident,
    ]  # fmt: skip
    person = np.concatenate(who)
    depart = np.concatenate([time[w] for time, w in zip(times, who, strict=True)])
    return Journeys(
        person=person,
        neighbour=neighbour[person],
        outbound=np.concatenate([flag[w] for flag, w in zip(outward, who, strict=True)]),
        depart_s=depart,
        arrive_s=depart + ride[person],
    )
