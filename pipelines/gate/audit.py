"""The audit: run every suite on a candidate, apply overrides, keep and record the verdict."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pipelines import lake
from pipelines.build import Candidate
from pipelines.gate.result import (
    DOCS_FOLDER,
    GATE_FOLDER,
    GateResult,
    RuleResult,
    RuleStatus,
    candidate_hash,
)
from pipelines.gate.suites import (
    EXPECTATIONS_FOLDER,
    RELEASE_SUITE,
    Override,
    Suite,
    load_overrides,
    load_suites,
)
from pipelines.gate.validation import Finding, validate, write_data_docs
from pipelines.gate.workspace import workspace
from pipelines.outcomes import Outcome, record
from pipelines.settings import Settings

STEP = "gate"
VALIDATION_FILE = "validation.json"


def gate(
    settings: Settings,
    candidate: Candidate,
    *,
    run_id: str,
    expectations: Path = EXPECTATIONS_FOLDER,
) -> GateResult:
    """Audit exactly the candidate's marts; the verdict is bound to their content hash.

    Writes `<candidate>/gate/` (`gate.json`, `validation.json`, `data_docs/`), one row a rule into
    `ops.gate_results` and an outcome (`ok` or `refused`). Does not raise when a rule fails: see
    `GateResult.raise_if_refused`. Raises `SuiteError` when a suite cannot be read.
    """
    started = time.monotonic()
    suites = load_suites(expectations)
    overrides = load_overrides(expectations)
    folder = candidate.path / GATE_FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    with workspace(settings, candidate, suites) as con:
        present = {mart for (mart,) in con.execute(
            "SELECT mart FROM gate.marts WHERE in_candidate"
        ).fetchall()}  # fmt: skip
        checked = [s for name, s in suites.items() if name in present or name == RELEASE_SUITE]
        validation = validate(con, checked, run_id)
    write_data_docs(validation, folder / DOCS_FOLDER)
    result = GateResult(
        content_hash=candidate_hash(candidate),
        data_date=candidate.requested.end.isoformat(),
        folder=folder,
        rules=_verdicts(checked, validation.findings, overrides, candidate),
    )
    text = json.dumps(validation.results, indent=1, ensure_ascii=False, default=str)
    (folder / VALIDATION_FILE).write_text(text, encoding="utf-8")
    result.write()
    _record(settings, candidate, result, run_id, time.monotonic() - started)
    return result


def _verdicts(
    suites: Sequence[Suite],
    findings: Mapping[tuple[str, str], Finding],
    overrides: Sequence[Override],
    candidate: Candidate,
) -> list[RuleResult]:
    data_date = candidate.requested.end
    verdicts = []
    for suite in suites:
        for rule in suite.rules:
            finding = findings[suite.mart, rule.id]
            answered = next((o for o in overrides if o.helps(suite.mart, rule.id, data_date)), None)
            used = answered if not finding.holds and rule.severity == "fail" else None
            status: RuleStatus = "passed"
            if not finding.holds:
                status = "warned" if rule.severity == "warn" else "failed"
            verdicts.append(
                RuleResult(
                    mart=suite.mart,
                    rule_id=rule.id,
                    severity=rule.severity,
                    status="overridden" if used else status,
                    observed=finding.observed,
                    expected=rule.expected,
                    reason=rule.reason,
                    override_owner=used.owner if used else None,
                    override_reason=used.reason if used else None,
                )
            )
    return verdicts


def _record(
    settings: Settings, candidate: Candidate, result: GateResult, run_id: str, seconds: float
) -> None:
    window = candidate.requested
    checked_at = datetime.now(UTC).replace(tzinfo=None)
    rows = sum(part.row_count for by_date in candidate.marts.values() for part in by_date.values())
    outcome = Outcome(
        run_id=run_id,
        step=STEP,
        status="ok" if result.passed else "refused",
        partition_date=window.end if window.start == window.end else None,
        rows_in=rows,
        rows_accepted=rows,
        seconds=seconds,
        input_hashes=sorted(candidate.input_hashes.values()),
        error=None if result.passed else ", ".join(rule.name for rule in result.failures),
    )
    found = [
        [
            run_id, window.start, window.end, rule.mart, rule.rule_id, rule.severity, rule.status,
            rule.observed, rule.expected, rule.override_owner, rule.override_reason, checked_at,
        ]
        for rule in result.rules
    ]  # fmt: skip
    message = f"gate of {window}: {result.status}"
    with lake.writer(settings) as con, lake.transaction(con, message):
        con.executemany(f"INSERT INTO lake.ops.gate_results VALUES ({','.join('?' * 12)})", found)
        record(con, [outcome])
