"""Enterprises' electricity: what they draw follows from whether they are open and staffed."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.simulator.clock import is_workday
from pipelines.simulator.movement import Day
from pipelines.simulator.population import Floats, World
from pipelines.simulator.rng import stream
from pipelines.simulator.season import season_of


def enterprises_frame(world: World) -> pl.DataFrame:
    """`power.enterprises`."""
    firms = world.enterprises
    threshold = world.config.enterprises.above_scale_kwh
    return pl.DataFrame(
        {
            "enterprise_id": firms.enterprise_id,
            "industry_code": world.industry_codes[firms.industry],
            "region_id": world.areas.region_id[firms.area],
            "above_scale": firms.baseline_kwh >= threshold,
        }
    )


def staff_present_share(world: World, day: Day) -> Floats:
    """Share of each enterprise's staff who are in the city; the city's share where it has none."""
    people = world.people
    employed = people.enterprise >= 0
    count = len(world.enterprises.area)
    staff = np.bincount(people.enterprise[employed], minlength=count)
    here = np.bincount(people.enterprise[employed & day.present], minlength=count)
    overall = here.sum() / max(staff.sum(), 1)
    return np.where(staff > 0, here / np.maximum(staff, 1), overall)


def energy_frame(world: World, day: Day) -> pl.DataFrame:
    """`power.energy_daily`: kWh of every enterprise on the day, to 0.01."""
    rng = stream(world.seed, "power", day.date)
    firms, power = world.enterprises, world.config.power
    season = season_of(world, day.date)
    weekend = np.array([each.weekend for each in world.config.industries.values()])
    rhythm = np.where(is_workday(day.date), 1.0, weekend[firms.industry])
    fixed = power.load_without_staff
    load = season.capacity(day.date) * (fixed + (1 - fixed) * staff_present_share(world, day))
    running = firms.idle_share + (1 - firms.idle_share) * load * rhythm
    share = np.where(season.is_open(day.date), running, firms.idle_share)
    noise = np.exp(power.noise_sigma * rng.standard_normal(len(share)))
    return pl.DataFrame(
        {
            "enterprise_id": firms.enterprise_id,
            "data_date": pl.Series([day.date]).new_from_index(0, len(share)),
            "energy_kwh": np.round(firms.baseline_kwh * share * noise, 2),
        }
    )


def metered_by_grid(world: World) -> pl.Series:
    """Mask over enterprises: whose readings the district utility sends in its own format."""
    grid = world.config.power.grid_districts
    return pl.Series(np.isin(world.areas.region_id[world.enterprises.area], grid))
