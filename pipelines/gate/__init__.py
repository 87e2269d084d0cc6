"""Gate: audit a candidate's marts before anything is published."""

from pipelines.gate.audit import gate
from pipelines.gate.result import GateResult, RuleResult, candidate_hash, last_result
from pipelines.gate.suites import load_overrides, load_suites

__all__ = [
    "GateResult",
    "RuleResult",
    "candidate_hash",
    "gate",
    "last_result",
    "load_overrides",
    "load_suites",
]
