"""Truth about persons: which city they were in when, and who was where the infectious were."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.simulator.epidemic import infectious
from pipelines.simulator.movement import DAY_S, Day
from pipelines.simulator.population import NONE, Ints, World

# shorter times together are not written down [choice]: ten minutes is the least any rule asks for
_LEAST_TOGETHER_S = 600


@dataclass(frozen=True)
class _Pieces:
    """Unbroken times of persons at a value (a cell or a city); seconds after midnight."""

    person: Ints
    value: Ints
    from_s: Ints
    until_s: Ints


def _pieces(day: Day, values: Ints) -> _Pieces:
    """Each person's day in pieces; `values` has the shape of `day.place`, NONE is left out."""
    count = len(values)
    start = np.concatenate([np.zeros((count, 1), dtype=np.int64), day.until], axis=1)
    end = np.concatenate([day.until, np.full((count, 1), DAY_S, dtype=np.int64)], axis=1)
    person = np.repeat(np.arange(count), values.shape[1])
    value, from_s, until_s = values.ravel(), start.ravel(), end.ravel()
    kept = until_s > from_s
    person, value, from_s, until_s = person[kept], value[kept], from_s[kept], until_s[kept]
    begins = np.ones(len(person), dtype=np.bool_)
    begins[1:] = (person[1:] != person[:-1]) | (value[1:] != value[:-1])
    first = np.flatnonzero(begins)
    last = np.append(first[1:], len(person)) - 1
    known = value[first] != NONE
    return _Pieces(
        person[first][known], value[first][known], from_s[first][known], until_s[last][known]
    )


def city_stays(world: World, day: Day) -> pl.DataFrame:
    """Unbroken times of everybody in each city on the day; a journey is in no city."""
    area = world.area_of_cell(day.place)
    # districts are one city: the first index stands for it
    city = np.where((area >= 0) & (area < world.areas.districts), 0, area)
    found = _pieces(day, city)
    names = np.where(
        np.arange(len(world.areas)) < world.areas.districts,
        world.config.city.region_id,
        world.areas.region_id,
    )
    return pl.DataFrame(
        {
            "person_id": world.people.person_id[found.person],
            "city_region_id": names[found.value],
            "from_s": found.from_s,
            "until_s": found.until_s,
        }
    ).select(pl.lit(day.date).alias("data_date"), pl.all())


def together(world: World, day: Day) -> pl.DataFrame:
    """Who was at the place of an infectious person (`epidemic.infectious`) for over ten minutes."""
    found = _pieces(day, day.place)
    everybody = pl.DataFrame(
        {
            "person": found.person,
            "cell": found.value,
            "from_s": found.from_s,
            "until_s": found.until_s,
        }
    )
    index = everybody.filter(pl.col("person").is_in(infectious(world, day.date).tolist()))
    pairs = (
        index.join(everybody, on="cell", suffix="_contact")
        .with_columns(
            pl.max_horizontal("from_s", "from_s_contact").alias("from_s"),
            pl.min_horizontal("until_s", "until_s_contact").alias("until_s"),
        )
        .filter(
            pl.col("person") != pl.col("person_contact"),
            pl.col("until_s") - pl.col("from_s") > _LEAST_TOGETHER_S,
        )
        .sort("person", "person_contact", "from_s")
    )
    names = world.people.person_id
    return pl.DataFrame(
        {
            "person_id": names[pairs["person"].to_numpy()],
            "contact_person_id": names[pairs["person_contact"].to_numpy()],
            "cell_id": world.cells.cell_id[pairs["cell"].to_numpy()],
            "from_s": pairs["from_s"],
            "until_s": pairs["until_s"],
        }
    ).select(pl.lit(day.date).alias("data_date"), pl.all())
