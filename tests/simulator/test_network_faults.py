"""Faults of a carrier's network do to the files what the log says, and nothing else."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipelines.dates import DateWindow
from pipelines.simulator import simulate
from pipelines.simulator.faults import FaultsError, load_faults

FIRST, SECOND, THIRD = (date(2020, 1, day) for day in (7, 8, 9))
FAULTS = f"""
faults:
  - {{kind: cells_down, table: signaling.events, rate: 0.5, from_date: {SECOND}, to_date: {SECOND}}}
  - {{kind: new_salt, table: signaling.events, value: unicom, from_date: {SECOND}}}
  - {{kind: second_carrier, table: signaling.events, rate: 0.1, from_date: {THIRD}}}
  - {{kind: cell_without_position, table: signaling.cells, rate: 0.05, from_date: {SECOND}}}
  - {{kind: moving_cell, table: signaling.cells, rate: 0.05, from_date: {THIRD}}}
"""


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("clean")
    return simulate(out, DateWindow(FIRST, THIRD), people=500, seed=4, faults="none")


@pytest.fixture(scope="module")
def struck(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("struck")
    faults = out / "faults.yaml"
    faults.write_text(FAULTS)
    return simulate(out, DateWindow(FIRST, THIRD), people=500, seed=4, faults=faults)


def events(city: Path, day: date) -> pl.DataFrame:
    path = city / "landing" / "signaling" / f"events-{day}.csv.gz"
    return pl.read_csv(path, infer_schema=False)


def logged(city: Path, kind: str, day: date) -> dict[str, object]:
    log = pl.read_parquet(city / "truth" / "faults.parquet")
    return log.filter(pl.col("kind") == kind, pl.col("data_date") == day).row(0, named=True)


def test_days_before_the_faults_are_untouched(clean: Path, struck: Path) -> None:
    assert events(struck, FIRST).equals(events(clean, FIRST))


def test_half_of_the_cells_are_silent_and_the_others_complete(clean: Path, struck: Path) -> None:
    whole, left = events(clean, SECOND), events(struck, SECOND)
    silent = set(whole["cell_id"]) - set(left["cell_id"])
    assert len(silent) == whole["cell_id"].n_unique() // 2
    kept = whole.filter(~pl.col("cell_id").is_in(list(silent)))
    assert left.drop("device_id").equals(kept.drop("device_id"))
    assert logged(struck, "cells_down", SECOND)["row_count"] == whole.height - left.height
    rows = pl.read_parquet(struck / "truth" / "rows_daily.parquet").filter(
        pl.col("data_date") == SECOND, pl.col("table_name") == "events"
    )
    assert rows["rows_to_keep"].to_list() == [left.height]


def test_one_event_of_some_devices_comes_from_another_carrier(clean: Path, struck: Path) -> None:
    whole, left = events(clean, THIRD), events(struck, THIRD)
    other = whole["carrier"] != left["carrier"]
    assert other.sum() == logged(struck, "second_carrier", THIRD)["row_count"] > 30
    # the device's other events, of which there are more, keep their own carrier
    several = left.filter(pl.col("device_id").is_in(left.filter(other)["device_id"].implode()))
    by_carrier = several.group_by("device_id", "carrier").len().sort("device_id", "len")
    assert (by_carrier.group_by("device_id").len()["len"] == 2).all()
    assert (by_carrier.group_by("device_id").agg(pl.col("len").min())["len"] == 1).all()
    assert (by_carrier.group_by("device_id").agg(pl.col("len").max())["len"] >= 2).all()


def test_a_new_salt_renames_one_carriers_devices_for_good(clean: Path, struck: Path) -> None:
    new: list[set[str]] = []
    for day in (SECOND, THIRD):
        whole, left = events(clean, day), events(struck, day)
        of_unicom = set(whole.filter(carrier="unicom")["device_id"])
        assert not of_unicom & set(left["device_id"])
        new.append(set(left["device_id"]) - set(whole["device_id"]))
        assert 0.8 * len(of_unicom) < len(new[-1]) <= len(of_unicom)
        assert left["device_id"].str.contains(r"^IMSI46099\d{10}$").all()
    assert len(new[0] & new[1]) > 0.8 * len(new[0])


def test_the_register_loses_positions_and_has_cells_twice(clean: Path, struck: Path) -> None:
    before, after = (
        pl.read_csv(city / "landing" / "signaling" / "cells.csv", infer_schema=False)
        for city in (clean, struck)
    )
    added = after.tail(after.height - before.height)
    without = added.filter(pl.col("latitude").is_null())
    assert without.height == logged(struck, "cell_without_position", SECOND)["row_count"] > 1
    assert set(without["valid_from_date"]) == {str(SECOND)}
    closed = after.head(before.height).filter(pl.col("valid_to_date").is_not_null())
    assert closed["cell_id"].sort().equals(without["cell_id"].sort())
    assert set(closed["valid_to_date"]) == {str(FIRST)}
    twice = added.filter(pl.col("latitude").is_not_null()).join(before, on="cell_id", suffix="_old")
    assert twice.height == logged(struck, "moving_cell", THIRD)["row_count"] > 1
    north = twice.select(pl.col("latitude", "latitude_old").cast(pl.Float64))
    assert (north["latitude"] - north["latitude_old"]).min() > 0.01  # type: ignore[operator]


def test_a_fault_of_the_network_is_of_its_own_table(tmp_path: Path) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text("faults:\n- {kind: cells_down, table: power.energy_daily, rate: 0.5}\n")
    with pytest.raises(FaultsError, match=r"is of signaling\.events"):
        load_faults(path)
    path.write_text("faults:\n- {kind: moving_cell, table: signaling.cells, rate: 0.5}\n")
    with pytest.raises(FaultsError, match="needs from_date"):
        load_faults(path)
