"""Faults of a carrier's whole network, not of single rows: silent cells, numbers under new names,
devices seen by two carriers, and a register of cells that is wrong.

They change the delivery in the order of the faults file, before faults of rows and files do, so
those stay where the log says.
What is planted passes ingest; `expected` names what must say so later: `cleaning` (with the code of
`signaling_quality_daily`) or `not_collected`. `row_count` is the rows touched or missing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl

from pipelines.simulator.delivery import Delivery
from pipelines.simulator.faults import NETWORK_KINDS, REGISTER_KINDS, Fault, log_entry
from pipelines.simulator.rng import stream

LEAST_EVENTS = 3  # of a device, so that one event by another carrier is the smaller part
MOVED_DEGREES = 0.05  # about five kilometres, far beyond what the register may be wrong by
_IMSI_DIGITS = 10

Log = list[dict[str, object]]


def strike_network(
    delivery: Delivery, day: date, faults: Iterable[Fault], seed: int
) -> tuple[Delivery, Log]:
    """The delivery as the faults of the network leave it, and their log."""
    log: Log = []
    for fault in faults:
        if fault.kind not in NETWORK_KINDS or not fault.strikes(delivery, day):
            continue
        struck, rows, code, detail = _STRIKES[fault.kind](delivery.frame, fault, day, seed)
        delivery = replace(delivery, frame=struck)
        expected = "not_collected" if fault.kind == "cells_down" else "cleaning"
        entry = log_entry(delivery, day, fault.kind, delivery.file_name(day), expected, detail)
        log.append(entry | {"code": code, "row_count": rows})
    return delivery, log


def strike_register(register: Delivery, faults: Iterable[Fault], seed: int) -> tuple[Delivery, Log]:
    """The register of cells with `rate` of them wrong from a date on, and the log.

    `cell_without_position`: from the date on the cell has no coordinates. `moving_cell`: from the
    date on it also stands elsewhere, because the first row was never closed.
    """
    log: Log = []
    free = stream(seed, "faults", "register").permutation(register.frame.height)
    frame = register.frame
    for fault in faults:
        if fault.kind not in REGISTER_KINDS:
            continue
        assert fault.from_date is not None, "checked by Fault"
        count = max(1, round(fault.rate * register.frame.height))
        chosen, free = np.sort(free[:count]), free[count:]
        frame = _register_with(frame, fault.kind, chosen, fault.from_date)
        detail = f"{count} cells: {', '.join(register.frame['cell_id'][chosen])}"
        name = register.file_name(fault.from_date)
        entry = log_entry(register, fault.from_date, fault.kind, name, "cleaning", detail)
        log.append(entry | {"code": fault.kind, "row_count": count})
    return replace(register, frame=frame), log


def _register_with(frame: pl.DataFrame, kind: str, chosen: np.ndarray, from_: date) -> pl.DataFrame:
    """`frame` with a second row for each chosen cell, valid from the date on."""
    second = frame[chosen].with_columns(pl.lit(str(from_)).alias("valid_from_date"))
    if kind == "cell_without_position":
        second = second.with_columns(
            pl.lit(None, pl.String).alias(name) for name in ("latitude", "longitude")
        )
        closed = pl.Series([str(from_ - timedelta(days=1))]).new_from_index(0, len(chosen))
        ends = frame["valid_to_date"].cast(pl.String).scatter(chosen, closed)
        frame = frame.with_columns(ends.alias("valid_to_date"))
    else:
        north = pl.col("latitude").cast(pl.Float64) + MOVED_DEGREES
        second = second.with_columns(north.round(6).cast(pl.String).alias("latitude"))
    return pl.concat([frame, second])


_Struck = tuple[pl.DataFrame, int, str | None, str]


def _cells_down(frame: pl.DataFrame, fault: Fault, day: date, seed: int) -> _Struck:
    """No event of `rate` of the cells arrives."""
    cells = frame["cell_id"].unique().sort()
    down = stream(seed, "faults", "cells_down", day).permutation(len(cells))
    down = down[: round(fault.rate * len(cells))]
    kept = frame.filter(~pl.col("cell_id").is_in(cells[down].implode()))
    detail = f"{len(down)} of {len(cells)} cells silent"
    return kept, frame.height - kept.height, None, detail


def _second_carrier(frame: pl.DataFrame, fault: Fault, day: date, seed: int) -> _Struck:
    """One event of `rate` of the devices comes from another carrier."""
    carriers = frame["carrier"].unique().sort()
    middle = (
        frame.with_row_index("row")
        .group_by("device_id")
        .agg(pl.len().alias("events"), pl.col("row").get(pl.len() // 2))
        .filter(pl.col("events") >= LEAST_EVENTS)
        .sort("device_id")["row"]
    )
    drawn = stream(seed, "faults", "second_carrier", day).permutation(len(middle))
    rows = middle.gather(drawn[: round(fault.rate * len(middle))]).sort()
    following = dict(zip(carriers, [*carriers[1:], carriers[0]], strict=True))
    others = frame["carrier"].gather(rows).replace_strict(following)
    struck = frame.with_columns(frame["carrier"].scatter(rows, others).alias("carrier"))
    detail = f"an event of {len(rows)} devices by another carrier"
    return struck, len(rows), "second_carrier", detail


def _new_salt(frame: pl.DataFrame, fault: Fault, day: date, seed: int) -> _Struck:  # noqa: ARG001
    """The devices of carrier `value` have other identifiers, the same ones every day."""
    mine = pl.col("carrier") == fault.value
    known = frame.filter(mine)["device_id"].unique().sort()
    renamed = [_renamed(device, seed) for device in known]
    names = pl.DataFrame({"device_id": known, "renamed": renamed})
    struck = frame.join(names, on="device_id", how="left", maintain_order="left").select(
        pl.when(mine).then("renamed").otherwise("device_id").alias("device_id"),
        *frame.columns[1:],
    )
    detail = f"{len(known)} devices of {fault.value} under new identifiers"
    return struck, frame.filter(mine).height, "identifiers_changed", detail


def _renamed(device: str, seed: int) -> str:
    """Another identifier of the same form."""
    digest = hashlib.sha256(f"{seed} {device}".encode()).hexdigest()
    return device[:-_IMSI_DIGITS] + f"{int(digest, 16) % 10**_IMSI_DIGITS:0{_IMSI_DIGITS}d}"


_STRIKES = {
    "cells_down": _cells_down,
    "second_carrier": _second_carrier,
    "new_salt": _new_salt,
}
