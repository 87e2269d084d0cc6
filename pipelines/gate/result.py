"""What the gate found, kept beside the candidate and with the release."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from pipelines.build import Candidate
from pipelines.errors import GateRefused, NothingToDo
from pipelines.gate.suites import Severity
from pipelines.lake import combine

GATE_FOLDER = "gate"
DOCS_FOLDER = "data_docs"
RESULT_FILE = "gate.json"
NAMED_FAILURES = 3

RuleStatus = Literal["passed", "warned", "failed", "overridden"]


@dataclass(frozen=True)
class RuleResult:
    """One rule's finding. `observed` and `expected` are text for people."""

    mart: str
    rule_id: str
    severity: Severity
    status: RuleStatus
    observed: str
    expected: str
    reason: str
    override_owner: str | None = None
    override_reason: str | None = None

    @property
    def name(self) -> str:
        return f"{self.mart}.{self.rule_id}"


@dataclass(frozen=True)
class GateResult:
    """The verdict on one candidate, bound to it by content hash.

    `folder` holds `gate.json`, `validation.json` and Data Docs.
    """

    content_hash: str
    data_date: str
    folder: Path
    rules: Sequence[RuleResult]

    @property
    def passed(self) -> bool:
        return not self.failures

    @property
    def failures(self) -> list[RuleResult]:
        return [rule for rule in self.rules if rule.status == "failed"]

    @property
    def warnings(self) -> list[RuleResult]:
        return [rule for rule in self.rules if rule.status == "warned"]

    @property
    def overridden(self) -> list[RuleResult]:
        return [rule for rule in self.rules if rule.status == "overridden"]

    @property
    def status(self) -> Literal["refused", "overridden", "warned", "passed"]:
        """The verdict in one word, what deserves most attention first."""
        if self.failures:
            return "refused"
        if self.overridden:
            return "overridden"
        return "warned" if self.warnings else "passed"

    def raise_if_refused(self) -> None:
        """Raise `GateRefused` naming the failing rules, unless the gate passed."""
        if self.passed:
            return
        named = "; ".join(f"{r.name} ({r.observed})" for r in self.failures[:NAMED_FAILURES])
        more = len(self.failures) - NAMED_FAILURES
        others = f" and {more} more" if more > 0 else ""
        raise GateRefused(
            f"the gate refused the release of {self.data_date}: {named}{others}; the last good "
            f"release stands. See {self.folder / DOCS_FOLDER / 'index.html'}, then mend the input "
            "and build again, or answer for it in expectations/overrides.yaml."
        )

    def write(self) -> None:
        """Write `gate.json` into the folder."""
        content = {
            "content_hash": self.content_hash,
            "data_date": self.data_date,
            "rules": [asdict(rule) for rule in self.rules],
        }
        text = json.dumps(content, indent=1, ensure_ascii=False)
        (self.folder / RESULT_FILE).write_text(text, encoding="utf-8")


def last_result(candidate: Candidate) -> GateResult:
    """The last gate's result for a candidate; raise `NothingToDo` when it was never gated."""
    path = candidate.path / GATE_FOLDER / RESULT_FILE
    if not path.is_file():
        end = candidate.requested.end
        raise NothingToDo(
            f"the candidate of {end} has not passed the gate yet: run 'citypulse gate --date "
            f"{end}' first."
        )
    content = json.loads(path.read_text(encoding="utf-8"))
    return GateResult(
        content_hash=content["content_hash"],
        data_date=content["data_date"],
        folder=path.parent,
        rules=[RuleResult(**rule) for rule in content["rules"]],
    )


def candidate_hash(candidate: Candidate) -> str:
    """One hash over everything a candidate would publish."""
    return combine(
        {
            f"{layer}.{table}/{day}": part
            for layer, contents in (
                ("marts", candidate.marts),
                ("intermediate", candidate.intermediates),
            )
            for table, by_date in contents.items()
            for day, part in by_date.items()
        }
    )
