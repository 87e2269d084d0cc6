"""Exposures in published tables, found by the rules the marts declare.

Each check reads tables of one DuckDB connection and returns what a reader could learn too much of.
The gate runs all of them on a candidate; the attack tests on releases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from pipelines.disclosure.declarations import CITY, AdditiveGroups, Declaration

EXPOSURES_KEPT = 1000


@dataclass(frozen=True)
class Exposure:
    """Something a reader could learn: which mart, which row (JSON of its key), which column."""

    mart: str
    row: str
    column: str
    detail: str


@dataclass(frozen=True)
class Limits:
    """The parameters of disclosure control (seeds/parameters)."""

    k_anonymity: int
    min_enterprises_per_cell: int
    published_count_base: int
    enterprise_interval_share: float

    @classmethod
    def of(cls, con: duckdb.DuckDBPyConnection, parameters: str = "seeds.parameters") -> Limits:
        """Read them from a table of parameter_name, parameter_value."""
        found = dict(
            con.execute(f"SELECT parameter_name, parameter_value FROM {parameters}").fetchall()
        )
        return cls(
            k_anonymity=int(found["k_anonymity"]),
            min_enterprises_per_cell=int(found["min_enterprises_per_cell"]),
            published_count_base=int(found["published_count_base"]),
            enterprise_interval_share=float(found["enterprise_interval_share"]),
        )

    def least(self, declaration: Declaration) -> int:
        """The fewest contributors a row of the mart may be about."""
        people = declaration.threshold == "k_anonymity"
        return self.k_anonymity if people else self.min_enterprises_per_cell


def small_cells(
    con: duckdb.DuckDBPyConnection, declaration: Declaration, limits: Limits, schema: str = "marts"
) -> list[Exposure]:
    """Values about fewer contributors than the threshold.

    Of people the count itself must be empty; enterprises may be counted (their number is public),
    but nothing else may be said about few of them. A true zero is about nobody.
    """
    found = []
    least = limits.least(declaration)
    for count, measures in declaration.counts.items():
        shown = " OR ".join(f'"{measure}" IS NOT NULL' for measure in measures) or "false"
        alone = f'"{count}" > 0' if declaration.about == "people" else "false"
        found += _exposures(
            con,
            declaration,
            count,
            f"""FROM {schema}."{declaration.mart}"
                WHERE ("{count}" < {least} AND ({alone} OR ("{count}" > 0 AND ({shown}))))
                   OR ("{count}" IS NULL AND ({shown}))""",
            f"'{count} is ' || coalesce(\"{count}\"::VARCHAR, 'hidden, its measures are not')",
        )
    return found


def unrounded(
    con: duckdb.DuckDBPyConnection, declaration: Declaration, limits: Limits, schema: str = "marts"
) -> list[Exposure]:
    """Counts of people that are no multiple of the rounding base."""
    base = limits.published_count_base
    if not declaration.rounded or base == 0:
        return []
    found = []
    for count in declaration.counts:
        source = f'FROM {schema}."{declaration.mart}" WHERE "{count}" % {base} <> 0'
        found += _exposures(con, declaration, count, source, f'"{count}"::VARCHAR')
    return found


def changes(
    con: duckdb.DuckDBPyConnection,
    declaration: Declaration,
    limits: Limits,
    before: str = "published",
    after: str = "marts",
) -> list[Exposure]:
    """Rows whose change from one release to the next can only be about fewer than k people.

    A difference d between two counts rounded to b stands for at most |d| + b - 1 people. Releases
    from before counts were rounded say what they say and are not compared.
    """
    if not declaration.rounded:
        return []
    base, least = limits.published_count_base, limits.least(declaration)
    found = []
    mart, key = f'"{declaration.mart}"', ", ".join(f'"{name}"' for name in declaration.key)
    for count in declaration.counts:
        old_is_rounded = f'earlier."{count}" % {base} = 0' if base else "true"
        difference = f'abs(later."{count}" - earlier."{count}")'
        source = f"""FROM {after}.{mart} AS later
            INNER JOIN {before}.{mart} AS earlier USING ({key})
            WHERE {difference} > 0 AND {difference} + {max(base - 1, 0)} < {least}
              AND {old_is_rounded}"""
        found += _exposures(con, declaration, count, source, f"{difference}::VARCHAR || ' changed'")
    return found


def totals_with_hidden_parts(
    con: duckdb.DuckDBPyConnection,
    declaration: Declaration,
    city_region_id: str,
    schema: str = "marts",
) -> list[Exposure]:
    """Totals that should be sums of published rows and are not: the rest is in the hidden ones."""
    found = []
    for group in declaration.adds_up:
        if group.of_published:
            for dimension in group.roll_ups:
                found += _not_footing(con, declaration, group, dimension, city_region_id, schema)
    return found


def _not_footing(
    con: duckdb.DuckDBPyConnection,
    declaration: Declaration,
    group: AdditiveGroups,
    dimension: str,
    city_region_id: str,
    schema: str,
) -> list[Exposure]:
    code = roll_up_code(group.roll_ups[dimension], city_region_id)
    others = [name for name in (*group.by, *group.roll_ups) if name != dimension]
    line = ", ".join(["data_date", *(f'"{name}"' for name in others)])
    found = []
    for measure in group.measures:
        rows = con.execute(
            f"""SELECT to_json(t)::VARCHAR FROM (
                  SELECT {line},
                    sum("{measure}") FILTER ("{dimension}" = $code) AS total,
                    sum("{measure}") FILTER ("{dimension}" <> $code) AS parts,
                    count(*) FILTER ("{dimension}" = $code) AS totals
                  FROM {schema}."{declaration.mart}" WHERE {group.where} GROUP BY ALL
                ) AS t
                WHERE totals > 0 AND coalesce(total, 0) <> coalesce(parts, 0)
                ORDER BY 1 LIMIT {EXPOSURES_KEPT}""",
            {"code": code},
        ).fetchall()
        found += [
            Exposure(declaration.mart, row, measure, "total is not the sum of the published parts")
            for (row,) in rows
        ]
    return found


def roll_up_code(code: str, city_region_id: str) -> str:
    """The code of a roll-up, with the city's region id filled in."""
    return city_region_id if code == CITY else code


def _exposures(
    con: duckdb.DuckDBPyConnection,
    declaration: Declaration,
    column: str,
    source: str,
    detail: str,
) -> list[Exposure]:
    key = ", ".join(f"'{name}', \"{name}\"" for name in declaration.key)
    rows: Sequence[tuple[str, str]] = con.execute(
        f"SELECT json_object({key})::VARCHAR, {detail} {source} ORDER BY 1 LIMIT {EXPOSURES_KEPT}"
    ).fetchall()
    return [Exposure(declaration.mart, row, column, text) for row, text in rows]
