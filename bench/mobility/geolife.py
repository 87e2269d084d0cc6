"""GeoLife, real positions of real people, through our code and through trackintel.

The archive goes through `ingest` like any delivery; what it accepts is what both get to see.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from bench.mobility.agreement import Agreement, agreement
from bench.mobility.peer import stays_by_peer
from pipelines import lake
from pipelines.ingest import ingest
from pipelines.mobility.anchors import anchor_days
from pipelines.mobility.cleaning import clean
from pipelines.mobility.geo import METRES_PER_DEGREE, distance_m
from pipelines.mobility.homes import home_and_work
from pipelines.mobility.parameters import MobilityParameters, load_position_parameters
from pipelines.mobility.stays import segments
from pipelines.settings import Settings

ARCHIVE = Path("signaling") / "geolife_2008-12.tar.gz"
SQUARES_M = (50, 10, 1)
# a receiver under the open sky is right within some 5 m: GPS Standard Positioning Service
# Performance Standard (2020), 3.8: 95 % of horizontal errors under 8 m
NOISE_M = 5.0
SEED = 5
SATURDAY = 6
WARM_UP_ROWS = 10_000  # threads and caches, which trackintel starts before its clock too
NO_CELLS = pl.DataFrame(
    schema={
        "cell_id": pl.String,
        "latitude": pl.Float64,
        "longitude": pl.Float64,
        "region_id": pl.String,
        "valid_from_date": pl.Date,
        "valid_to_date": pl.Date,
    }
)


def positions_of(archive: Path) -> pl.DataFrame:
    """What `ingest` accepts of the archive, under pseudonyms: the columns of bronze.events."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        settings = Settings(home=home, key_file=home / "keys" / "pseudonym.key", threads=2)
        ingest(settings, "signaling", provider="geolife", landing=archive.parent, run_id="bench")
        with lake.connect(settings) as con:
            return con.execute("SELECT * FROM lake.bronze.events").pl()


@dataclass(frozen=True)
class Found:
    """What our code makes of positions: segments; positions refused; seconds of both steps."""

    segments: pl.DataFrame
    accepted: pl.DataFrame
    seconds: float

    @property
    def stays(self) -> pl.DataFrame:
        """The stays, with the names `agreement` wants."""
        names = {"first_event_at": "first_at", "last_event_at": "last_at"}
        return self.segments.filter("is_stay").rename(names)


def found_by_us(positions: pl.DataFrame, parameters: MobilityParameters) -> Found:
    """Clean and cut into segments; both count in `seconds`."""
    began = time.perf_counter()
    accepted = clean(positions, NO_CELLS, parameters).accepted
    cut = segments(accepted, parameters)
    return Found(cut, accepted, time.perf_counter() - began)


def at_squares_of(side_m: int, parameters: MobilityParameters) -> MobilityParameters:
    """The parameters with other squares, and the limit of squares a day raised with them."""
    times = parameters.grid_m // side_m
    return replace(parameters, grid_m=side_m, everywhere_cells=parameters.everywhere_cells * times)


def long_enough(stays: pl.DataFrame, parameters: MobilityParameters) -> pl.DataFrame:
    """trackintel's stays that last long enough by positions inside alone.

    It counts the time to the first position outside, which may be hours away, so that a single
    position before a gap is a stay.
    """
    inside = pl.col("last_at") - pl.col("first_at")
    return stays.filter(inside >= pl.duration(seconds=parameters.stay_min_s))


def with_noise(positions: pl.DataFrame) -> pl.DataFrame:
    """The positions moved by the error of a good receiver in each direction."""
    rng = np.random.default_rng(SEED)
    # an order that pseudonyms, which have a new key every time, do not change
    ordered = positions.sort("event_at", "latitude", "longitude")
    north, east = rng.normal(0, NOISE_M / METRES_PER_DEGREE, (2, len(ordered)))
    narrow = np.cos(np.radians(ordered["latitude"].to_numpy()))
    return ordered.with_columns(
        (pl.col("latitude") + pl.Series(north)).alias("latitude"),
        (pl.col("longitude") + pl.Series(east / narrow)).alias("longitude"),
    )


def before_a_gap(stays: pl.DataFrame, accepted: pl.DataFrame, gap_s: int) -> int:
    """How many of the stays are followed by more than `gap_s` without a position: trackintel
    forgets those."""
    times = accepted.select(pl.col("device_id").cast(pl.String), "event_at").sort(
        "device_id", "event_at"
    )
    following = times.with_columns(
        pl.col("event_at").shift(-1).over("device_id").alias("next_at")
    ).unique(["device_id", "event_at"], keep="last")
    joined = stays.join(
        following, left_on=["device_id", "last_at"], right_on=["device_id", "event_at"]
    )
    gap = pl.col("next_at") - pl.col("last_at")
    return joined.filter(gap > pl.duration(seconds=gap_s)).height


def homes_apart_m(
    found: Found, their_stays: pl.DataFrame, parameters: MobilityParameters
) -> tuple[int, int, pl.Series]:
    """How many people have a home by us, by trackintel, and the distances where by both."""
    dates = found.stays["first_at"].dt.date().unique().sort()
    workdays = dates.filter(dates.dt.weekday() < SATURDAY)
    ours = home_and_work(
        anchor_days(found.segments, parameters), dates, workdays, parameters
    ).filter(pl.col("home_missing_reason").is_null())
    theirs = (
        their_stays.filter("is_home")
        .group_by("device_id")
        .agg(pl.col("latitude", "longitude").median())
    )
    both = ours.join(theirs, on="device_id")
    ends = ("home_latitude", "home_longitude", "latitude", "longitude")
    apart = pl.Series(distance_m(*(both[name].to_numpy() for name in ends)))
    return len(ours), len(theirs), apart


@dataclass(frozen=True)
class Comparison:
    """All that is printed: `rows` by what was compared; speeds in positions per second."""

    rows: dict[str, Agreement]
    positions: int
    people: int
    ours_per_s: float
    theirs_per_s: float
    alone_at_finest: int
    forgotten_before_gaps: int
    homes: tuple[int, int, pl.Series]


def compare(archive: Path) -> Comparison:
    """Run both over the archive. Raises `PeerMissing` where trackintel cannot be installed."""
    parameters = load_position_parameters()
    positions = positions_of(archive)
    found_by_us(positions.head(WARM_UP_ROWS), parameters)
    with tempfile.TemporaryDirectory() as name:
        theirs, measured = stays_by_peer(positions, Path(name), parameters)
        noisy, _ = stays_by_peer(with_noise(positions), Path(name), parameters)
    same = long_enough(theirs, parameters)
    ours = {side: found_by_us(positions, at_squares_of(side, parameters)) for side in SQUARES_M}
    default = ours[parameters.grid_m]
    rows = {"all stays": agreement(default.stays, theirs)} | dict(_by_squares(ours, same))
    rows[f"trackintel itself, {NOISE_M:g} m of noise"] = agreement(
        long_enough(noisy, parameters), same
    )
    finest = rows[_of_squares(min(SQUARES_M))].ours.filter(~pl.col("agrees"))
    return Comparison(
        rows,
        len(positions),
        positions["device_id"].n_unique(),
        len(positions) / default.seconds,
        measured["positions"] / measured["seconds"],
        len(finest),
        before_a_gap(finest, ours[min(SQUARES_M)].accepted, parameters.stay_gap_s),
        homes_apart_m(default, theirs, parameters),
    )


def _of_squares(side_m: int) -> str:
    return f"15 min inside, squares of {side_m} m"


def _by_squares(ours: dict[int, Found], same: pl.DataFrame) -> Iterator[tuple[str, Agreement]]:
    for side_m, found in ours.items():
        yield _of_squares(side_m), agreement(found.stays, same)
