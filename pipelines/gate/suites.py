"""Suites as data: `expectations/<mart>.yaml`, rules shared by marts, and overrides.

A rule is either a Great Expectations expectation on the mart's rows or a SQL query that must
return no rows. What queries may read is described in docs/releases.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipelines.errors import CityPulseError
from pipelines.settings import PROJECT_ROOT

EXPECTATIONS_FOLDER = PROJECT_ROOT / "expectations"
COMMON_FILE = "common.yaml"
OVERRIDES_FILE = "overrides.yaml"
RELEASE_SUITE = "release"

Severity = Literal["fail", "warn"]
Scalar = str | int | float | bool | date


class SuiteError(CityPulseError):
    """A suite or the overrides under `expectations/` do not say what they must."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


_Model = TypeVar("_Model", bound=_Strict)


class Rule(_Strict):
    """One thing that must hold. `fail` refuses the release, `warn` is only recorded."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    severity: Severity
    reason: str = Field(min_length=10)
    expectation: str | None = None
    kwargs: Mapping[str, Any] = Field(default_factory=dict)
    sql: str | None = None
    parameters: Mapping[str, Scalar] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_kind(self) -> Rule:
        if (self.expectation is None) == (self.sql is None):
            raise ValueError("a rule has either 'expectation' or 'sql'")
        if self.expectation is not None and self.parameters:
            raise ValueError("'parameters' belong to 'sql'; an expectation has 'kwargs'")
        if self.sql is not None and self.kwargs:
            raise ValueError("'kwargs' belong to 'expectation'; sql has 'parameters'")
        return self

    @property
    def expected(self) -> str:
        """What must hold, as text for results."""
        if self.expectation is None:
            return "no rows"
        kwargs = ", ".join(f"{name}={value}" for name, value in self.kwargs.items())
        return f"{self.expectation}({kwargs})"


class Suite(_Strict):
    """The rules of one mart, or of the release as a whole (`mart: release`).

    `key` is the mart's grain: the columns that tell its rows apart.
    """

    mart: str
    key: Sequence[str] = ()
    common: Sequence[str] = ()
    rules: Sequence[Rule] = ()


class Override(_Strict):
    """Someone answers for a rule that fails, for a reason, until a data date (inclusive)."""

    rule: str
    mart: str
    owner: str = Field(min_length=2)
    reason: str = Field(min_length=10)
    expires_date: date

    def helps(self, mart: str, rule_id: str, data_date: date) -> bool:
        """Does it cover this rule on this data date?"""
        return (self.mart, self.rule) == (mart, rule_id) and data_date <= self.expires_date


def load_suites(folder: Path = EXPECTATIONS_FOLDER) -> dict[str, Suite]:
    """All suites by mart, shared rules filled in; raise `SuiteError` naming file and fault."""
    common = {rule.id: rule for rule in _rules(folder / COMMON_FILE)}
    suites = {}
    for path in sorted(folder.glob("*.yaml")):
        if path.name in (COMMON_FILE, OVERRIDES_FILE):
            continue
        suite = _filled_in(path, _parse(path, Suite, _read(path)), common)
        if suite.mart != path.stem:
            raise SuiteError(f"{path.name} says 'mart: {suite.mart}': name the file like the mart.")
        suites[suite.mart] = suite
    return suites


def load_overrides(folder: Path = EXPECTATIONS_FOLDER) -> list[Override]:
    """The overrides on record, also expired ones."""
    path = folder / OVERRIDES_FILE
    return [_parse(path, Override, entry) for entry in _read(path).get("overrides") or []]


def _rules(path: Path) -> list[Rule]:
    return [_parse(path, Rule, entry) for entry in _read(path).get("rules") or []]


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise SuiteError(f"{path} cannot be read as YAML: {reason}.") from None
    if not isinstance(content, dict):
        raise SuiteError(f"{path} must hold a mapping; it holds {type(content).__name__}.")
    return content


def _parse(path: Path, model: type[_Model], content: Any) -> _Model:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the entry"
        named = _name_of(content, first["loc"])
        raise SuiteError(
            f"{path}: {where}{f' of {named}' if named else ''} is wrong: {first['msg']}."
        ) from None


def _name_of(content: Any, location: Sequence[str | int]) -> str | None:
    """The id of the rule (or the rule an override is for) that a location lies in."""
    name = None
    for part in (None, *location):
        if part is not None:
            try:
                content = content[part]
            except (KeyError, IndexError, TypeError):
                break
        if isinstance(content, dict):
            name = content.get("id") or content.get("rule") or name
    return name


def _filled_in(path: Path, suite: Suite, common: Mapping[str, Rule]) -> Suite:
    unknown = sorted(set(suite.common) - set(common))
    if unknown:
        raise SuiteError(f"{path}: {COMMON_FILE} has no rule '{unknown[0]}'; correct 'common'.")
    shared = [_for_mart(common[rule_id], suite) for rule_id in suite.common]
    rules = [*shared, *suite.rules]
    ids = [rule.id for rule in rules]
    twice = sorted({rule_id for rule_id in ids if ids.count(rule_id) > 1})
    if twice:
        raise SuiteError(f"{path}: rule id '{twice[0]}' is used twice; rename one.")
    if not any(rule.severity == "fail" for rule in rules):
        raise SuiteError(f"{path}: no rule has 'severity: fail'; a suite needs at least one.")
    return suite.model_copy(update={"rules": rules})


def _for_mart(rule: Rule, suite: Suite) -> Rule:
    sql = (rule.sql or "").replace("{mart}", suite.mart).replace("{key}", ", ".join(suite.key))
    return rule.model_copy(update={"sql": sql})
