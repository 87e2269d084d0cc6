"""Where an event was: the cell that is valid on its day, or the grid square of its position."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from pipelines.mobility.codes import NONE, Codes, lexical_codes
from pipelines.mobility.geo import distance_m, grid_centre, grid_key
from pipelines.mobility.parameters import MobilityParameters

PLACE_SCHEMA: dict[str, type[pl.DataType]] = {
    "place_id": pl.String,
    "latitude": pl.Float64,
    "longitude": pl.Float64,
    "region_id": pl.String,
}


@dataclass(frozen=True)
class Located:
    """`place[i]`: row of `places` where event i was, or NONE; `code[i]`: why not, or null.

    `places` (PLACE_SCHEMA) is sorted by place_id.
    """

    place: Codes
    code: pl.Series
    places: pl.DataFrame


def register_of(
    cells: pl.DataFrame, first: date, last: date, parameters: MobilityParameters
) -> pl.DataFrame:
    """One row a cell and day in [first, last] on which the register has it.

    `cells`: cell_id, latitude, longitude, region_id, valid_from_date, valid_to_date (null: still).
    Returns cell_id, date, PLACE_SCHEMA, code: null, `cell_without_position`, or `moving_cell` when
    two positions further apart than `cell_move_tolerance_m` are valid at once.

    A cell that stands elsewhere after a dated change is another place: `<cell_id>@<from date>`;
    its first position keeps the plain name, so a later move renames nothing in history.
    """
    position = ["cell_id", "latitude", "longitude"]
    began = pl.col("valid_from_date").min().over(position)
    moved = began > began.min().over("cell_id")
    named = cells.with_columns(
        pl.when(moved & pl.col("latitude").is_not_null())
        .then(pl.col("cell_id") + "@" + began.cast(pl.String))
        .otherwise(pl.col("cell_id"))
        .alias("place_id")
    )
    days = pl.DataFrame({"date": pl.date_range(first, last, eager=True)})
    valid = named.join(days, how="cross").filter(
        pl.col("valid_from_date") <= pl.col("date"),
        pl.col("valid_to_date").is_null() | (pl.col("valid_to_date") >= pl.col("date")),
    )
    by_age = ["valid_from_date", "latitude", "longitude", "region_id"]
    found = (
        valid.sort(by_age, descending=[True, False, False, False], nulls_last=True)
        .group_by("cell_id", "date", maintain_order=True)
        .agg(
            pl.col(*PLACE_SCHEMA).first(),
            *(
                getattr(pl.col(name), side)().alias(f"{side}_{name}")
                for name in ("latitude", "longitude")
                for side in ("min", "max")
            ),
        )
    )
    spread = distance_m(
        *(
            found[name].fill_null(0.0).to_numpy()
            for name in ("min_latitude", "min_longitude", "max_latitude", "max_longitude")
        )
    )
    no_position = pl.col("latitude").is_null() | pl.col("longitude").is_null()
    return found.with_columns(
        pl.when(no_position)
        .then(pl.lit("cell_without_position"))
        .when(pl.Series(spread > parameters.cell_move_tolerance_m))
        .then(pl.lit("moving_cell"))
        .alias("code")
    ).select("cell_id", "date", *PLACE_SCHEMA, "code")


def locate(events: pl.DataFrame, cells: pl.DataFrame, parameters: MobilityParameters) -> Located:
    """The place of every event.

    `events`: event_at, cell_id (String or Categorical), latitude, longitude. A cell_id wins over a
    position. Events of cells the register does not have on their (local) day get `unknown_cell`.
    """
    if events.is_empty():
        return Located(
            np.empty(0, np.int32), pl.Series([], dtype=pl.String), pl.DataFrame(schema=PLACE_SCHEMA)
        )
    by_cell = _cells_by_day(events, cells, parameters)
    by_grid = _grid_squares(events, parameters)
    kinds = pl.concat([by_cell.kinds, by_grid.kinds])
    kind = np.where(by_cell.kind != NONE, by_cell.kind, by_grid.kind + len(by_cell.kinds))
    usable = kinds.filter(pl.col("code").is_null()).select(*PLACE_SCHEMA)
    places = usable.unique("place_id", keep="first", maintain_order=True).sort("place_id")
    place_of_kind = (
        kinds.join(places.select("place_id").with_row_index("place"), on="place_id", how="left")
        .select(pl.when(pl.col("code").is_null()).then("place").cast(pl.Int32).fill_null(NONE))
        .to_series()
        .to_numpy()
    )
    return Located(place_of_kind[kind], kinds["code"].gather(kind), places)


@dataclass(frozen=True)
class _Kinds:
    """`kind[i]`: row of `kinds` (PLACE_SCHEMA, code) for event i, or NONE."""

    kind: Codes
    kinds: pl.DataFrame


def _cells_by_day(
    events: pl.DataFrame, cells: pl.DataFrame, parameters: MobilityParameters
) -> _Kinds:
    """The register's row for each event that names a cell; one row a distinct cell and day."""
    cell, cell_ids = lexical_codes(events["cell_id"])
    local_day = (events["event_at"].dt.epoch("s") + parameters.utc_offset_s) // 86_400
    first, last = int(local_day.min()), int(local_day.max())  # type: ignore[arg-type]
    days = last - first + 1
    pair = cell.astype(np.int64) * days + (local_day.to_numpy() - first)
    pairs, kind = _dense(pair, len(cell_ids) * days, cell != NONE)
    epoch = date(1970, 1, 1).toordinal()
    register = register_of(
        cells.filter(pl.col("cell_id").is_in(cell_ids.implode())),
        date.fromordinal(epoch + first),
        date.fromordinal(epoch + last),
        parameters,
    )
    kinds = (
        pl.DataFrame(
            {
                "cell_id": cell_ids.gather(pairs // days),
                "date": pl.Series(pairs % days + first).cast(pl.Int32).cast(pl.Date),
            }
        )
        .join(register.with_columns(known=True), on=["cell_id", "date"], how="left")
        .with_columns(
            pl.when(pl.col("known").is_null())
            .then(pl.lit("unknown_cell"))
            .otherwise("code")
            .alias("code")
        )
        .select(*PLACE_SCHEMA, "code")
    )
    return _Kinds(kind, kinds)


def _grid_squares(events: pl.DataFrame, parameters: MobilityParameters) -> _Kinds:
    """The grid square of each event without a cell."""
    key = (
        events.select(
            pl.when(pl.col("cell_id").is_null()).then(
                grid_key(pl.col("latitude"), pl.col("longitude"), parameters.grid_m)
            )
        )
        .to_series()
        .rename("key")
    )
    squares = key.drop_nulls().unique().sort()
    latitude, longitude = grid_centre(pl.col("key"), parameters.grid_m)
    kinds = squares.to_frame().select(
        (pl.lit("g") + pl.col("key").cast(pl.String)).alias("place_id"),
        latitude.alias("latitude"),
        longitude.alias("longitude"),
        pl.lit(None, pl.String).alias("region_id"),
        pl.lit(None, pl.String).alias("code"),
    )
    nowhere = kinds.clear(1).with_columns(pl.lit("unknown_cell").alias("code"))
    kind = np.searchsorted(squares.to_numpy(), key.fill_null(0).to_numpy()).astype(np.int32)
    kind[key.is_null().to_numpy()] = len(squares)
    return _Kinds(kind, pl.concat([kinds, nowhere]))


def _dense(values: np.ndarray, size: int, wanted: np.ndarray) -> tuple[np.ndarray, Codes]:
    """Distinct wanted values (sorted, each < size) and the index of each row's value, or NONE."""
    seen = np.zeros(size, dtype=np.bool_)
    seen[values[wanted]] = True
    index = np.full(size + 1, NONE, dtype=np.int32)
    distinct = np.flatnonzero(seen)
    index[distinct] = np.arange(len(distinct), dtype=np.int32)
    return distinct, index[np.where(wanted, values, size)]
