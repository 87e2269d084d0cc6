"""One day of signaling, from events to present population and origin-destination matrix.

    python -m bench.mobility --rows 20000000 --devices 300000

Writes a synthetic day (and a quarter of it, to show growth) to a temporary folder and measures,
each in a process of its own on the same file: DuckDB reading and sorting it by device and time, and
the whole chain cleaning -> stays -> device days -> present population -> trips -> matrix. Prints
wall and CPU seconds, peak memory and the ratio to DuckDB as JSON lines.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.dates import DateWindow
from pipelines.mobility import flows
from pipelines.mobility.movement import movement
from pipelines.mobility.parameters import load_parameters
from pipelines.mobility.presence import present_population
from pipelines.mobility.stays import stays

DAY = date(2020, 2, 18)
CELLS_PER_SIDE = 48
CELL_DEGREES = 0.009  # about one kilometre
THREADS = 2


def write_cells(path: Path) -> None:
    """A lattice of cells one kilometre apart, in 16 districts."""
    number = np.arange(CELLS_PER_SIDE**2)
    row, column = number // CELLS_PER_SIDE, number % CELLS_PER_SIDE
    quarter = CELLS_PER_SIDE // 4
    cells = pl.DataFrame(
        {
            "cell_id": [f"C{n:05d}" for n in number],
            "latitude": 30.0 + row * CELL_DEGREES,
            "longitude": 112.0 + column * CELL_DEGREES,
            "region_id": [
                f"9901{n:02d}" for n in (row // quarter * 4 + column // quarter).tolist()
            ],
            "valid_from_date": [date(2015, 1, 1)] * len(number),
            "valid_to_date": pl.Series([None] * len(number), dtype=pl.Date),
        }
    )
    pq.write_table(cells.to_arrow(), path)


def write_day(path: Path, rows: int, devices: int) -> None:
    """Events in the order of time: homes, two thirds with work, errands, and one event in eight
    from a neighbour cell."""
    rng = np.random.default_rng(5)
    side = CELLS_PER_SIDE
    home, work = rng.integers(0, side**2, (2, devices))
    works = rng.random(devices) < 0.66
    start, end = rng.normal(8.5, 0.7, devices), rng.normal(17.6, 0.7, devices)
    names = pa.array([f"{n:032x}" for n in rng.integers(0, 2**63, devices)])
    cells = pa.array([f"C{n:05d}" for n in range(side**2)])
    carriers = pa.array(["cmcc", "telecom", "unicom"])
    kinds = pa.array(["call", "data", "periodic_update"])
    writer: pq.ParquetWriter | None = None
    for hour in range(24):
        count = rows // 24 + (hour < rows % 24)
        device = rng.integers(0, devices, count)
        second = np.sort(rng.integers(hour * 3600, (hour + 1) * 3600, count))
        clock = second / 3600
        at_work = works[device] & (clock >= start[device]) & (clock < end[device])
        where = np.where(at_work, work[device], home[device])
        errand = rng.random(devices) < 0.06
        shop = rng.integers(0, side**2, devices)
        where = np.where(errand[device] & ~at_work & (hour > 8), shop[device], where)
        stray = (rng.random(count) < 0.125) * rng.choice([-1, 1], count)
        where = np.clip(where + stray, 0, side**2 - 1)
        at = np.datetime64(DAY) + second.astype("timedelta64[s]") - np.timedelta64(8, "h")
        table = pa.table(
            {
                "device_id": names.take(pa.array(device)),
                "event_at": pa.array(at.astype("datetime64[us]")),
                "cell_id": cells.take(pa.array(where)),
                "event_type": kinds.take(pa.array(rng.integers(0, 3, count))),
                "carrier": carriers.take(pa.array(device % 3)),
                "data_date": pa.array(np.full(count, np.datetime64(DAY))),
            }
        )
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table)
    assert writer is not None
    writer.close()


def sort_in_duckdb(folder: Path) -> dict[str, float]:
    """The yardstick: read the file and sort it by device and time into a table."""
    con = duckdb.connect(config={"threads": THREADS})
    con.execute(
        f"CREATE TABLE sorted AS FROM '{folder}/events.parquet' ORDER BY device_id, event_at"
    )
    (rows,) = con.execute("SELECT count(*) FROM sorted").fetchone() or (0,)
    return {"rows": rows}


def day_of_movement(folder: Path) -> dict[str, float]:
    """The chain measured."""
    parameters = load_parameters()
    cells = pl.read_parquet(folder / "cells.parquet")
    moved = movement(pl.scan_parquet(folder / "events.parquet"), cells, parameters)
    present = present_population(moved.segments, DateWindow(DAY, DAY), parameters)
    trips = flows.trips(stays(moved.segments), parameters)
    matrix = flows.origin_destination(trips, by=("data_date", "hour"))
    return {
        "rows": int(moved.counts["event_count"].sum()),
        "stays": int(moved.segments["is_stay"].sum()),
        "present_at_noon": int(present.filter(hour=12)["device_count"].sum()),
        "trips": len(trips),
        "matrix_cells": len(matrix),
    }


TASKS = {"duckdb_sort": sort_in_duckdb, "citypulse": day_of_movement}


def measure(task: str, folder: Path) -> dict[str, float]:
    """Run one task here; called in a process of its own, so that peak memory is the task's."""
    began = time.perf_counter()
    result = TASKS[task](folder)
    seconds = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "wall_s": round(seconds, 2),
        "cpu_s": round(used.ru_utime + used.ru_stime, 2),
        "peak_mb": used.ru_maxrss // 1024,
        **result,
    }


def in_child(task: str, folder: Path) -> dict[str, float]:
    """`measure` in a child process."""
    command = [sys.executable, "-m", "bench.mobility", "--measure", task, str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


def compare(rows: int, devices: int) -> dict[str, object]:
    """Write a day of `rows` events and measure both tasks on it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_cells(folder / "cells.parquet")
        write_day(folder / "events.parquet", rows, devices)
        found = {task: in_child(task, folder) for task in TASKS}
    ours, theirs = found["citypulse"], found["duckdb_sort"]
    assert ours["rows"] == theirs["rows"] == rows
    return {
        "rows": rows,
        "devices": devices,
        "wall_ratio": round(ours["wall_s"] / theirs["wall_s"], 2),
        "cpu_ratio": round(ours["cpu_s"] / theirs["cpu_s"], 2),
        "million_events_per_s": round(rows / ours["wall_s"] / 1e6, 2),
        **found,
    }


def main() -> None:
    """Parse the command line and print one JSON line a size."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--devices", type=int, default=300_000)
    parser.add_argument("--measure", nargs=2, metavar=("TASK", "FOLDER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        task, folder = arguments.measure
        print(json.dumps(measure(task, Path(folder))))
        return
    for part in (4, 1):
        print(json.dumps(compare(arguments.rows // part, arguments.devices // part)), flush=True)


if __name__ == "__main__":
    main()
