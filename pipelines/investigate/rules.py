"""The dated rules of `rules.yaml`, checked when read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from pipelines.errors import CityPulseError, SettingsError

RULES_FILE = Path(__file__).with_name("rules.yaml")


class NoRule(CityPulseError):
    """No version of a rule is in force on the date asked about."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str


class Dated(_Strict):
    """In force from `valid_from_date` to `valid_to_date`, both included (null: still)."""

    valid_from_date: date
    valid_to_date: date | None

    @model_validator(mode="after")
    def _in_order(self) -> Dated:
        if self.valid_to_date is not None and self.valid_to_date < self.valid_from_date:
            raise ValueError("valid_to_date is before valid_from_date")
        return self

    def holds_on(self, day: date) -> bool:
        """Whether the rule is in force on `day`."""
        return self.valid_from_date <= day and (
            self.valid_to_date is None or day <= self.valid_to_date
        )


class Number(_Strict):
    value: int


class Text(_Strict):
    value: str


class Flag(_Strict):
    value: bool


class RequestRules(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    approvers: Number
    case_pattern: Text
    max_subjects: Number
    max_days: Number
    retention_days: Number
    appeal_days: Number


class Purpose(_Strict):
    name_zh: str


class TravelHistoryRule(Dated):
    """One version of the travel card: days looked at, least stay (seconds, to be exceeded), and
    how a city with a risk area is marked."""

    version: str
    days: int
    min_stay_s: int
    risk_mark: Literal["red", "asterisk"]


class CardColours(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    contact: str
    overseas: str
    other: str


class LookBack(Dated):
    days: int


class FellowRule(Dated):
    """Who counts as a fellow traveller on a mode: everybody on the `vehicle`, in the `carriage`
    (cabin, compartment) as printed, within `reach` `rows` or `bays` in it, or whoever entered at
    the station in the same slice. `sealed` null: whatever the vehicle."""

    rule: str
    mode: str
    sealed: bool | None
    scope: Literal["vehicle", "carriage", "rows", "bays", "station_slice"]
    reach: int


class FellowRules(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    look_back: tuple[LookBack, ...]
    rows_per_bay: Number
    sealed_when_unknown: Flag
    slice_s: Number
    rules: tuple[FellowRule, ...]


class SamePlaceSet(Dated):
    """One published way to say "same place, same time": a `grid` with a least time together and a
    least usual time, or a `slice` of time at one station."""

    name: str
    kind: Literal["grid", "slice"]
    grid_m: int | None
    min_together_s: int | None
    usual_days: int | None
    min_usual_s: int | None
    slice_s: int | None

    @model_validator(mode="after")
    def _complete(self) -> SamePlaceSet:
        grid = (self.grid_m, self.min_together_s, self.usual_days, self.min_usual_s)
        if self.kind == "grid" and None in grid:
            raise ValueError("a grid set needs grid_m, min_together_s, usual_days and min_usual_s")
        if self.kind == "slice" and self.slice_s is None:
            raise ValueError("a slice set needs slice_s")
        return self


class RiskCoefficient(_Strict):
    risk_level: str
    coefficient: float


class SamePlaceRules(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    sets: tuple[SamePlaceSet, ...]
    risk_coefficients: tuple[RiskCoefficient, ...]


class Rules(BaseModel):
    """Everything in `rules.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    request: RequestRules
    purposes: dict[str, Purpose]
    travel_history: tuple[TravelHistoryRule, ...]
    travel_history_risk_from: Text
    card_colours: CardColours
    fellow_travellers: FellowRules
    flight_without_filter_rule: Text
    same_place: SamePlaceRules


@cache
def load_rules(path: Path = RULES_FILE) -> Rules:
    """Read and check the rules; raise `SettingsError` naming what is wrong."""
    try:
        return Rules.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"{path.name}: '{where}' is wrong: {first['msg']}.") from None


AnyDated = TypeVar("AnyDated", bound=Dated)


def in_force(versions: Sequence[AnyDated], day: date, what: str) -> AnyDated:
    """The one version in force on `day`; raise `NoRule` when there is none or more than one."""
    found = [version for version in versions if version.holds_on(day)]
    if len(found) != 1:
        raise NoRule(
            f"{len(found) or 'no'} versions of the rule for {what} are in force on {day}: "
            f"correct the dates in {RULES_FILE.name}, or ask about another day."
        )
    return found[0]


def parameter_set(name: str) -> SamePlaceSet:
    """The set of that name; raise `NoRule` naming those there are."""
    sets = {each.name: each for each in load_rules().same_place.sets}
    if name not in sets:
        raise NoRule(f"there is no parameter set '{name}': give one of {', '.join(sets)}.")
    return sets[name]
