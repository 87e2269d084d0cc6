"""Running suites with Great Expectations on pandas batches, and rendering Data Docs.

A mart's expectations run on its rows. Its queries run in DuckDB first; the rows they return become
a second batch with one column a rule, which must be null throughout: so both kinds of rule end in
the same validation results and the same site.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from pipelines.gate.suites import Rule, Suite

if TYPE_CHECKING:
    from great_expectations.data_context.data_context.ephemeral_data_context import (
        EphemeralDataContext,
    )

OFFENDING_ROWS_KEPT = 1000
EXAMPLE_CHARACTERS = 300
SITE = "gate"
SOURCE = "candidate"
GX_SEVERITY: dict[str, Any] = {"fail": "critical", "warn": "warning"}
# pictures of Great Expectations' own tutorial, and fonts the style sheet has fallbacks for: 4 MB
UNUSED_DOCS = ("*.gif", "iterative-dev-loop.png", "*.otf")


@dataclass(frozen=True)
class Finding:
    """Whether a rule holds, and what was seen."""

    holds: bool
    observed: str


Findings = dict[tuple[str, str], Finding]


@dataclass(frozen=True)
class Validation:
    """Findings by (mart, rule), Great Expectations' own results, and the context that has them."""

    findings: Findings
    results: list[dict[str, Any]]
    context: EphemeralDataContext


def validate(con: duckdb.DuckDBPyConnection, suites: Sequence[Suite], run_id: str) -> Validation:
    """Run suites in a workspace's connection."""
    validation = Validation({}, [], _context())
    for suite in suites:
        on_rows = [rule for rule in suite.rules if rule.expectation]
        queries = [rule for rule in suite.rules if rule.sql]
        if on_rows:
            batch = con.execute(f'FROM marts."{suite.mart}"').df()
            expectations = [_on_rows(rule) for rule in on_rows]
            _run(validation, suite.mart, suite.mart, expectations, batch, run_id)
        if queries:
            batch = _offending_rows(con, queries)
            expectations = [_on_query(rule) for rule in queries]
            _run(validation, suite.mart, f"{suite.mart}_queries", expectations, batch, run_id)
    return validation


def write_data_docs(validation: Validation, folder: Path) -> None:
    """Render a validation as a static site; `index.html` is its entrance."""
    site: Any = {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": {
            "class_name": "TupleFilesystemStoreBackend",
            "base_directory": str(folder),
        },
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
    }
    validation.context.add_data_docs_site(SITE, site)
    validation.context.build_data_docs(site_names=[SITE])
    for pattern in UNUSED_DOCS:
        for path in folder.rglob(pattern):
            path.unlink()


def _context() -> EphemeralDataContext:
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read when the package is imported
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    for default_site in list(context.get_site_names()):
        context.delete_data_docs_site(default_site)
    context.data_sources.add_pandas(SOURCE)
    return context


def _on_rows(rule: Rule) -> Any:
    assert rule.expectation is not None
    return _expectation(rule, rule.expectation, dict(rule.kwargs))


def _on_query(rule: Rule) -> Any:
    return _expectation(rule, "expect_column_values_to_be_null", {"column": rule.id})


def _expectation(rule: Rule, name: str, kwargs: dict[str, Any]) -> Any:
    from great_expectations.expectations.registry import get_expectation_impl

    return get_expectation_impl(name)(
        **kwargs, severity=GX_SEVERITY[rule.severity], notes=rule.reason, meta={"rule": rule.id}
    )


def _offending_rows(con: duckdb.DuckDBPyConnection, rules: Sequence[Rule]) -> Any:
    """One column a rule: the rows its query returned, as JSON text."""
    import pandas as pd

    columns = {}
    for rule in rules:
        query = f"SELECT to_json(o)::VARCHAR FROM ({rule.sql}) o LIMIT {OFFENDING_ROWS_KEPT}"
        try:
            rows = con.execute(query, dict(rule.parameters)).fetchall()
        except duckdb.Error as error:
            # a rule that cannot be evaluated does not hold
            rows = [(json.dumps({"cannot be evaluated": str(error).splitlines()[0]}),)]
        columns[rule.id] = pd.Series([row[0] for row in rows], dtype=object)
    return pd.DataFrame(columns)


def _run(
    validation: Validation,
    mart: str,
    name: str,
    expectations: Sequence[Any],
    batch: Any,
    run_id: str,
) -> None:
    """Run expectations on one batch and add what they found."""
    import great_expectations as gx

    context = validation.context
    source: Any = context.data_sources.get(SOURCE)
    asset = source.add_dataframe_asset(name)
    suite = context.suites.add(gx.ExpectationSuite(name))
    for expectation in expectations:
        suite.add_expectation(expectation)
    definition = gx.ValidationDefinition(
        name=name, data=asset.add_batch_definition_whole_dataframe("all rows"), suite=suite
    )
    result: Any = context.validation_definitions.add(definition).run(
        batch_parameters={"dataframe": batch},
        result_format="SUMMARY",
        run_id=gx.RunIdentifier(run_name=run_id),
    )
    for found in result.results:
        rule_id = found.expectation_config.meta["rule"]
        validation.findings[mart, rule_id] = Finding(bool(found.success), _observed(found))
    validation.results.append(result.to_json_dict())


def _observed(found: Any) -> str:
    content = found.result
    if not content:
        return "cannot be evaluated: " + _exception(found.exception_info)
    if "unexpected_count" not in content:
        return str(content.get("observed_value"))[:EXAMPLE_CHARACTERS]
    count = content["unexpected_count"]
    if not count:
        return "no rows"
    example = str(content["partial_unexpected_list"][0])[:EXAMPLE_CHARACTERS]
    return f"{count} row{'s' if count > 1 else ''}, e.g. {example}"


def _exception(info: dict[str, Any]) -> str:
    """The first message of GX's exception info, which is flat or one entry a metric."""
    entries = [info] if "exception_message" in info else list(info.values())
    return next((str(e["exception_message"]) for e in entries if e["exception_message"]), "unknown")
