"""Hidden cells that published ones give away by sums, within a release and over two of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb

from pipelines.disclosure.additive import Cells, Key
from pipelines.disclosure.attack import recovered
from pipelines.disclosure.checks import Exposure, Limits, roll_up_code
from pipelines.disclosure.declarations import AdditiveGroups, Declaration


@dataclass(frozen=True)
class Slice:
    """One table of cells that add up: a date (and what else tells tables apart), exact values, and
    which cells are hidden now and in the release before (None: it had nothing of that table)."""

    name: str
    cells: Cells
    values: Sequence[float]
    hidden: frozenset[int]
    hidden_before: frozenset[int] | None


def given_away(
    con: duckdb.DuckDBPyConnection,
    declaration: Declaration,
    limits: Limits,
    city_region_id: str,
    schema: str = "marts",
    before: str = "published",
) -> list[Exposure]:
    """Hidden cells whose exact value subtraction narrows down too far.

    Over two releases a cell counts only if neither alone gives it away: what an older release says
    is said.
    """
    found: list[Exposure] = []
    for group in declaration.adds_up:
        for measure in group.measures if group.truth else ():
            for part in _slices(con, declaration, group, measure, city_region_id, schema, before):
                found += _of_slice(declaration.mart, measure, part, limits)
    return found


def _of_slice(mart: str, measure: str, part: Slice, limits: Limits) -> Iterator[Exposure]:
    share = limits.enterprise_interval_share
    alone = recovered(part.cells, part.values, part.hidden, share)
    for cell, interval in alone.items():
        text = f"within {interval.lower:g} and {interval.upper:g} by subtraction"
        yield Exposure(mart, f"{part.name} {part.cells.keys[cell]}", measure, text)
    if part.hidden_before is None or part.hidden_before == part.hidden:
        return
    known_before = recovered(part.cells, part.values, part.hidden_before, share)
    both = part.hidden & part.hidden_before
    for cell, interval in recovered(part.cells, part.values, both, share).items():
        if cell not in alone and cell not in known_before:
            text = f"within {interval.lower:g} and {interval.upper:g} with the release before"
            yield Exposure(mart, f"{part.name} {part.cells.keys[cell]}", measure, text)


def _slices(
    con: duckdb.DuckDBPyConnection,
    declaration: Declaration,
    group: AdditiveGroups,
    measure: str,
    city_region_id: str,
    schema: str,
    before: str,
) -> Iterator[Slice]:
    """Tables of the dates whose values are their own (not carried on from another day)."""
    names = [*group.by, *group.roll_ups]
    on = " AND ".join(f't."{name}" = {{0}}."{name}"' for name in names)
    roll_ups = [roll_up_code(code, city_region_id) for code in group.roll_ups.values()]
    rows = con.execute(
        f"""SELECT t.data_date, [{", ".join(f't."{name}"' for name in group.by)}]::VARCHAR[],
              [{", ".join(f't."{name}"' for name in group.roll_ups)}]::VARCHAR[],
              t."{measure}"::DOUBLE,
              m."{group.shown_by}" IS NULL, o.data_date IS NOT NULL, o."{group.shown_by}" IS NULL
            FROM intermediate."{group.truth}" AS t
            INNER JOIN {schema}."{declaration.mart}" AS m
              ON t.data_date = m.data_date AND m.value_date = m.data_date AND {on.format("m")}
              AND m.{group.where}
            LEFT JOIN {before}."{declaration.mart}" AS o
              ON t.data_date = o.data_date AND o.value_date = o.data_date AND {on.format("o")}
              AND o.{group.where}
            WHERE t.{group.where}
            ORDER BY ALL"""
    ).fetchall()
    tables: dict[tuple[object, ...], list[tuple[Key, float, bool, bool, bool]]] = {}
    for day, by, key, value, is_hidden, was_there, was_hidden in rows:
        found = (tuple(key), float(value), is_hidden, was_there, was_hidden)
        tables.setdefault((str(day), *by), []).append(found)
    for name, found_rows in tables.items():
        hidden = frozenset(n for n, row in enumerate(found_rows) if row[2])
        old = frozenset(n for n, row in enumerate(found_rows) if row[3] and row[4])
        yield Slice(
            name=" ".join(str(part) for part in name),
            cells=Cells.of([row[0] for row in found_rows], roll_ups),
            values=[row[1] for row in found_rows],
            hidden=hidden,
            hidden_before=old if any(row[3] for row in found_rows) else None,
        )
