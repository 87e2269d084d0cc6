"""Movement from signaling: speed, memory, and trackintel beside it.

    python -m bench.mobility [--rows 20000000] [--devices 300000] [--data ../shared/data]

1. A synthetic day, and a quarter of it to show growth: cleaning, stays, present population and
   origin-destination matrix, as a ratio to DuckDB reading and sorting the same Parquet file; the
   fastest of two runs each.
2. trackintel on a sample of the day: positions per second of finding stays, beside ours.
3. GeoLife (real positions): how far our stays and homes agree with trackintel's, and speed.

trackintel lives in an environment of its own, made from `peer.lock` under .cache/bench; where it
cannot be installed or GeoLife is absent, the part is left out and the reason printed.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import polars as pl

from bench.mobility.day import measured, write_cells, write_day, write_sample
from bench.mobility.geolife import ARCHIVE, Comparison, compare
from bench.mobility.peer import PeerMissing, stays_by_peer
from pipelines.mobility.parameters import load_parameters
from pipelines.settings import PROJECT_ROOT

SAMPLE_DEVICES = 5_000
RUNS = 2
NEAR_M = 200
_DAY_HEAD = (
    "| events | devices | wall / DuckDB | CPU / DuckDB | clean + stays | present | matrix "
    "| peak MB | DuckDB's MB |"
)
_STAYS_HEAD = (
    "| compared | stays, ours | trackintel's | agreeing, of ours | of trackintel's "
    "| centres apart, median m | 95 % m |"
)


def print_head(head: str) -> None:
    """A table's header line and the line below it."""
    print(f"{head}\n{'|---' * (head.count('|') - 1)}|", flush=True)


def day_table(rows: int, devices: int) -> None:
    """Part 1, and part 2 on the smaller day's file."""
    peer_line = ""
    print_head(_DAY_HEAD)
    for part in (4, 1):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_cells(folder / "cells.parquet")
            write_day(folder / "events.parquet", rows // part, devices // part)
            yardstick, ours = fastest(folder, "duckdb_sort", "citypulse")
            assert ours["rows"] == yardstick["rows"] == rows // part
            print(_day_line(ours, yardstick, devices // part), flush=True)
            peer_line = peer_line or sample_line(folder)
    print(f"\n{peer_line}\n", flush=True)


def fastest(folder: Path, *tasks: str) -> list[dict[str, float]]:
    """The fastest run of each task; the tasks take turns, so that other work on the machine slows
    all of them."""
    runs = [[measured(task, folder) for task in tasks] for _ in range(RUNS)]
    return [min(of_task, key=lambda run: run["wall_s"]) for of_task in zip(*runs, strict=True)]


def _day_line(ours: dict[str, float], yardstick: dict[str, float], devices: int) -> str:
    parts = ("cleaning_and_stays_s", "present_s", "matrix_s")
    shares = " | ".join(f"{ours[part] / ours['wall_s']:.1%}" for part in parts)
    return (
        f"| {ours['rows']:,} | {devices:,} | {ours['wall_s'] / yardstick['wall_s']:.2f} "
        f"| {ours['cpu_s'] / yardstick['cpu_s']:.2f} | {shares} "
        f"| {ours['peak_mb']:,.0f} | {yardstick['peak_mb']:,.0f} |"
    )


def sample_line(folder: Path) -> str:
    """trackintel and our code on the events of some devices of the day in `folder`."""
    positions = write_sample(folder, SAMPLE_DEVICES)
    try:
        _, theirs = stays_by_peer(positions, folder, load_parameters())
    except PeerMissing as error:
        return f"trackintel left out: {error}"
    ours = measured("citypulse_sample", folder)
    return (
        speed_line(
            f"{len(positions):,} events of {SAMPLE_DEVICES:,} devices",
            ours["positions"] / ours["seconds"],
            theirs["positions"] / theirs["seconds"],
        )
        + f" peak {ours['peak_mb']:,.0f} MB against {theirs['peak_mb']:,.0f} MB"
    )


def speed_line(what: str, ours_per_s: float, theirs_per_s: float) -> str:
    """Both speeds and their ratio."""
    return (
        f"{what}: cleaning and stays {ours_per_s / 1e6:.3f} million positions/s, trackintel's "
        f"stays {theirs_per_s / 1e6:.3f} million: {ours_per_s / theirs_per_s:.1f} times;"
    )


def geolife_table(archive: Path) -> None:
    """Part 3."""
    if not archive.is_file():
        print(f"GeoLife left out: {archive} is not there; say where with --data.")
        return
    try:
        compared = compare(archive)
    except PeerMissing as error:
        print(f"GeoLife left out: {error}")
        return
    print_head(_STAYS_HEAD)
    for name, found in compared.rows.items():
        apart = found.pairs["apart_m"]
        print(
            f"| {name} | {len(found.ours):,} | {len(found.theirs):,} | {found.share_of_ours:.1%} "
            f"| {found.share_of_theirs:.1%} | {_quantile(apart, 0.5)} | {_quantile(apart, 0.95)} |"
        )
    print(f"\n{_geolife_text(compared)}", flush=True)


def _quantile(values: pl.Series, share: float) -> str:
    found = values.quantile(share, "linear")
    return "-" if found is None else f"{found:.0f}"


def _geolife_text(compared: Comparison) -> str:
    ours, theirs, apart = compared.homes
    speed = speed_line(
        f"{compared.positions:,} positions of {compared.people} people",
        compared.ours_per_s,
        compared.theirs_per_s,
    )
    return (
        f"By the finest squares {compared.alone_at_finest} of our stays agree with none; "
        f"{compared.forgotten_before_gaps} of these come before a gap.\n"
        f"Homes: {ours} ours, {theirs} trackintel's (OSNA), {len(apart)} by both, "
        f"{(apart <= NEAR_M).sum()} of them within {NEAR_M} m.\n{speed}"
    )


def main() -> None:
    """Parse the command line and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--devices", type=int, default=300_000)
    parser.add_argument("--data", type=Path, default=PROJECT_ROOT.parent / "shared" / "data")
    arguments = parser.parse_args()
    day_table(arguments.rows, arguments.devices)
    geolife_table(arguments.data / ARCHIVE)


if __name__ == "__main__":
    main()
