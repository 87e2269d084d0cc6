"""The city that stands still: areas, cells, people, devices, enterprises, venues.

All tables are struct-of-arrays; an index into one is how others refer to it. `area` indexes
districts first, then neighbouring cities; people are residents first, then outsiders.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.simulator.config import CityConfig, District, Neighbour, city_config
from pipelines.simulator.rng import pick, spread, stream

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

NONE = -1


@dataclass(frozen=True)
class Areas:
    """Districts, then neighbouring cities."""

    region_id: npt.NDArray[np.str_]
    latitude: Floats
    longitude: Floats
    districts: int

    def __len__(self) -> int:
        return len(self.region_id)


@dataclass(frozen=True)
class Cells:
    """Mobile network cells; `near` are the two nearest others."""

    cell_id: npt.NDArray[np.str_]
    latitude: Floats
    longitude: Floats
    area: Ints
    near: Ints


@dataclass(frozen=True)
class People:
    """Residents, then outsiders (dwellers of the neighbouring cities)."""

    residents: int
    person_id: npt.NDArray[np.str_]
    home_cell: Ints
    enterprise: Ints
    hometown_cell: Ints
    metro_user: Bools

    def __len__(self) -> int:
        return len(self.person_id)


@dataclass(frozen=True)
class Devices:
    """One SIM each; a person has none, one or two."""

    device_id: npt.NDArray[np.str_]
    person: Ints
    carrier: npt.NDArray[np.str_]


@dataclass(frozen=True)
class Enterprises:
    """`baseline_kwh`: a December working day's load."""

    enterprise_id: npt.NDArray[np.str_]
    industry: Ints
    area: Ints
    cell: Ints
    baseline_kwh: Floats
    idle_share: Floats
    essential: Bools
    works_weekends: Bools


@dataclass(frozen=True)
class Venues:
    """Malls and markets; `mall` ones report through the mall group."""

    venue_id: npt.NDArray[np.str_]
    cell: Ints
    area: Ints
    mall: Bools
    closes: Bools
    reopen_after_days: Ints


@dataclass(frozen=True, eq=False)
class World:
    """Everything that stands still, drawn from one seed."""

    config: CityConfig
    seed: int
    areas: Areas
    cells: Cells
    people: People
    devices: Devices
    enterprises: Enterprises
    venues: Venues
    industry_codes: npt.NDArray[np.str_]

    def area_of_cell(self, cells: Ints) -> Ints:
        """Area of each cell; NONE stays NONE (out of coverage)."""
        return np.where(cells >= 0, self.cells.area[cells], NONE)

    @property
    def home_area(self) -> Ints:
        return self.cells.area[self.people.home_cell]


def _areas(config: CityConfig) -> Areas:
    places: list[District | Neighbour] = [*config.districts, *config.neighbours]
    return Areas(
        region_id=np.array([place.region_id for place in places]),
        latitude=np.array([config.city.latitude + place.offset[0] for place in places]),
        longitude=np.array([config.city.longitude + place.offset[1] for place in places]),
        districts=len(config.districts),
    )


def _cells(config: CityConfig, areas: Areas, residents: int, seed: int) -> Cells:
    rng = stream(seed, "cells")
    in_city = max(config.cells.minimum, round(residents / config.cells.people_per_cell))
    shares = [district.people_share + district.enterprise_share for district in config.districts]
    # every district has a few cells, however small its share
    floor = np.repeat(np.arange(areas.districts), 3)
    rest = spread(rng, max(in_city - len(floor), 0), shares)
    outside = np.repeat(np.arange(areas.districts, len(areas)), config.cells.per_neighbour)
    area = np.sort(np.concatenate([floor, rest, outside]), kind="stable")
    spread_degrees = config.cells.spread_degrees
    latitude = np.round(areas.latitude[area] + rng.normal(0, spread_degrees, len(area)), 6)
    longitude = np.round(areas.longitude[area] + rng.normal(0, spread_degrees, len(area)), 6)
    distance = np.hypot(latitude[:, None] - latitude, longitude[:, None] - longitude)
    np.fill_diagonal(distance, np.inf)
    return Cells(
        cell_id=np.array([f"C{n:05d}" for n in range(1, len(area) + 1)]),
        latitude=latitude,
        longitude=longitude,
        area=area,
        near=np.argsort(distance, axis=1, kind="stable")[:, :2],
    )


def _cell_in(rng: np.random.Generator, cells: Cells, area: Ints) -> Ints:
    """A random cell of each given area (cells are sorted by area)."""
    first = np.searchsorted(cells.area, area, side="left")
    last = np.searchsorted(cells.area, area, side="right")
    return first + (rng.random(len(area)) * (last - first)).astype(np.int64)


def _enterprises(config: CityConfig, cells: Cells, residents: int, seed: int) -> Enterprises:
    rng = stream(seed, "enterprises")
    count = max(
        config.enterprises.minimum, round(residents / config.enterprises.people_per_enterprise)
    )
    industries = list(config.industries.values())
    area = spread(rng, count, [district.enterprise_share for district in config.districts])
    industry = spread(rng, count, [each.share for each in industries])
    median = np.array([each.median_kwh for each in industries])[industry]
    sigma = np.array([each.sigma for each in industries])[industry]
    return Enterprises(
        enterprise_id=np.array([f"E{n:06d}" for n in range(1, count + 1)]),
        industry=industry,
        area=area,
        cell=_cell_in(rng, cells, area),
        baseline_kwh=median * np.exp(sigma * rng.standard_normal(count)),
        idle_share=rng.uniform(*config.power.idle_share, count),
        essential=rng.random(count) < np.array([e.essential for e in industries])[industry],
        works_weekends=rng.random(count)
        < np.array([e.works_weekends for e in industries])[industry],
    )


def _workplace(
    rng: np.random.Generator, config: CityConfig, firms: Enterprises, home_area: Ints
) -> Ints:
    """Each worker's enterprise: in the home district with the configured share, else anywhere."""
    count = len(home_area)
    elsewhere = pick(rng, [district.enterprise_share for district in config.districts], count)
    at_home = rng.random(count) < config.people.works_in_home_district_share
    area = np.where(at_home, home_area, elsewhere)
    order = np.argsort(firms.area, kind="stable")
    first = np.searchsorted(firms.area[order], area, side="left")
    last = np.searchsorted(firms.area[order], area, side="right")
    drawn = order[first + (rng.random(count) * np.maximum(last - first, 1)).astype(np.int64)]
    works = rng.random(count) < config.people.worker_share
    return np.where(works & (last > first), drawn, NONE)


def _people(
    config: CityConfig, areas: Areas, cells: Cells, firms: Enterprises, residents: int, seed: int
) -> People:
    rng = stream(seed, "people")
    shares = config.people
    outsiders = round(residents * shares.outsider_share)
    home_district = spread(rng, residents, [d.people_share for d in config.districts])
    origin = [n.hometown_share for n in config.neighbours]
    outsider_area = areas.districts + pick(rng, origin, outsiders)
    hometown = areas.districts + pick(rng, origin, residents)
    migrant = rng.random(residents) < shares.migrant_share
    none = np.full(outsiders, NONE)
    hometown_cell = np.where(migrant, _cell_in(rng, cells, hometown), NONE)
    return People(
        residents=residents,
        person_id=np.array([f"P{n:07d}" for n in range(1, residents + outsiders + 1)]),
        home_cell=_cell_in(rng, cells, np.concatenate([home_district, outsider_area])),
        enterprise=np.concatenate([_workplace(rng, config, firms, home_district), none]),
        hometown_cell=np.concatenate([hometown_cell, none]),
        metro_user=rng.random(residents + outsiders) < shares.metro_user_share,
    )


def _devices(config: CityConfig, people: People, seed: int) -> Devices:
    rng = stream(seed, "devices")
    draw = rng.random(len(people))
    shares = config.people
    owned = np.where(draw < shares.no_device_share, 0, 1)
    owned = np.where(draw > 1 - shares.two_device_share, 2, owned)
    person = np.repeat(np.arange(len(people)), owned)
    carriers = np.array(list(shares.carriers))
    # numbers are shuffled so that an identifier says nothing about its owner
    numbers = rng.permutation(len(person)) + 1
    return Devices(
        device_id=np.array([f"IMSI46099{n:010d}" for n in numbers]),
        person=person,
        carrier=carriers[pick(rng, list(shares.carriers.values()), len(person))],
    )


def _venues(config: CityConfig, areas: Areas, cells: Cells, residents: int, seed: int) -> Venues:
    rng = stream(seed, "venues")
    count = max(config.venues.minimum, round(residents / config.venues.people_per_venue))
    area = spread(rng, count, [district.people_share for district in config.districts])
    area[: areas.districts] = np.arange(areas.districts)  # every district has one
    mall = rng.random(count) < config.venues.mall_share
    mall[:2] = [True, False]  # both kinds of provider always exist
    return Venues(
        venue_id=np.array([f"V{n:03d}" for n in range(1, count + 1)]),
        cell=_cell_in(rng, cells, area),
        area=area,
        mall=mall,
        closes=rng.random(count) < config.venues.closed_in_epidemic_share,
        reopen_after_days=rng.integers(*config.venues.reopen_after_days, count),
    )


def build_world(residents: int, seed: int) -> World:
    """The city of `residents` people drawn from `seed`."""
    config = city_config()
    areas = _areas(config)
    cells = _cells(config, areas, residents, seed)
    firms = _enterprises(config, cells, residents, seed)
    people = _people(config, areas, cells, firms, residents, seed)
    return World(
        config=config,
        seed=seed,
        areas=areas,
        cells=cells,
        people=people,
        devices=_devices(config, people, seed),
        enterprises=firms,
        venues=_venues(config, areas, cells, residents, seed),
        industry_codes=np.array(list(config.industries)),
    )
