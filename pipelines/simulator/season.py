"""One Spring Festival: who goes home and when, which enterprise closes and when it resumes.

Ordinals are `date.toordinal()`. Outside an epidemic the city reopens around the seventh day and
the Lantern Festival; with one, people return and enterprises resume step by step after the
configured reopening date.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np

from pipelines.simulator.clock import lunar_new_year, season_year
from pipelines.simulator.population import NONE, Bools, Floats, Ints, World
from pipelines.simulator.rng import stream


@dataclass(frozen=True)
class Season:
    """Per person: the day of leaving for and returning from the hometown. Per enterprise: the
    first closed day, the first day back and the days until full capacity."""

    leave: Ints
    back: Ints
    close: Ints
    resume: Ints
    ramp_days: Ints

    def is_open(self, day: date) -> Bools:
        """Per enterprise."""
        ordinal = day.toordinal()
        return (ordinal < self.close) | (ordinal >= self.resume)

    def capacity(self, day: date) -> Floats:
        """Share of full capacity an open enterprise has reached (0.6 on its first day back)."""
        since = day.toordinal() - self.resume
        ramp = np.clip((since + 1) / self.ramp_days, 0, 1)
        return np.where(since >= 0, 0.6 + 0.4 * ramp, 1.0)


def in_epidemic(world: World, year: int) -> bool:
    """Whether the season of `year` is the epidemic's."""
    return season_year(world.config.epidemic.closure_from) == year


def _days(rng: np.random.Generator, between: tuple[int, int], size: int | tuple[int, int]) -> Ints:
    """Whole days drawn evenly from a closed range."""
    return rng.integers(between[0], between[1] + 1, size)


@lru_cache(maxsize=8)
def _season(world: World, year: int) -> Season:
    rng = stream(world.seed, "season", year)
    festival = world.config.spring_festival
    new_year = lunar_new_year(year).toordinal()
    people, firms = world.people, world.enterprises
    count, migrants = len(firms.industry), people.hometown_cell >= 0
    # the later of two draws: departures and closures gather towards the eve
    leave = new_year + _days(rng, festival.leave_k, (2, len(people))).max(axis=0)
    back = new_year + _days(rng, festival.return_k, len(people))
    close = new_year + _days(rng, festival.close_k, (2, count)).max(axis=0)
    resume = new_year + _days(rng, festival.reopen_k, count)
    ramp = _days(rng, festival.ramp_days, count)
    if in_epidemic(world, year):
        epidemic = world.config.epidemic
        reopening = epidemic.reopening_from.toordinal()
        median = np.array([each.resume_after for each in world.config.industries.values()])
        spread = np.exp(epidemic.resume_sigma * rng.standard_normal(count))
        after = np.floor(median[firms.industry] * spread).astype(np.int64)
        resume = np.maximum(resume, reopening + after)
        ramp = _days(rng, epidemic.ramp_days, count)
        # people come back a few days before their enterprise does (quarantine at home)
        wanted = np.where(people.enterprise >= 0, resume[people.enterprise], resume.max())
        early = rng.integers(0, 5, len(people))
        late = reopening + rng.integers(0, 30, len(people))
        delayed = np.where(people.enterprise >= 0, wanted - early, late)
        back = np.maximum(back, np.maximum(delayed, reopening))
    # essential enterprises never close; their migrant workers stay over the festival
    close = np.where(firms.essential, resume, close)
    essential_worker = (people.enterprise >= 0) & firms.essential[people.enterprise]
    goes = migrants & ~essential_worker
    return Season(
        leave=np.where(goes, leave, NONE),
        back=np.where(goes, back, NONE),
        close=close,
        resume=resume,
        ramp_days=np.where(firms.essential, 1, ramp),
    )


def season_of(world: World, day: date) -> Season:
    """The season `day` belongs to."""
    return _season(world, season_year(day))
