"""Cells of a table and the sums that tie them together.

A table with roll-ups publishes, for every dimension, a code that stands for the sum over it: the
city among the districts, `all` among the industries. Every line of the table along a dimension is
then one equation: its parts less its roll-up are zero. These equations are all that subtraction
can use.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Key = tuple[str, ...]


@dataclass(frozen=True)
class Term:
    """A cell in an equation: `sign` is +1 for a part and -1 for the roll-up."""

    cell: int
    sign: int


Equation = tuple[Term, ...]


@dataclass(frozen=True)
class Cells:
    """Cells of one date, in the order of their keys, and the equations between them."""

    keys: Sequence[Key]
    equations: Sequence[Equation]

    @classmethod
    def of(cls, keys: Sequence[Key], roll_ups: Sequence[str]) -> Cells:
        """`keys` must be sorted and distinct; `roll_ups` has one code a dimension."""
        lines: dict[tuple[int, Key], list[Term]] = defaultdict(list)
        for number, key in enumerate(keys):
            for dimension, code in enumerate(roll_ups):
                line = (dimension, key[:dimension] + key[dimension + 1 :])
                lines[line].append(Term(number, -1 if key[dimension] == code else 1))
        whole = [
            tuple(terms)
            for _, terms in sorted(lines.items())
            if len(terms) > 1 and any(term.sign < 0 for term in terms)
        ]
        return cls(keys, whole)

    def of_hidden(self, hidden: Mapping[int, object]) -> list[list[Term]]:
        """Each equation's hidden terms, where it has any: what a reader cannot look up."""
        left = ([term for term in line if term.cell in hidden] for line in self.equations)
        return [terms for terms in left if terms]


def matrix(equations: Sequence[Sequence[Term]], cells: Sequence[int]) -> npt.NDArray[np.float64]:
    """Equations x cells with the signs; every term's cell must be among `cells`."""
    column = {cell: place for place, cell in enumerate(cells)}
    signs = np.zeros((len(equations), len(cells)))
    for row, terms in enumerate(equations):
        for term in terms:
            signs[row, column[term.cell]] = term.sign
    return signs


def components(equations: Sequence[Sequence[Term]]) -> list[list[int]]:
    """Indices of the equations that share cells, directly or over others; in order."""
    leader: dict[int, int] = {}

    def find(cell: int) -> int:
        while leader[cell] != cell:
            leader[cell] = leader[leader[cell]]
            cell = leader[cell]
        return cell

    for terms in equations:
        for term in terms:
            leader.setdefault(term.cell, term.cell)
        first = find(terms[0].cell)
        for term in terms[1:]:
            leader[find(term.cell)] = first
    groups: dict[int, list[int]] = defaultdict(list)
    for row, terms in enumerate(equations):
        groups[find(terms[0].cell)].append(row)
    return list(groups.values())
