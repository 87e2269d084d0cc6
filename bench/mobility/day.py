"""One synthetic day of signaling: DuckDB's sort, our chain, and each part of it, in processes of
their own on the same file, so that peak memory is each one's own.

    python -m bench.mobility.day TASK FOLDER
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from bench._peak import peak_mb
from pipelines.dates import DateWindow
from pipelines.mobility import flows
from pipelines.mobility.cleaning import ACCEPTED, clean
from pipelines.mobility.movement import movement
from pipelines.mobility.parameters import load_parameters
from pipelines.mobility.presence import present_population
from pipelines.mobility.stays import segments, stays

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
    """The chain: cleaning, stays (with device days and activity of cells), present population, and
    trips with their matrix. Results in counts, and the seconds each part took."""
    parameters = load_parameters()
    cells = pl.read_parquet(folder / "cells.parquet")
    began = time.perf_counter()
    moved = movement(pl.scan_parquet(folder / "events.parquet"), cells, parameters)
    moved_at = time.perf_counter()
    present = present_population(moved.segments, DateWindow(DAY, DAY), parameters)
    present_at = time.perf_counter()
    trips = flows.trips(stays(moved.segments), parameters)
    matrix = flows.origin_destination(trips, by=("data_date", "hour"))
    counts = moved.counts
    return {
        "rows": int(counts["event_count"].sum()),
        "refused": int(counts.filter(pl.col("error_code") != ACCEPTED)["event_count"].sum()),
        "stays": int(moved.segments["is_stay"].sum()),
        "present_at_noon": int(present.filter(hour=12)["device_count"].sum()),
        "trips": len(trips),
        "matrix_cells": len(matrix),
        "cleaning_and_stays_s": moved_at - began,
        "present_s": present_at - moved_at,
        "matrix_s": time.perf_counter() - present_at,
    }


def stays_of_sample(folder: Path) -> dict[str, float]:
    """Cleaning and stays only, of the sample that trackintel gets."""
    events, cells = pl.read_parquet(folder / "sample.parquet"), folder / "cells.parquet"
    parameters = load_parameters()
    began = time.perf_counter()
    cleaned = clean(events, pl.read_parquet(cells), parameters)
    found = stays(segments(cleaned.accepted, parameters))
    return {"positions": len(events), "stays": len(found), "seconds": time.perf_counter() - began}


TASKS = {
    "duckdb_sort": sort_in_duckdb,
    "citypulse": day_of_movement,
    "citypulse_sample": stays_of_sample,
}


def write_sample(folder: Path, devices: int) -> pl.DataFrame:
    """The events of some devices, for a library that cannot manage the day: `sample.parquet`, and
    the same as positions (device_id, event_at, latitude, longitude of the cell)."""
    events = pl.scan_parquet(folder / "events.parquet")
    chosen = events.select(pl.col("device_id").unique().sort()).head(devices)
    sample = events.join(chosen, on="device_id", how="semi").collect(engine="streaming")
    sample.write_parquet(folder / "sample.parquet")
    cells = pl.read_parquet(folder / "cells.parquet", columns=["cell_id", "latitude", "longitude"])
    return sample.join(cells, on="cell_id").select("device_id", "event_at", "latitude", "longitude")


def measured(task: str, folder: Path) -> dict[str, float]:
    """Run a task in a process of its own: what it returns, wall_s, cpu_s and peak_mb."""
    command = [sys.executable, "-m", "bench.mobility.day", task, str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def main(task: str, folder: Path) -> None:
    """Run one task here and print what it took as JSON."""
    began = time.perf_counter()
    result = TASKS[task](folder)
    seconds = time.perf_counter() - began
    cost = {"wall_s": seconds, "cpu_s": time.process_time(), "peak_mb": peak_mb()}
    print(json.dumps(cost | result))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
