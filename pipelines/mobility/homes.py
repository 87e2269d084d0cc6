"""Home, workplace and usual environment of each device over a window of days."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import polars as pl

from pipelines.dates import DateWindow
from pipelines.mobility.anchors import NIGHT, PLACE, WORK
from pipelines.mobility.geo import distance_m
from pipelines.mobility.parameters import MobilityParameters


def ordinary_dates(
    window: DateWindow, lunar_new_years: Iterable[date], parameters: MobilityParameters
) -> pl.Series:
    """The dates of the window outside the Spring Festival's travel rush.

    Those who go to their hometown for weeks still live where they did before: nights from
    `festival_from_day` to `festival_to_day` (days from a lunar new year) say nothing of homes.
    """
    first, last = parameters.festival_from_day, parameters.festival_to_day
    festival = {
        new_year + timedelta(days=k) for new_year in lunar_new_years for k in range(first, last + 1)
    }
    return pl.Series([day for day in window if day not in festival], dtype=pl.Date)


def home_nights(
    reach: DateWindow, lunar_new_years: Iterable[date], parameters: MobilityParameters
) -> pl.Series:
    """The last `home_nights` ordinary dates of `reach`: the nights from which homes are found."""
    return ordinary_dates(reach, lunar_new_years, parameters).tail(parameters.home_nights)


def home_and_work(
    anchors: pl.DataFrame, nights: pl.Series, workdays: pl.Series, parameters: MobilityParameters
) -> pl.DataFrame:
    """Home and workplace of every device of `anchors`, or the reason why there is none.

    `anchors`: `anchors.anchor_days`. `nights`: the dates whose nights count (`ordinary_dates`).
    `workdays`: the dates people work, among them.

    A night is spent at one place: that with most of the time the device was present. Home is the
    place where, together with the places within `anchor_radius_m`, most nights were spent; it needs
    `home_min_nights` nights there and `home_min_share` of the nights observed. Work is the same
    over the working hours of working days, among places not around home and held for `work_min_s`
    that day; its share is of the working days on which the device was observed at all.

    Returns device_id and, for each of home and work: place_id, region_id, latitude, longitude,
    day_count (nights or days there), observed_day_count, share, confidence (lower end of the
    Wilson interval of the share), missing_reason (`not_observed`, `too_few_days`,
    `no_dominant_place`; for work also `no_home`); sorted by device_id.
    """
    devices = anchors.select(pl.col("device_id").unique().sort())
    at_night, at_work = (
        anchors.filter(pl.col("period") == period, pl.col("data_date").is_in(dates.implode()))
        for period, dates in ((NIGHT, nights), (WORK, workdays))
    )
    homes = _anchors(
        _observed(devices, at_night),
        at_night,
        (parameters.home_min_nights, parameters.home_min_share),
        parameters,
    )
    held = at_work.filter(pl.col("seconds") >= parameters.work_min_s)
    works = _anchors(
        _observed(devices, at_work),
        _one_place_a_day(_away_from(homes, held, parameters)),
        (parameters.work_min_days, parameters.work_min_share),
        parameters,
    )
    return _prefixed(homes, "home").join(
        _prefixed(_needs_home(works, homes), "work"), on="device_id", maintain_order="left"
    )


def usual_environment(segments: pl.DataFrame, parameters: MobilityParameters) -> pl.DataFrame:
    """The fewest places that hold `usual_share` of each device's time in stays.

    Returns device_id, place_id, region_id, stay_s, stay_share, rank (1 = most time), sorted.
    """
    spent = (pl.col("last_event_at") - pl.col("first_event_at")).dt.total_seconds()
    by_place = (
        segments.filter("is_stay")
        .group_by("device_id", "place_id", "region_id")
        .agg(spent.sum().alias("stay_s"))
        .sort("device_id", "stay_s", "place_id", descending=[False, True, False])
        .with_columns(
            (pl.col("stay_s") / pl.col("stay_s").sum().over("device_id")).alias("stay_share"),
            pl.col("stay_s").cum_sum().over("device_id").alias("held_s"),
            pl.col("stay_s").sum().over("device_id").alias("whole_s"),
            pl.int_range(1, pl.len() + 1).over("device_id").alias("rank"),
        )
    )
    held_before_s = pl.col("held_s") - pl.col("stay_s")
    return by_place.filter(held_before_s < parameters.usual_share * pl.col("whole_s")).select(
        "device_id", "place_id", "region_id", "stay_s", "stay_share", "rank"
    )


def _one_place_a_day(held: pl.DataFrame) -> pl.DataFrame:
    """The place of each device and date with most seconds (then the first in the alphabet)."""
    keys = ["device_id", "data_date"]
    return held.sort(*keys, "seconds", "place_id", descending=[False, False, True, False]).unique(
        keys, keep="first", maintain_order=True
    )


def _observed(devices: pl.DataFrame, pieces: pl.DataFrame) -> pl.DataFrame:
    """Every device with the number of days on which it has any piece."""
    counted = pieces.group_by("device_id").agg(
        pl.col("data_date").n_unique().cast(pl.Int64).alias("observed_day_count")
    )
    return devices.join(counted, on="device_id", how="left").with_columns(
        pl.col("observed_day_count").fill_null(0)
    )


def _anchors(
    observed: pl.DataFrame,
    one_place_a_day: pl.DataFrame,
    least: tuple[int, float],
    parameters: MobilityParameters,
) -> pl.DataFrame:
    """The place of each device whose neighbourhood holds most days, or why it is not accepted.

    `least`: days, and share of the observed days, that it must have.
    """
    min_days, min_share = least
    days, seen = pl.col("day_count").fill_null(0), pl.col("observed_day_count")
    share = pl.when(seen > 0).then(days / seen)
    reason = (
        pl.when(seen == 0)
        .then(pl.lit("not_observed"))
        .when(seen < min_days)
        .then(pl.lit("too_few_days"))
        .when((days < min_days) | (share < min_share))
        .then(pl.lit("no_dominant_place"))
    )
    return (
        observed.join(_densest(one_place_a_day, parameters), on="device_id", how="left")
        .with_columns(
            days.alias("day_count"),
            share.alias("share"),
            _wilson_lower(share, seen, parameters).alias("confidence"),
            reason.alias("missing_reason"),
        )
        .with_columns(pl.when(pl.col("missing_reason").is_null()).then(pl.col(PLACE)).name.keep())
        .select(
            "device_id",
            *PLACE,
            "day_count",
            "observed_day_count",
            "share",
            "confidence",
            "missing_reason",
        )
        .sort("device_id")
    )


def _densest(one_place_a_day: pl.DataFrame, parameters: MobilityParameters) -> pl.DataFrame:
    """The place of each device with most days within `anchor_radius_m` (then at itself, then most
    time, then the first in the alphabet)."""
    counted = one_place_a_day.group_by("device_id", *PLACE).agg(
        pl.len().cast(pl.Int64).alias("own_days"), pl.col("seconds").sum()
    )
    pairs = counted.join(
        counted.select("device_id", "latitude", "longitude", pl.col("own_days").alias("near_days")),
        on="device_id",
        suffix="_near",
    )
    return (
        pairs.filter(_within(pairs, parameters.anchor_radius_m))
        .group_by("device_id", *PLACE, "own_days", "seconds")
        .agg(pl.col("near_days").sum().alias("day_count"))
        .sort("device_id", "place_id")
        .sort("day_count", "own_days", "seconds", descending=True, maintain_order=True)
        .unique("device_id", keep="first", maintain_order=True)
        .drop("own_days", "seconds")
    )


def _within(pairs: pl.DataFrame, radius_m: int) -> pl.Series:
    names = ("latitude", "longitude", "latitude_near", "longitude_near")
    return pl.Series(distance_m(*(pairs[name].to_numpy() for name in names)) <= radius_m)


def _away_from(
    homes: pl.DataFrame, pieces: pl.DataFrame, parameters: MobilityParameters
) -> pl.DataFrame:
    """The pieces of devices with a home, not around it."""
    at_home = homes.filter(pl.col("missing_reason").is_null()).select(
        "device_id", "latitude", "longitude"
    )
    joined = pieces.join(at_home, on="device_id", suffix="_near")
    return joined.filter(~_within(joined, parameters.anchor_radius_m))


def _needs_home(works: pl.DataFrame, homes: pl.DataFrame) -> pl.DataFrame:
    homeless = homes.filter(pl.col("missing_reason").is_not_null())["device_id"]
    return works.with_columns(
        pl.when(pl.col("device_id").is_in(homeless.implode()))
        .then(pl.lit("no_home"))
        .otherwise("missing_reason")
        .alias("missing_reason")
    )


def _wilson_lower(share: pl.Expr, count: pl.Expr, parameters: MobilityParameters) -> pl.Expr:
    """Lower end of the Wilson score interval (Wilson 1927) of a share of `count` observations."""
    z = parameters.confidence_z
    spread = z * ((share * (1 - share) + z**2 / (4 * count)) / count).sqrt()
    return ((share + z**2 / (2 * count) - spread) / (1 + z**2 / count)).clip(0, 1)


def _prefixed(anchors: pl.DataFrame, prefix: str) -> pl.DataFrame:
    return anchors.rename(
        {name: f"{prefix}_{name}" for name in anchors.columns if name != "device_id"}
    )
