"""What each mart says about people and enterprises, and how it is protected: `marts/<mart>.yaml`.

The declarations are data for the gate, the attacks and the tests. A mart without one, or one whose
counts are not declared, is refused by a test that says what to write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipelines.errors import CityPulseError

FOLDER = Path(__file__).with_name("marts")
CITY = "$city"

About = Literal["people", "enterprises", "published_elsewhere", "neither"]


class DeclarationError(CityPulseError):
    """A file under pipelines/disclosure/marts does not say what it must."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AdditiveGroups(_Strict):
    """Rows of one date that sum to other rows of it: all parts of a dimension to its roll-up.

    `roll_ups` maps a dimension to the code that stands for its sum (`$city`: the city's region id).
    `by` are columns that tell separate tables apart, `where` a condition on one column. Either the
    roll-up is the sum of the parts that are published (`of_published`), so that nothing hidden is
    in it; or `truth` names the intermediate table that has the exact measures, and `shown_by` the
    column of the mart that is empty where a cell is hidden: then the gate attacks it.
    """

    roll_ups: Mapping[str, str] = Field(min_length=1)
    by: Sequence[str] = ()
    where: str = "true"
    measures: Sequence[str] = Field(min_length=1)
    of_published: bool = False
    truth: str | None = None
    shown_by: str | None = None

    @model_validator(mode="after")
    def _protected(self) -> AdditiveGroups:
        if self.of_published == (self.truth is not None):
            raise ValueError("a group is either 'of_published: true' or names its 'truth'")
        if (self.truth is None) != (self.shown_by is None):
            raise ValueError("'truth' and 'shown_by' belong together")
        return self


class Declaration(_Strict):
    """The disclosure rules of one mart.

    `counts` maps each published count of distinct contributors to the columns that are empty with
    it; `open_counts` maps counts that need no protection to the reason why. `key` tells the mart's
    rows apart and names no value.
    """

    mart: str
    about: About
    reason: str = Field(min_length=20)
    key: Sequence[str] = ()
    counts: Mapping[str, Sequence[str]] = Field(default_factory=dict)
    open_counts: Mapping[str, str] = Field(default_factory=dict)
    threshold: Literal["k_anonymity", "min_enterprises_per_cell"] | None = None
    rounded: bool = False
    adds_up: Sequence[AdditiveGroups] = ()
    missing_reason: Literal["suppressed"] | None = None

    @model_validator(mode="after")
    def _complete(self) -> Declaration:
        if self.counts and not (self.threshold and self.key and self.missing_reason):
            raise ValueError("'counts' need 'threshold', 'key' and 'missing_reason: suppressed'")
        if self.about == "people" and self.counts and not self.rounded:
            raise ValueError("published counts of people are rounded: say 'rounded: true'")
        if self.about == "people" and any(not group.of_published for group in self.adds_up):
            raise ValueError("totals of people are sums of published rows: 'of_published: true'")
        return self

    @property
    def declared_counts(self) -> set[str]:
        return {*self.counts, *self.open_counts}


def load_declarations(folder: Path = FOLDER) -> dict[str, Declaration]:
    """All declarations by mart; raises `DeclarationError` naming file and fault."""
    found = {}
    for path in sorted(folder.glob("*.yaml")):
        declaration = _parse(path)
        if declaration.mart != path.stem:
            raise DeclarationError(
                f"{path} says 'mart: {declaration.mart}': name the file like the mart."
            )
        found[declaration.mart] = declaration
    return found


def _parse(path: Path) -> Declaration:
    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Declaration.model_validate(content)
    except yaml.YAMLError as error:
        raise DeclarationError(f"{path} is no YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise DeclarationError(f"{path}: {where} is wrong: {first['msg']}.") from None
