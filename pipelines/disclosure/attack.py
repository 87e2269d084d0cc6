"""The attacker: what can be computed from published tables by someone with time and a solver.

Nothing here protects anything. The gate runs it on every candidate, the tests also on copies
without protection, where it must find something. The attacker knows which cells are hidden, how
cells add up, how published ones are rounded, and that nothing is negative; not why one is hidden.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog

from pipelines.disclosure.additive import Cells, Term, components, matrix

SOLVED, UNBOUNDED = 0, 3
RELATIVE_TOLERANCE = 1e-6
NO_LIMIT = float("inf")


@dataclass(frozen=True)
class Interval:
    """What a value can be, given everything published."""

    lower: float
    upper: float

    @property
    def width(self) -> float:
        return self.upper - self.lower

    def joined(self, value: float) -> Interval:
        """The interval with one more value known to be possible."""
        return Interval(min(self.lower, value), max(self.upper, value))


ANYTHING = Interval(0.0, NO_LIMIT)


def intervals(
    cells: Cells,
    values: Sequence[float],
    known: Mapping[int, Interval],
    enough: Mapping[int, float],
) -> dict[int, Interval]:
    """The feasible interval of the cells of `enough`.

    `known` says what is published of a cell (lower = upper where it is exact); of the others
    nothing is. `values` are the true values: they state the equations and are one feasible point.
    The search for a cell ends as soon as it is shown to be at least `enough[cell]` wide: then its
    interval is a lower bound of the real one, and much is saved.
    """
    found = {cell: Interval(values[cell], values[cell]) for cell in enough}
    exact = {cell for cell, said in known.items() if said.lower == said.upper}
    open_cells = dict.fromkeys(cell for cell in range(len(cells.keys)) if cell not in exact)
    equations = cells.of_hidden(open_cells)
    tied = {term.cell for terms in equations for term in terms}
    for cell in set(enough) - tied:
        found[cell] = known.get(cell, ANYTHING)
    for rows in components(equations):
        _solve([equations[row] for row in rows], values, known, enough, found)
    return found


def _solve(
    equations: Sequence[Sequence[Term]],
    values: Sequence[float],
    known: Mapping[int, Interval],
    enough: Mapping[int, float],
    found: dict[int, Interval],
) -> None:
    """Extend `found` for the cells of one component, one linear program an end."""
    names = sorted({term.cell for terms in equations for term in terms})
    truth = np.array([float(values[cell]) for cell in names])
    scale = max(float(truth.max()), 1.0)
    left = matrix(equations, names)
    right = left @ (truth / scale)
    said = [known.get(cell, ANYTHING) for cell in names]
    bounds = [(s.lower / scale, None if s.upper == NO_LIMIT else s.upper / scale) for s in said]
    for place, cell in enumerate(names):
        for direction in (-1.0, 1.0):
            if cell not in enough or found[cell].width >= enough[cell]:
                break
            goal = np.zeros(len(names))
            goal[place] = direction
            solved = linprog(goal, A_eq=left, b_eq=right, bounds=bounds, method="highs")
            if solved.status == UNBOUNDED:
                found[cell] = found[cell].joined(NO_LIMIT)
            elif solved.status == SOLVED and solved.x is not None:
                for name, value in zip(names, solved.x, strict=True):
                    if name in found:
                        found[name] = found[name].joined(float(value) * scale)


def recovered(
    cells: Cells,
    values: Sequence[float],
    hidden: Collection[int],
    least_width_share: float,
) -> dict[int, Interval]:
    """Hidden cells of which the attacker learns too much when all others are published exactly.

    Too much: an interval narrower than `least_width_share` of the true value. Zeros are left out: a
    total of zero says what all its parts are, hidden or not.
    """
    known = {
        cell: Interval(value, value) for cell, value in enumerate(values) if cell not in hidden
    }
    enough = {cell: least_width_share * values[cell] for cell in hidden if values[cell] > 0}
    return _too_narrow(intervals(cells, values, known, enough), enough)


def recovered_counts(
    cells: Cells,
    counts: Sequence[int],
    limits: Sequence[int],
    hidden: Collection[int],
    base: int,
) -> dict[int, Interval]:
    """Hidden counts that are known exactly, when the others are published in multiples of `base`.

    `limits` are what a count cannot exceed (the enterprises of the cell, which are published).
    Counts of nothing and of everything are left out: their totals may say so of all.
    """
    known = {
        cell: Interval(0.0, float(limits[cell]))
        if cell in hidden
        else _rounded(count, limits[cell], base)
        for cell, count in enumerate(counts)
    }
    enough = {cell: 1.0 for cell in hidden if 0 < counts[cell] < limits[cell]}
    return _too_narrow(intervals(cells, counts, known, enough), enough)


def _rounded(count: int, limit: int, base: int) -> Interval:
    """The counts that are published as this one is, halves rounded upwards."""
    if base == 0:
        return Interval(count, count)
    middle = int(count / base + 0.5) * base
    lower = max(0, -(-(2 * middle - base) // 2))
    upper = (2 * middle + base - 1) // 2
    return Interval(float(lower), float(min(limit, upper)))


def _too_narrow(found: Mapping[int, Interval], enough: Mapping[int, float]) -> dict[int, Interval]:
    return {
        cell: found[cell]
        for cell in sorted(enough)
        if found[cell].width < enough[cell] * (1 - RELATIVE_TOLERANCE)
    }
