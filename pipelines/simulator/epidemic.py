"""The epidemic: who is infected when, when it is confirmed, and what the daily report says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np
import polars as pl

from pipelines.simulator.population import Bools, Ints, World
from pipelines.simulator.rng import stream


@dataclass(frozen=True)
class Cases:
    """One entry an infected person; ordinals of their dates. `never`: not confirmed, cured or dead
    (an ordinal after any date). `suspected` people are waiting to be confirmed."""

    person: Ints
    area: Ints
    infected: Ints
    confirmed: Ints
    cured: Ints
    dead: Ints


_NEVER = date.max.toordinal()
LOOK_BACK_DAYS = 2


def _ordinals(start: Ints, delay: np.ndarray, happens: Bools) -> Ints:
    later = start + np.maximum(np.rint(delay), 1).astype(np.int64)
    return np.where(happens, later, _NEVER)


@lru_cache(maxsize=4)
def cases_of(world: World) -> Cases:
    """All infections of the configured epidemic (independent of any window)."""
    rng = stream(world.seed, "epidemic")
    epidemic, people = world.config.epidemic, world.people
    resident = np.arange(len(people)) < people.residents
    chance = np.where(resident, epidemic.attack_rate, epidemic.neighbour_attack_rate)
    person = np.flatnonzero(rng.random(len(people)) < chance)
    count = len(person)
    infected = epidemic.infection_peak.toordinal() + np.rint(
        epidemic.infection_sd_days * rng.standard_normal(count)
    ).astype(np.int64)
    # imported first: nobody is infected long before the epidemic is known
    infected = np.maximum(infected, epidemic.known_from.toordinal() - 10)
    reported = rng.random(count) < epidemic.reported_share
    confirmed = _ordinals(infected, rng.normal(*epidemic.report_delay_days, count), reported)
    jump = epidemic.definition_jump
    jump_day = jump.date.toordinal()
    # the changed definition confirms at once part of those missed until then
    backlog = ~reported & (infected < jump_day - 3)
    wanted = round(jump.backlog_share * int((confirmed < jump_day).sum()))
    confirmed[np.flatnonzero(backlog)[:wanted]] = jump_day
    known = confirmed < _NEVER
    dies = known & (rng.random(count) < epidemic.fatality_share)
    cured = _ordinals(confirmed, rng.normal(*epidemic.cure_days, count), known & ~dies)
    dead = _ordinals(confirmed, rng.normal(*epidemic.death_days, count), dies)
    return Cases(person, world.home_area[person], infected, confirmed, cured, dead)


def cases_frame(world: World, day: date) -> pl.DataFrame:
    """`epidemic.cases_daily`: cumulative counts at 24:00 of `day` by area."""
    cases, ordinal, areas = cases_of(world), day.toordinal(), len(world.areas)

    def per_area(mask: Bools) -> Ints:
        return np.bincount(cases.area[mask], minlength=areas)

    confirmed = per_area(cases.confirmed <= ordinal)
    revision = world.config.epidemic.revision
    if day >= revision.date:
        where = world.areas.region_id == revision.region_id
        confirmed = np.where(where, np.maximum(confirmed + revision.confirmed, 0), confirmed)
    waiting = (cases.infected + 2 <= ordinal) & (ordinal < cases.confirmed)
    return pl.DataFrame(
        {
            "region_id": world.areas.region_id,
            "data_date": pl.Series([day]).new_from_index(0, areas),
            "confirmed": confirmed,
            "suspected": per_area(waiting & (cases.confirmed < _NEVER)),
            "cured": per_area(cases.cured <= ordinal),
            "dead": per_area(cases.dead <= ordinal),
        }
    )


def infections_frame(world: World, day: date) -> pl.DataFrame:
    """Truth: new infections and newly confirmed people of `day` by area, before any revision."""
    cases, ordinal, areas = cases_of(world), day.toordinal(), len(world.areas)
    return pl.DataFrame(
        {
            "data_date": pl.Series([day]).new_from_index(0, areas),
            "region_id": world.areas.region_id,
            "infected": np.bincount(cases.area[cases.infected == ordinal], minlength=areas),
            "newly_confirmed": np.bincount(cases.area[cases.confirmed == ordinal], minlength=areas),
        }
    )


def infectious(world: World, day: date) -> Ints:
    """People whose contacts on `day` are traced: from two days before they are confirmed to then.

    Confirmation stands for the day of sampling (domain reference 4: 2 days before it).
    """
    cases, ordinal = cases_of(world), day.toordinal()
    traced = (cases.confirmed - LOOK_BACK_DAYS <= ordinal) & (ordinal <= cases.confirmed)
    return np.sort(cases.person[traced])
