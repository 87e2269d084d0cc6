"""Suppression against the solver, on tables small enough to see what must happen."""

from __future__ import annotations

import random
from itertools import product

import pytest

from pipelines.disclosure.additive import Cells, Key
from pipelines.disclosure.attack import Interval, recovered, recovered_counts
from pipelines.disclosure.suppress import Protection, Table, hide

PROTECTION = Protection(least_contributors=3, least_width_share=0.5)


def rolled_up(base: dict[Key, float]) -> dict[Key, float]:
    """Every cell of the cube over the base cells, roll-ups (`all`) included."""
    found: dict[Key, float] = {}
    for key, value in base.items():
        for cell in product(*((part, "all") for part in key)):
            found[cell] = found.get(cell, 0.0) + value
    return dict(sorted(found.items()))


def table_of(firms: dict[Key, list[float]]) -> Table:
    """A table of the firms' sizes by base cell."""
    sizes = rolled_up({key: sum(found) for key, found in firms.items()})
    counts = rolled_up({key: float(len(found)) for key, found in firms.items()})
    cells = Cells.of(list(sizes), ("all",) * len(next(iter(sizes))))
    return Table(cells, [int(count) for count in counts.values()], {"kwh": list(sizes.values())})


def small(table: Table) -> list[int]:
    return [number for number, count in enumerate(table.contributors) if 0 < count < 3]


def test_a_lone_hidden_cell_is_its_total_less_the_others_until_a_second_is_hidden() -> None:
    table = table_of({("a",): [700.0], ("b",): [50.0] * 4, ("c",): [60.0] * 9})
    lone = small(table)
    assert [table.cells.keys[cell] for cell in lone] == [("a",)]
    assert recovered(table.cells, table.measures["kwh"], lone, 0.2) == {0: Interval(700, 700)}
    hidden = hide(table, lone, PROTECTION)
    # b is the cheapest companion, but 700 + 200 leaves a too well known: c goes too, or the total
    assert hidden[0] == "primary"
    assert recovered(table.cells, table.measures["kwh"], list(hidden), 0.5) == {}


def test_two_hidden_cells_of_two_firms_are_still_a_sum_about_two() -> None:
    table = table_of({("a",): [10.0], ("b",): [12.0], ("c",): [9.0] * 5, ("d",): [9.0] * 6})
    assert len(small(table)) == 2
    hidden = hide(table, small(table), PROTECTION)
    hidden_firms = sum(table.contributors[n] for n in hidden if table.cells.keys[n] != ("all",))
    assert ("all",) in {table.cells.keys[n] for n in hidden} or hidden_firms >= 3


def test_two_in_every_line_are_not_enough() -> None:
    # two blocks of four hidden cells and one between them: every line has two or more, and yet the
    # one between is the difference of the blocks' lines
    names = [str(number) for number in range(4)]
    table = table_of({(r, c): [10.0] * 5 for r in names for c in names})
    block = [("0", "0"), ("0", "1"), ("1", "0"), ("1", "1"), ("2", "2"), ("2", "3"), ("3", "2")]
    pattern = [table.cells.keys.index(key) for key in [*block, ("3", "3"), ("1", "2")]]
    values = table.measures["kwh"]
    bridge = table.cells.keys.index(("1", "2"))
    assert list(recovered(table.cells, values, pattern, 0.2)) == [bridge]
    assert recovered(table.cells, values, list(hide(table, pattern, PROTECTION)), 0.5) == {}


@pytest.mark.parametrize("seed", range(8))
def test_no_hidden_cell_of_a_random_city_is_known(seed: int) -> None:
    draw = random.Random(seed)
    firms = {
        key: [draw.lognormvariate(5, 1.5) for _ in range(draw.choice([1, 1, 2, 3, 5, 9]))]
        for key in product("1234", "BCFGHI", ("above", "below"))
        if draw.random() < 0.8
    }
    table = table_of(firms)
    values = table.measures["kwh"]
    hidden = hide(table, small(table), PROTECTION)
    assert recovered(table.cells, values, small(table), 0.2)  # without complements: found
    assert recovered(table.cells, values, list(hidden), 0.2) == {}
    assert set(small(table)) <= set(hidden)
    assert hide(table, small(table), PROTECTION) == hidden
    # it does not simply hide everything, though half the base cells are small
    assert table.cells.keys.index(("all", "all", "all")) not in hidden
    assert len(table.contributors) - len(hidden) > len(table.contributors) / 8


def test_exact_counts_say_whether_a_hidden_firm_is_open_and_rounded_ones_do_not() -> None:
    cells = Cells.of(
        [(a, b) for a in ("1", "2", "3", "all") for b in ("x", "y", "z", "all")], ("all", "all")
    )
    firms = {("1", "x"): 2.0, ("1", "y"): 4.0, ("1", "z"): 5.0, ("2", "x"): 4.0, ("2", "y"): 6.0,
             ("2", "z"): 7.0, ("3", "x"): 5.0, ("3", "y"): 4.0, ("3", "z"): 6.0}  # fmt: skip
    resumed = {key: count // 2 for key, count in firms.items()}
    limits = [int(count) for count in rolled_up(firms).values()]
    counts = [int(count) for count in rolled_up(resumed).values()]
    lone = [list(rolled_up(firms)).index(("1", "x"))]
    assert recovered_counts(cells, counts, limits, lone, 0) == {lone[0]: Interval(1, 1)}
    assert recovered_counts(cells, counts, limits, lone, 3) == {}
