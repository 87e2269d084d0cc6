"""One line of the score and how a value is judged."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

TARGETS_FILE = Path(__file__).with_name("targets.yaml")


@dataclass(frozen=True)
class ScoreLine:
    """One measured figure. `passed` is None where there is no target or nothing to measure;
    `note` says what the figure stands on."""

    mart: str
    measure: str
    value: float | None
    target: str
    passed: bool | None
    note: str


@cache
def targets() -> dict[str, dict[str, float]]:
    """The targets by mart and measure."""
    loaded: dict[str, dict[str, float]] = yaml.safe_load(TARGETS_FILE.read_text(encoding="utf-8"))
    return loaded


def at_least(mart: str, measure: str, value: float, target: float, note: str = "") -> ScoreLine:
    """Passed when `value` >= `target`."""
    return ScoreLine(mart, measure, round(value, 4), f">= {target:g}", value >= target, note)


def at_most(mart: str, measure: str, value: float, target: float, note: str = "") -> ScoreLine:
    """Passed when `value` <= `target`."""
    return ScoreLine(mart, measure, round(value, 4), f"<= {target:g}", value <= target, note)


def shown(mart: str, measure: str, value: float | None, note: str = "") -> ScoreLine:
    """A figure without a target."""
    return ScoreLine(mart, measure, None if value is None else round(value, 4), "", None, note)


def unavailable(mart: str, measure: str, why: str) -> ScoreLine:
    """Nothing to measure, and why."""
    return ScoreLine(mart, measure, None, "", None, f"not available: {why}")


def share(part: float, whole: float) -> float:
    """part / whole, 1 when there is nothing to find."""
    return part / whole if whole else 1.0
