"""Movement between regions: trips, origin-destination matrices, migration, commuting, risk shares.

Every count is of devices, before any scaling; `persons` is the sum of the weights given
(`weights.device_weights`). Disclosure control is applied to device_count by the caller.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from pipelines.mobility.geo import distance_m
from pipelines.mobility.parameters import MobilityParameters

TRIP_SCHEMA: dict[str, type[pl.DataType] | pl.DataType] = {
    "device_id": pl.String,
    "from_place_id": pl.String,
    "to_place_id": pl.String,
    "from_region_id": pl.String,
    "to_region_id": pl.String,
    "departed_at": pl.Datetime("us"),
    "arrived_at": pl.Datetime("us"),
    "data_date": pl.Date,
    "hour": pl.Int32,
    "distance_m": pl.Int64,
}


def trips(stays: pl.DataFrame, parameters: MobilityParameters) -> pl.DataFrame:
    """Every change of a device from one stay to the next one elsewhere.

    Elsewhere: further apart than `stay_radius_m`. Stays more than `trip_max_s` apart are not
    joined: nothing is known of the time between. Returns device_id, from_place_id, to_place_id,
    from_region_id, to_region_id, departed_at (last seen at the origin), arrived_at (first seen at
    the destination), data_date (local, of the arrival, so that no row rests on a later date), hour
    (local, of the middle between the two, but 0 when that is still the day before), distance_m
    (between the places, as the crow flies); sorted by device_id and time.
    """
    ordered = stays.sort("device_id", "first_event_at")
    here = ordered.select(
        "device_id",
        pl.col("place_id").alias("from_place_id"),
        pl.col("region_id").alias("from_region_id"),
        pl.col("last_event_at").alias("departed_at"),
        pl.col("latitude").alias("from_latitude"),
        pl.col("longitude").alias("from_longitude"),
    )
    there = ordered.select(
        pl.col("device_id").alias("next_device_id"),
        pl.col("place_id").alias("to_place_id"),
        pl.col("region_id").alias("to_region_id"),
        pl.col("first_event_at").alias("arrived_at"),
        pl.col("latitude").alias("to_latitude"),
        pl.col("longitude").alias("to_longitude"),
    )
    pairs = pl.concat([here.head(-1), there.tail(-1)], how="horizontal")
    ends = ("from_latitude", "from_longitude", "to_latitude", "to_longitude")
    apart = pl.Series("distance_m", distance_m(*(pairs[name].to_numpy() for name in ends)))
    gap = pl.col("arrived_at") - pl.col("departed_at")
    to_local = pl.duration(hours=parameters.utc_offset_h)
    arrived, middle = (
        at + to_local for at in (pl.col("arrived_at"), pl.col("departed_at") + gap / 2)
    )
    return (
        pairs.with_columns(apart.round(0).cast(pl.Int64))
        .filter(
            pl.col("device_id") == pl.col("next_device_id"),
            pl.col("distance_m") > parameters.stay_radius_m,
            gap <= pl.duration(seconds=parameters.trip_max_s),
        )
        .with_columns(
            arrived.dt.date().alias("data_date"),
            pl.when(middle.dt.date() == arrived.dt.date())
            .then(middle.dt.hour())
            .otherwise(0)
            .alias("hour"),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in TRIP_SCHEMA.items())
    )


def region_moves(days: pl.DataFrame) -> pl.DataFrame:
    """Where each device spent most of a day and of the day before: the coarse, robust movement.

    `days`: `daily.device_days`. Returns device_id, data_date, from_region_id, to_region_id, the
    unmoved included; a device not seen on the day before has no row.
    """
    main = days.filter(pl.col("main_region_id").is_not_null()).select(
        "device_id", "data_date", "main_region_id"
    )
    before = main.select(
        "device_id",
        (pl.col("data_date") + pl.duration(days=1)).alias("data_date"),
        pl.col("main_region_id").alias("from_region_id"),
    )
    return (
        main.join(before, on=["device_id", "data_date"])
        .select(
            "device_id",
            "data_date",
            "from_region_id",
            pl.col("main_region_id").alias("to_region_id"),
        )
        .sort("device_id", "data_date")
    )


def origin_destination(
    moves: pl.DataFrame,
    by: Sequence[str] = ("data_date",),
    weights: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Matrix of `moves` (trips or region_moves) between regions.

    `by`: ("data_date",) or ("data_date", "hour"). `weights`: device_id, weight (persons a device
    stands for); devices without one count as devices but not in persons. Returns the `by` columns,
    from_region_id, to_region_id, move_count, device_count (distinct; so hours do not add up to the
    day) and, with weights, persons; sorted. Moves from or to an unknown region are left out.
    """
    keys = [*by, "from_region_id", "to_region_id"]
    known = moves.filter(
        pl.col("from_region_id").is_not_null(), pl.col("to_region_id").is_not_null()
    )
    per_device = known.group_by("device_id", *keys).agg(pl.len().alias("moves"))
    sums = [
        pl.col("moves").sum().cast(pl.Int64).alias("move_count"),
        pl.len().cast(pl.Int64).alias("device_count"),
    ]
    if weights is not None:
        per_device = _weighted(per_device, weights)
        sums.append(pl.col("weight").sum().round(3).alias("persons"))
    return per_device.group_by(keys).agg(sums).sort(keys)


def _weighted(frame: pl.DataFrame, weights: pl.DataFrame) -> pl.DataFrame:
    """`frame` with the weight of each device, sorted so that float sums never differ."""
    joined = frame.join(weights.select("device_id", "weight"), on="device_id", how="left")
    return joined.with_columns(pl.col("weight").fill_null(0.0)).sort(frame.columns)


def between_cities(moves: pl.DataFrame, cities: pl.DataFrame) -> pl.DataFrame:
    """`moves` with regions replaced by their city, only those that leave a city.

    `cities`: region_id, city_id (a city's own row included). Regions without a city are left out.
    """
    of_region = cities.select("region_id", "city_id").unique()
    renamed = moves
    for side in ("from_region_id", "to_region_id"):
        renamed = (
            renamed.join(of_region, left_on=side, right_on="region_id")
            .drop(side)
            .rename({"city_id": side})
        )
    return (
        renamed.filter(pl.col("from_region_id") != pl.col("to_region_id"))
        .select(moves.columns)
        .sort(moves.columns)
    )


def migration(matrix: pl.DataFrame, parameters: MobilityParameters) -> pl.DataFrame:
    """In- and out-migration of every city with every other, as index, share and rank.

    `matrix`: `origin_destination` by day of `between_cities`, with persons. The index is persons x
    `migration_index_per_person`. Returns data_date, city_id, direction (`in`, `out`),
    other_city_id, device_count, persons, migration_index, share (of the city's persons in that
    direction), rank (1 = most persons; ties share a rank); sorted by all.
    """
    sides = [("in", "to_region_id", "from_region_id"), ("out", "from_region_id", "to_region_id")]
    both = pl.concat(
        matrix.select(
            "data_date",
            pl.col(city).alias("city_id"),
            pl.lit(direction).alias("direction"),
            pl.col(other).alias("other_city_id"),
            "device_count",
            "persons",
        )
        for direction, city, other in sides
    )
    group = ["data_date", "city_id", "direction"]
    persons = pl.col("persons")
    ordered = both.sort(*group, "other_city_id")
    return ordered.with_columns(
        (persons * parameters.migration_index_per_person).round(6).alias("migration_index"),
        (persons / persons.sum().over(group)).round(6).alias("share"),
        persons.rank("min", descending=True).over(group).cast(pl.Int64).alias("rank"),
    )


def risk_shares(
    inflows: pl.DataFrame, risk: pl.DataFrame, parameters: MobilityParameters
) -> pl.DataFrame:
    """Inflows of every region by the risk level of where they came from on that date.

    `inflows`: `origin_destination` by day, with persons. `risk`: region_id, risk_level, from_date,
    to_date (null: still in force), of the same regions as `inflows`; a region that is on no list
    that day is `unlisted_risk_level`. Rows of `risk` must not overlap for a region.
    Returns data_date, to_region_id, risk_level, device_count (of region pairs summed: a device that
    came from two regions counts in both), persons, share (of the region's inflow); sorted.
    """
    levels = inflows.join(
        risk, left_on="from_region_id", right_on="region_id", how="left"
    ).with_columns(
        pl.when(
            (pl.col("from_date") <= pl.col("data_date"))
            & (pl.col("to_date").is_null() | (pl.col("to_date") >= pl.col("data_date")))
        ).then("risk_level")
    )
    pair = ["data_date", "from_region_id", "to_region_id", "device_count", "persons"]
    # a region with several dated levels gave several rows, of which at most one is in force
    in_force = levels.group_by(pair).agg(pl.col("risk_level").drop_nulls().first())
    keys = ["data_date", "to_region_id", "risk_level"]
    return (
        in_force.with_columns(pl.col("risk_level").fill_null(parameters.unlisted_risk_level))
        .sort(*keys, "from_region_id")
        .group_by(keys, maintain_order=True)
        .agg(pl.col("device_count", "persons").sum())
        .with_columns(
            (pl.col("persons") / pl.col("persons").sum().over("data_date", "to_region_id"))
            .round(6)
            .alias("share")
        )
        .sort(keys)
    )


def commuting(anchors: pl.DataFrame, weights: pl.DataFrame | None = None) -> pl.DataFrame:
    """Devices by region of home and of work: a matrix like `origin_destination`, without a date.

    `anchors`: `homes.home_and_work`. Devices without a home or a workplace are left out.
    """
    moves = anchors.select(
        "device_id",
        pl.col("home_region_id").alias("from_region_id"),
        pl.col("work_region_id").alias("to_region_id"),
    )
    return origin_destination(moves, by=(), weights=weights).drop("move_count")
