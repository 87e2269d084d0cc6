"""The same arguments give the same bytes, in one go or in pieces."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import pytest

from pipelines.dates import DateWindow
from pipelines.simulator import TruthMismatch, simulate

FIRST, LAST = date(2020, 2, 7), date(2020, 2, 11)


def contents(out: Path) -> dict[str, str]:
    return {
        str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return contents(
        simulate(tmp_path_factory.mktemp("whole"), DateWindow(FIRST, LAST), people=600, seed=3)
    )


def test_the_same_seed_gives_the_same_bytes(whole: dict[str, str], tmp_path: Path) -> None:
    again = contents(simulate(tmp_path, DateWindow(FIRST, LAST), people=600, seed=3))
    assert again == whole
    assert len(whole) > 50


def test_pieces_in_any_order_give_the_whole(whole: dict[str, str], tmp_path: Path) -> None:
    for start, end in ((10, 11), (7, 8), (9, 9)):
        piece = DateWindow(date(2020, 2, start), date(2020, 2, end))
        simulate(tmp_path, piece, people=600, seed=3)
    assert contents(tmp_path) == whole


def test_another_seed_gives_another_city(whole: dict[str, str], tmp_path: Path) -> None:
    other = contents(simulate(tmp_path, DateWindow(FIRST, FIRST), people=600, seed=4))
    name = f"landing/power/energy_daily-{FIRST}.csv"
    assert other[name] != whole[name]


def test_a_folder_holds_one_city(tmp_path: Path) -> None:
    day = DateWindow(FIRST, FIRST)
    simulate(tmp_path, day, people=600, seed=3, faults="none")
    with pytest.raises(TruthMismatch, match="another seed"):
        simulate(tmp_path, day, people=600, seed=4, faults="none")


def test_a_day_simulated_twice_changes_nothing(tmp_path: Path) -> None:
    day = DateWindow(FIRST, FIRST)
    before = contents(simulate(tmp_path, day, people=600, seed=3))
    assert contents(simulate(tmp_path, day, people=600, seed=3)) == before
