"""What the gate's rules on disclosure look at: `gate.exposures`, filled from the declarations.

One row an exposure (`check_name`, `mart`, `row`, `column_name`, `detail`); a rule of
`expectations/release.yaml` refuses each check's rows. So a new mart is covered by declaring it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import duckdb

from pipelines.disclosure import load_declarations
from pipelines.disclosure.checks import (
    Exposure,
    Limits,
    changes,
    small_cells,
    totals_with_hidden_parts,
    unrounded,
)
from pipelines.disclosure.subtraction import given_away


def exposures_table(
    con: duckdb.DuckDBPyConnection, marts: Collection[str], city_region_id: str
) -> None:
    """Run every check on the candidate's marts and keep what it finds."""
    con.execute(
        'CREATE TABLE gate.exposures (check_name VARCHAR, mart VARCHAR, "row" VARCHAR, '
        "column_name VARCHAR, detail VARCHAR)"
    )
    declarations = load_declarations()
    for mart in sorted(set(marts) - set(declarations)):
        _keep(con, "undeclared", [Exposure(mart, "", "", f"marts/{mart}.yaml is missing")])
    present = [declarations[mart] for mart in sorted(set(marts) & set(declarations))]
    if not present:
        return
    limits = Limits.of(con)
    for declaration in present:
        _keep(con, "small_cells", small_cells(con, declaration, limits))
        _keep(con, "unrounded", unrounded(con, declaration, limits))
        _keep(con, "changes", changes(con, declaration, limits))
        found = totals_with_hidden_parts(con, declaration, city_region_id)
        _keep(con, "totals", found)
        _keep(con, "subtraction", given_away(con, declaration, limits, city_region_id))


def _keep(con: duckdb.DuckDBPyConnection, check: str, found: Iterable[Exposure]) -> None:
    for e in found:
        con.execute(
            "INSERT INTO gate.exposures VALUES (?, ?, ?, ?, ?)",
            [check, e.mart, e.row, e.column, e.detail],
        )
