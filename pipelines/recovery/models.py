"""What the dbt Python models call: DuckDB relations in, Arrow tables out."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
from duckdb import DuckDBPyRelation

from pipelines.recovery.footfall import FootfallParameters, recovery_days
from pipelines.recovery.fused import FusedParameters, fuse


def footfall_recovery_day(
    visits: DuckDBPyRelation,
    days: DuckDBPyRelation,
    window: DuckDBPyRelation,
    parameters: DuckDBPyRelation,
) -> pa.Table:
    """`footfall.recovery_days` of every date of `window`; `parameters`: the seed."""
    found = recovery_days(
        visits.pl(), days.pl(), _dates(window), FootfallParameters.of(_values(parameters))
    )
    return found.to_arrow()


def fused_index_day(
    values: DuckDBPyRelation,
    weights: DuckDBPyRelation,
    window: DuckDBPyRelation,
    parameters: DuckDBPyRelation,
) -> pa.Table:
    """`fused.fuse` for every date of `window`; `weights`, `parameters`: the seeds."""
    published = dict(weights.project("source, weight::DOUBLE").fetchall())
    found = fuse(values.pl(), published, _dates(window), FusedParameters.of(_values(parameters)))
    return found.to_arrow()


def _dates(window: DuckDBPyRelation) -> list[date]:
    return sorted(day for (day,) in window.project("data_date").fetchall())


def _values(parameters: DuckDBPyRelation) -> dict[str, float]:
    return dict(parameters.project("parameter_name, parameter_value::DOUBLE").fetchall())
