"""Distances on the sphere and the grid that stands for cells where the source gives positions."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float64]

EARTH_RADIUS_M = 6_371_008.8  # IUGG mean radius
METRES_PER_DEGREE = math.pi * EARTH_RADIUS_M / 180
# longitude is cut in bands of latitude, so that squares stay square within a per cent up to 60
# degrees and a square's key never depends on the position inside it
BAND_DEGREES = 0.5
# keys are row * COLUMNS + column: room for squares of 1 m along the equator
COLUMNS = 1 << 26


def distance_m(
    latitude: Floats, longitude: Floats, other_latitude: Floats, other_longitude: Floats
) -> Floats:
    """Great-circle distance in metres (haversine); degrees in, elementwise."""
    phi, other_phi = np.radians(latitude), np.radians(other_latitude)
    half_phi = np.sin((other_phi - phi) / 2)
    half_lambda = np.sin(np.radians(other_longitude - longitude) / 2)
    a = half_phi**2 + np.cos(phi) * np.cos(other_phi) * half_lambda**2
    distance: Floats = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(a, 1.0)))
    return distance


def _column_degrees(latitude: pl.Expr, grid_m: int) -> pl.Expr:
    """Width in degrees of a square in the band of this latitude."""
    band = ((latitude / BAND_DEGREES).floor() + 0.5) * BAND_DEGREES
    return pl.lit(grid_m / METRES_PER_DEGREE) / (band * math.pi / 180).cos()


def grid_key(latitude: pl.Expr, longitude: pl.Expr, grid_m: int) -> pl.Expr:
    """Int64 key of the square of side about `grid_m` metres that holds the position."""
    row_degrees = grid_m / METRES_PER_DEGREE
    row = ((latitude + 90) / row_degrees).floor()
    # the band is taken from the row's own latitude, so that one row has one column width
    width = _column_degrees(row * row_degrees - 90, grid_m)
    column = ((longitude + 180) / width).floor()
    return row.cast(pl.Int64) * COLUMNS + column.cast(pl.Int64)


def grid_centre(key: pl.Expr, grid_m: int) -> tuple[pl.Expr, pl.Expr]:
    """Latitude and longitude of the middle of a square, from its key."""
    row_degrees = grid_m / METRES_PER_DEGREE
    row, column = key // COLUMNS, key % COLUMNS
    south = row.cast(pl.Float64) * row_degrees - 90
    width = _column_degrees(south, grid_m)
    latitude = south + row_degrees / 2
    longitude = (column.cast(pl.Float64) + 0.5) * width - 180
    return latitude, longitude
