"""Same place, same time (同处, 时空伴随): who was near the persons under investigation.

Cells are hundreds of metres wide and sightings half an hour apart, so every row is a reason to ask,
never a contact: all are `screening_only`. Set-based; a set of parameters is one published rule.
"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from pipelines.investigate.rules import RiskCoefficient, SamePlaceSet
from pipelines.mobility.clock import DAY_S, HOUR_S
from pipelines.mobility.geo import grid_key
from pipelines.mobility.parameters import MobilityParameters
from pipelines.mobility.presence import presence

COMPANION_SCHEMA: dict[str, type[pl.DataType]] = {
    "device_id": pl.String,
    "contact_device_id": pl.String,
    "parameter_set": pl.String,
    "first_date": pl.Date,
    "last_date": pl.Date,
    "place_count": pl.Int64,
    "encounter_count": pl.Int64,
    "together_s": pl.Int64,
    "strength": pl.Float64,
    "screening_only": pl.Boolean,
}


def every_place(parameters: MobilityParameters) -> MobilityParameters:
    """The parameters to cut tracks with: no two places are one, or a short visit would be lost."""
    return replace(parameters, stay_radius_m=0)


def grid_times(segments: pl.DataFrame, grid_m: int, parameters: MobilityParameters) -> pl.DataFrame:
    """Unbroken times of each device in each square of the grid: likely, and possible.

    `segments`: `mobility.stays.segments` cut with `every_place`. Likely (from_s, until_s): halfway
    to the sightings in other squares (`mobility.presence`). Possible (may_from_s, may_until_s): up
    to those sightings, `move_gap_s` at most. UTC seconds. Also device_id, square, region_id; sorted
    by device and time.
    """
    located = presence(segments.filter(pl.col("latitude").is_not_null()), parameters)
    square = grid_key(pl.col("latitude"), pl.col("longitude"), grid_m)
    ordered = located.with_columns(
        square.alias("square"),
        pl.col("first_event_at").dt.epoch("s").alias("first_s"),
        pl.col("last_event_at").dt.epoch("s").alias("last_s"),
    ).sort("device_id", "first_s")
    new = (
        (pl.col("device_id") != pl.col("device_id").shift())
        | (pl.col("square") != pl.col("square").shift())
        | (pl.col("from_s") > pl.col("until_s").shift())
    ).fill_null(value=True)
    times = (
        ordered.with_columns(new.cum_sum().alias("time"))
        .group_by("time", maintain_order=True)
        .agg(
            pl.col("device_id", "square", "region_id").first(),
            pl.col("from_s", "first_s").min(),
            pl.col("until_s", "last_s").max(),
        )
    )
    far_s = parameters.move_gap_s
    before_s = pl.col("first_s") - pl.col("last_s").shift().over("device_id")
    after_s = pl.col("first_s").shift(-1).over("device_id") - pl.col("last_s")
    earliest = pl.col("first_s") - pl.min_horizontal(before_s, far_s)
    latest = pl.col("last_s") + pl.min_horizontal(after_s, far_s)
    return times.select(
        "device_id",
        "square",
        "region_id",
        "from_s",
        "until_s",
        pl.min_horizontal("from_s", earliest).alias("may_from_s"),
        pl.max_horizontal("until_s", latest).alias("may_until_s"),
    )


def together_in_grid(
    times: pl.DataFrame, index: pl.DataFrame, rule: SamePlaceSet, parameters: MobilityParameters
) -> pl.DataFrame:
    """Encounters: an index device and another in one square, possibly for over `min_together_s`.

    `times`: `grid_times` of the rule's `usual_days`, index devices included. `index`: device_id,
    first_date, last_date (local days on which the person counts as infectious). Either of the two
    was in that square for `min_usual_s` or more over all of `times`. Whether they met is judged by
    the possible times, so that nobody is missed for a sighting that came late; `together_s` is the
    likely time, 0 when the likely times do not meet.
    Returns device_id, contact_device_id, place, region_id, data_date (local, of the beginning),
    from_s (UTC second of the beginning), together_s.
    """
    assert rule.min_together_s is not None
    known = _with_usual(times, rule)
    start, end = (_midnight_s(pl.col(name), parameters) for name in ("first_date", "last_date"))
    end = end + DAY_S
    of_index = (
        known.join(index, on="device_id")
        .with_columns(
            *(pl.max_horizontal(name, start) for name in ("from_s", "may_from_s")),
            *(pl.min_horizontal(name, end) for name in ("until_s", "may_until_s")),
        )
        .filter(pl.col("may_until_s") > pl.col("may_from_s"))
        .drop("first_date", "last_date")
    )
    pairs = _by_day(of_index, parameters).join(
        _by_day(known, parameters), on=["square", "day"], suffix="_contact"
    )
    begins = pl.max_horizontal("may_from_s", "may_from_s_contact")
    possible = pl.min_horizontal("may_until_s", "may_until_s_contact") - begins
    likely = pl.min_horizontal("until_s", "until_s_contact") - pl.max_horizontal(
        "from_s", "from_s_contact"
    )
    return (
        pairs.filter(
            pl.col("device_id") != pl.col("device_id_contact"),
            possible > rule.min_together_s,
            pl.col("usual") | pl.col("usual_contact"),
        )
        .select(
            "device_id",
            pl.col("device_id_contact").alias("contact_device_id"),
            pl.col("square").cast(pl.String).alias("place"),
            "region_id",
            _local_date(begins, parameters).alias("data_date"),
            begins.alias("from_s"),
            likely.clip(0).alias("together_s"),
        )
        .unique()
    )


def _with_usual(times: pl.DataFrame, rule: SamePlaceSet) -> pl.DataFrame:
    """`times` plus `usual`: the device was in that square for `min_usual_s` or more in all."""
    usual_s = (pl.col("until_s") - pl.col("from_s")).sum().over("device_id", "square")
    return times.with_columns((usual_s >= rule.min_usual_s).alias("usual"))


def together_in_slices(
    accepted: pl.DataFrame, index: pl.DataFrame, rule: SamePlaceSet, parameters: MobilityParameters
) -> pl.DataFrame:
    """Encounters: an index device and another seen at one station in one slice of time.

    `accepted`: `CleanedEvents.accepted`; `index` as for `together_in_grid`. Same columns;
    together_s is one slice.
    """
    assert rule.slice_s is not None
    at_s = pl.col("event_at").dt.epoch("s")
    seen = accepted.select(
        pl.col("device_id", "place_id", "region_id").cast(pl.String),
        (at_s // rule.slice_s).alias("slice"),
        _local_date(at_s, parameters).alias("data_date"),
    ).unique(["device_id", "place_id", "slice"])
    of_index = (
        seen.join(index, on="device_id")
        .filter(pl.col("data_date").is_between(pl.col("first_date"), pl.col("last_date")))
        .drop("first_date", "last_date")
    )
    return (
        of_index.join(
            seen.select("device_id", "place_id", "slice"),
            on=["place_id", "slice"],
            suffix="_contact",
        )
        .filter(pl.col("device_id") != pl.col("device_id_contact"))
        .select(
            "device_id",
            pl.col("device_id_contact").alias("contact_device_id"),
            pl.col("place_id").alias("place"),
            "region_id",
            "data_date",
            (pl.col("slice") * rule.slice_s).alias("from_s"),
            pl.lit(rule.slice_s, pl.Int64).alias("together_s"),
        )
    )


def companions(
    encounters: pl.DataFrame,
    rule: SamePlaceSet,
    risk_areas: pl.DataFrame,
    coefficients: tuple[RiskCoefficient, ...],
    unlisted: str,
) -> pl.DataFrame:
    """One row an index device and contact, with how strong the link is; COMPANION_SCHEMA, sorted.

    Strength: for a grid set, hours together, for a slice set, slices together, each times the
    coefficient of the worst risk level of the region on the day (`risk_areas`: region_id,
    risk_level, severity, valid_from_date, valid_to_date; `unlisted`: of a region on no list).
    """
    weight = {each.risk_level: each.coefficient for each in coefficients}
    # in order, so that sums of floats never differ
    numbered = encounters.sort(encounters.columns).with_row_index("encounter")
    listed = (
        numbered.join(risk_areas, on="region_id")
        .filter(
            pl.col("valid_from_date") <= pl.col("data_date"),
            pl.col("valid_to_date").is_null() | (pl.col("valid_to_date") >= pl.col("data_date")),
        )
        .sort("severity", descending=True)
        .select("encounter", "risk_level")
        .unique("encounter", keep="first", maintain_order=True)
    )
    unit = pl.col("together_s") / HOUR_S if rule.kind == "grid" else pl.lit(1.0)
    return (
        numbered.join(listed, on="encounter", how="left")
        .with_columns(
            pl.col("risk_level")
            .fill_null(unlisted)
            .replace_strict(weight, return_dtype=pl.Float64)
            .alias("coefficient")
        )
        .sort("encounter")
        .group_by("device_id", "contact_device_id")
        .agg(
            pl.col("data_date").min().alias("first_date"),
            pl.col("data_date").max().alias("last_date"),
            pl.col("place").n_unique().cast(pl.Int64).alias("place_count"),
            pl.len().cast(pl.Int64).alias("encounter_count"),
            pl.col("together_s").sum(),
            (unit * pl.col("coefficient")).sum().round(3).alias("strength"),
        )
        .with_columns(
            pl.lit(rule.name).alias("parameter_set"), pl.lit(value=True).alias("screening_only")
        )
        .select(pl.col(name).cast(dtype) for name, dtype in COMPANION_SCHEMA.items())
        .sort("device_id", "contact_device_id")
    )


def region_risks(risk_areas: pl.DataFrame, cities: pl.DataFrame) -> pl.DataFrame:
    """The dated list by region: its own entries, and those of the city it belongs to.

    `cities`: `travel_history.city_of_regions`. Columns as `risk_areas`; a region can be listed
    twice, under its own name and its city's.
    """
    of_city = cities.join(risk_areas, left_on="city_id", right_on="region_id").drop("city_id")
    return pl.concat([risk_areas.select(of_city.columns), of_city]).unique().sort(of_city.columns)


def _by_day(times: pl.DataFrame, parameters: MobilityParameters) -> pl.DataFrame:
    """Every time once for each local day it may touch, so that pairs are few to compare."""
    first = (pl.col("may_from_s") + parameters.utc_offset_s) // DAY_S
    last = (pl.col("may_until_s") - 1 + parameters.utc_offset_s) // DAY_S
    return times.with_columns(pl.int_ranges(first, last + 1).alias("day")).explode("day")


def _midnight_s(day: pl.Expr, parameters: MobilityParameters) -> pl.Expr:
    """UTC second at which a local day begins."""
    return day.cast(pl.Int32).cast(pl.Int64) * DAY_S - parameters.utc_offset_s


def _local_date(at_s: pl.Expr, parameters: MobilityParameters) -> pl.Expr:
    return ((at_s + parameters.utc_offset_s) // DAY_S).cast(pl.Int32).cast(pl.Date)
