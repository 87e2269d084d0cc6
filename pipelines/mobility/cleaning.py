"""Cleaning of signaling events: every row keeps its place in the output, with a code when refused.

A row gets the first code that applies, in the order of ERROR_CODES; later checks see only the rows
that passed the earlier ones. What each check does and does not catch: docs/methods/signaling.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.errors import CityPulseError
from pipelines.mobility import outliers
from pipelines.mobility.clock import DAY_S, local_days
from pipelines.mobility.codes import NONE, Bools, Codes, Ints, changes, lexical_codes, order_of
from pipelines.mobility.parameters import MobilityParameters
from pipelines.mobility.places import Located, locate
from pipelines.mobility.runs import Coordinates, runs_of

ERROR_CODES = (
    "duplicate_event",  # same device, instant and place as a row that is kept
    "future_event",  # after the instant up to which data can exist
    "clock_skew",  # its instant is not in the day it was filed under
    "unknown_cell",  # the register does not have the cell on that day
    "cell_without_position",  # the register has the cell but not where it stands
    "moving_cell",  # the register has it at two places on that day
    "second_carrier",  # the device's other carrier of that day saw more of it
    "conflicting_event",  # one device at two places in the same instant
    "ping_pong",  # A-B-A in minutes: the network moved, not the device
    "implausible_jump",  # further than anything travels, and it did not stay
    "everywhere_device",  # at more places in a day than a person can be
    "machine",  # never moves: a meter, a camera, a router
)
ACCEPTED = "accepted"

EVENT_SCHEMA: dict[str, type[pl.DataType] | pl.DataType] = {
    "device_id": pl.Categorical(),
    "event_at": pl.Datetime("us"),
    "cell_id": pl.Categorical(),
    "latitude": pl.Float64,
    "longitude": pl.Float64,
    "event_type": pl.Categorical(),
    "carrier": pl.Categorical(),
    "data_date": pl.Date,
}


class RowsLost(CityPulseError):
    """Cleaning did not account for every row; a defect of the code, never of the data."""


@dataclass(frozen=True)
class CleanedEvents:
    """`events`: EVENT_SCHEMA, place_id, place_latitude, place_longitude, region_id, error_code
    (Enum, null = accepted), one row an input row, sorted by device, instant and place.

    `counts`: data_date, error_code (`accepted` for rows without one), event_count, device_count.
    """

    events: pl.DataFrame
    counts: pl.DataFrame

    @property
    def accepted(self) -> pl.DataFrame:
        """The rows without an error code."""
        return self.events.filter(pl.col("error_code").is_null())


def clean(
    events: pl.LazyFrame | pl.DataFrame,
    cells: pl.DataFrame,
    parameters: MobilityParameters,
    *,
    data_until: datetime | None = None,
    machines: pl.DataFrame | None = None,
) -> CleanedEvents:
    """Flag what cannot be believed.

    `events`: the columns of EVENT_SCHEMA (device_id and event_at required, the others null when
    absent), whole devices. `cells`: bronze.cells. `data_until`: UTC instant after which no event
    can exist yet (the end of the data window). `machines`: device_id of devices that never move
    (`daily.machines`, from a longer history than `events`).
    Raises `RowsLost` if rows in differ from rows accounted for.
    """
    frame = _collected(events)
    located = locate(frame, cells, parameters)
    rows = _Rows.sorted(frame, located)
    rows.refuse("duplicate_event", _duplicates(rows))
    if data_until is not None:
        rows.refuse("future_event", rows.frame["event_at"].to_numpy() > np.datetime64(data_until))
    rows.refuse("clock_skew", _clock_skew(rows, parameters))
    for code in ("unknown_cell", "cell_without_position", "moving_cell"):
        rows.refuse(code, rows.unlocated == _number(code))
    rows.refuse("second_carrier", _second_carrier(rows, parameters))
    rows.refuse("conflicting_event", _conflicts(rows))
    _refuse_impossible_movement(rows, located, parameters)
    rows.refuse("everywhere_device", _everywhere(rows, parameters))
    if machines is not None:
        rows.refuse("machine", rows.of_devices(machines["device_id"]))
    cleaned = rows.result(located)
    if len(cleaned) != len(frame):
        raise RowsLost(f"cleaning took {len(frame)} rows and gave {len(cleaned)}: report it.")
    return CleanedEvents(cleaned, count_codes(cleaned))


def count_codes(events: pl.DataFrame) -> pl.DataFrame:
    """Events and distinct devices by data_date and error code; the events sum to the rows in."""
    return (
        events.group_by("data_date", pl.col("error_code").cast(pl.String).fill_null(ACCEPTED))
        .agg(
            pl.len().cast(pl.Int64).alias("event_count"),
            pl.col("device_id").n_unique().cast(pl.Int64).alias("device_count"),
        )
        .sort("data_date", "error_code")
    )


def _collected(events: pl.LazyFrame | pl.DataFrame) -> pl.DataFrame:
    lazy = events.lazy()
    present = set(lazy.collect_schema().names())
    columns = [
        (pl.col(name) if name in present else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in EVENT_SCHEMA.items()
    ]
    return lazy.select(columns).collect(engine="streaming")


@dataclass
class _Rows:
    """The events in order, and the code each has been given so far (0: none)."""

    frame: pl.DataFrame
    devices: pl.Series
    device: Codes
    at_s: Ints
    cell: Codes
    place: Codes
    unlocated: npt.NDArray[np.int16]
    code: npt.NDArray[np.uint8]

    @classmethod
    def sorted(cls, frame: pl.DataFrame, located: Located) -> _Rows:
        """Sort by device, instant and place, then by every column, so that no tie is left."""
        device, devices = lexical_codes(frame["device_id"])
        cell, _ = lexical_codes(frame["cell_id"])
        at = frame["event_at"].to_physical().to_numpy()
        texts = [lexical_codes(frame[name])[0] for name in ("carrier", "event_type")]
        numbers = [
            frame[name].to_physical().fill_null(0).to_numpy()
            for name in ("latitude", "longitude", "data_date")
        ]
        order = order_of(device, at, located.place, cell, *texts, *numbers)
        unlocated = located.code.cast(pl.Enum(ERROR_CODES)).to_physical().cast(pl.Int16) + 1
        ordered = frame[order]
        return cls(
            frame=ordered,
            devices=devices,
            device=device[order],
            at_s=ordered["event_at"].dt.epoch("s").to_numpy(),
            cell=cell[order],
            place=located.place[order],
            unlocated=unlocated.fill_null(0).to_numpy()[order],
            code=np.zeros(len(ordered), dtype=np.uint8),
        )

    def refuse(self, code: str, refused: Bools) -> None:
        """Give `code` to the refused rows that have none yet."""
        self.code[refused & (self.code == 0)] = _number(code)

    @property
    def standing(self) -> Ints:
        """Indices of the rows not refused so far."""
        return np.flatnonzero(self.code == 0)

    def of_devices(self, device_ids: pl.Series) -> Bools:
        """True for the rows of these devices."""
        listed = self.devices.is_in(device_ids.cast(pl.String).implode()).to_numpy()
        return listed[self.device] if len(listed) else np.zeros(0, dtype=np.bool_)

    def result(self, located: Located) -> pl.DataFrame:
        """The events with place and error code."""
        at = pl.Series(self.place).set(pl.Series(self.place == NONE), None)
        places = located.places.select(
            pl.col("place_id").cast(pl.Categorical()),
            pl.col("latitude").alias("place_latitude"),
            pl.col("longitude").alias("place_longitude"),
            pl.col("region_id").cast(pl.Categorical()),
        )
        names = pl.Series([None, *ERROR_CODES], dtype=pl.Enum(ERROR_CODES))
        return self.frame.with_columns(
            *(places[name].gather(at) for name in places.columns),
            names.gather(pl.Series(self.code)).alias("error_code"),
        )


def _number(code: str) -> int:
    return ERROR_CODES.index(code) + 1


def _duplicates(rows: _Rows) -> Bools:
    at = rows.frame["event_at"].to_numpy()
    return ~changes(rows.device, at, rows.place, rows.cell)


def _clock_skew(rows: _Rows, parameters: MobilityParameters) -> Bools:
    """The local day of the event is not its data_date, even with the tolerance either way."""
    local_s = rows.at_s + parameters.utc_offset_s
    own_day = pl.Series(local_days(rows.at_s, 0, parameters))
    filed = rows.frame["data_date"].to_physical().cast(pl.Int64)
    # a row that was filed under no day cannot contradict it
    filed_s = filed.zip_with(filed.is_not_null(), own_day).to_numpy() * DAY_S
    tolerance_s = parameters.clock_tolerance_s
    early, late = local_s < filed_s - tolerance_s, local_s >= filed_s + DAY_S + tolerance_s
    skewed: Bools = early | late
    return skewed


def _second_carrier(rows: _Rows, parameters: MobilityParameters) -> Bools:
    """Of a device that two carriers saw on one day, the rows of the one with fewer events.

    On a tie the carrier first in the alphabet is kept. A number ported from one carrier to the
    other changes between days and is not touched, unless it changes within the day.
    """
    refused = np.zeros(len(rows.code), dtype=np.bool_)
    carrier, _ = lexical_codes(rows.frame["carrier"])
    standing = rows.standing
    standing = standing[carrier[standing] != NONE]
    device, carriers = rows.device[standing], carrier[standing]
    differs = changes(device, carriers) & ~changes(device)
    if not differs.any():
        return refused
    rows_of_switchers = standing[np.isin(device, device[differs])]
    switchers = pl.DataFrame(
        {
            "row": rows_of_switchers,
            "device": rows.device[rows_of_switchers],
            "day": local_days(rows.at_s[rows_of_switchers], 0, parameters),
            "carrier": carrier[rows_of_switchers],
        }
    )
    main = (
        switchers.group_by("device", "day", "carrier")
        .len()
        .sort("len", "carrier", descending=[True, False])
        .unique(["device", "day"], keep="first", maintain_order=True)
    )
    minor = switchers.join(main, on=["device", "day", "carrier"], how="anti")
    refused[minor["row"].to_numpy()] = True
    return refused


def _conflicts(rows: _Rows) -> Bools:
    """Every row of an instant at which the device was at two places."""
    refused = np.zeros(len(rows.code), dtype=np.bool_)
    standing = rows.standing
    at = rows.frame["event_at"].to_numpy()[standing]
    instant = changes(rows.device[standing], at)
    again = ~instant
    again[:-1] |= ~instant[1:]
    refused[standing] = again
    return refused


def _refuse_impossible_movement(
    rows: _Rows, located: Located, parameters: MobilityParameters
) -> None:
    """Ping-pong, then jumps among what is left; both look at runs of events at one place."""
    standing = rows.standing
    runs, run_of_row = runs_of(
        rows.device[standing], rows.at_s[standing], rows.place[standing], parameters.stay_gap_s
    )
    places = located.places
    where = Coordinates(places["latitude"].to_numpy(), places["longitude"].to_numpy())
    bounced = outliers.ping_pong(runs, parameters)
    jumped = outliers.implausible_jumps(runs, ~bounced, where, parameters)
    for code, refused_runs in (("ping_pong", bounced), ("implausible_jump", jumped)):
        refused = np.zeros(len(rows.code), dtype=np.bool_)
        refused[standing] = refused_runs[run_of_row]
        rows.refuse(code, refused)


def _everywhere(rows: _Rows, parameters: MobilityParameters) -> Bools:
    """All rows of a device and day with more distinct places than a person can visit."""
    refused = np.zeros(len(rows.code), dtype=np.bool_)
    standing = rows.standing
    day = local_days(rows.at_s, parameters.day_start_hour, parameters)
    visits = changes(rows.device[standing], day[standing], rows.place[standing])
    visited = standing[visits]
    # only device days with that many changes of place can have that many distinct ones
    device_days = pl.DataFrame(
        {"device": rows.device[visited], "day": day[visited], "place": rows.place[visited]}
    ).filter(pl.len().over("device", "day") > parameters.everywhere_cells)
    if device_days.is_empty():
        return refused
    guilty = (
        device_days.group_by("device", "day")
        .agg(pl.col("place").n_unique())
        .filter(pl.col("place") > parameters.everywhere_cells)
    )
    pairs = pl.DataFrame({"device": rows.device, "day": day})
    return (
        pairs.join(guilty.with_columns(guilty=True), on=["device", "day"], how="left")["guilty"]
        .fill_null(value=False)
        .to_numpy()
    )
