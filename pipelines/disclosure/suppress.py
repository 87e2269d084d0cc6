"""Which cells of a table with roll-ups must be hidden so that none can be had by subtraction.

Primary cells (too few enterprises, or one that dominates) come in; complementary ones are added
until every equation with hidden terms has at least two, of enough enterprises together, and then
until the attacker's linear programs (`pipelines.disclosure.attack`) find no hidden cell too well
known. The choice rests on the date's own cells alone, so the same input hides the same cells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pipelines.disclosure.additive import Cells, Equation, Term
from pipelines.disclosure.attack import recovered

Why = Literal["primary", "complementary"]


@dataclass(frozen=True)
class Table:
    """Cells of one date: contributors of each cell, and the measures to protect, cell by cell."""

    cells: Cells
    contributors: Sequence[int]
    measures: Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Protection:
    """How much a reader may not know: see seeds/parameters."""

    least_contributors: int
    least_width_share: float


def hide(table: Table, primary: Sequence[int], protection: Protection) -> dict[int, Why]:
    """Every cell to hide and why; `primary` are hidden for their own sake."""
    hidden: dict[int, Why] = dict.fromkeys(primary, "primary")
    while True:
        _complete(table, hidden, protection.least_contributors)
        exposed = sorted(
            {
                cell
                for values in table.measures.values()
                for cell in recovered(table.cells, values, hidden, protection.least_width_share)
            }
        )
        more = [found for cell in exposed if (found := _companion(table, hidden, cell)) is not None]
        if not more:
            return hidden
        hidden |= dict.fromkeys(more, "complementary")


def _complete(table: Table, hidden: dict[int, Why], least: int) -> None:
    """Hide cells until no equation can be solved for one cell, or for too few contributors."""
    waiting = True
    while waiting:
        waiting = False
        for line in table.cells.equations:
            while _gives_away(table, line, hidden, least):
                candidate = _cheapest(table, [t for t in line if t.cell not in hidden])
                if candidate is None:
                    break
                hidden[candidate] = "complementary"
                waiting = True


def _gives_away(table: Table, line: Equation, hidden: Mapping[int, Why], least: int) -> bool:
    """Whether what a line leaves unknown is one cell, or parts of too few contributors."""
    left = [term for term in line if term.cell in hidden and table.contributors[term.cell] > 0]
    if not left:
        return False
    if any(term.sign < 0 for term in left):
        # the roll-up is hidden too: only alone does it give itself away
        return len(left) == 1
    return len(left) == 1 or sum(table.contributors[term.cell] for term in left) < least


def _companion(table: Table, hidden: Mapping[int, Why], cell: int) -> int | None:
    """One more cell to hide beside `cell`, from any equation it is in."""
    visible = [
        term
        for line in table.cells.equations
        if any(term.cell == cell for term in line)
        for term in line
        if term.cell not in hidden
    ]
    return _cheapest(table, visible)


def _cheapest(table: Table, terms: Sequence[Term]) -> int | None:
    """The term whose loss costs least: a part before a roll-up, few contributors before many."""
    worth = [term for term in terms if table.contributors[term.cell] > 0]
    if not worth:
        return None
    chosen = min(
        worth,
        key=lambda term: (
            term.sign < 0,
            table.contributors[term.cell],
            table.cells.keys[term.cell],
        ),
    )
    return chosen.cell
