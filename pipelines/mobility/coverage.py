"""How much of the network reported, so that an outage is not read as people leaving."""

from __future__ import annotations

from datetime import date

import polars as pl

from pipelines.dates import DateWindow
from pipelines.mobility.parameters import MobilityParameters

NOT_COLLECTED = "not_collected"


def cell_activity(accepted: pl.DataFrame, parameters: MobilityParameters) -> pl.DataFrame:
    """Events by local date, hour and place: data_date, hour, place_id, region_id, event_count.

    Counts of groups of devices can be added up.
    """
    local = pl.col("event_at") + pl.duration(hours=parameters.utc_offset_h)
    return (
        accepted.group_by(
            local.dt.date().alias("data_date"),
            local.dt.hour().alias("hour"),
            pl.col("place_id").cast(pl.String),
            pl.col("region_id").cast(pl.String),
        )
        .agg(pl.len().cast(pl.Int64).alias("event_count"))
        .sort("data_date", "hour", "place_id")
    )


def coverage(
    activity: pl.DataFrame, window: DateWindow, parameters: MobilityParameters
) -> pl.DataFrame:
    """Share of the usual cells of each region and hour that reported on each date of the window.

    `activity`: `cell_activity` of the window and the `coverage_reference_days` before it. A cell
    is usual in an hour when it had `cell_usual_events` there on the mean reference day (days
    without any event of any cell are no reference), and it reports when it has `cell_alive_share`
    of that. Returns data_date, hour, region_id, usual_cell_count, reporting_cell_count,
    coverage_share (null with fewer than `coverage_min_days` reference days).
    """
    references = _reference_days(activity, window, parameters)
    usual = (
        references.join(activity, left_on="reference_date", right_on="data_date")
        .group_by("data_date", "reference_day_count", "hour", "place_id", "region_id")
        .agg(pl.col("event_count").sum().alias("reference_events"))
        .with_columns(
            (pl.col("reference_events") / pl.col("reference_day_count")).alias("usual_events")
        )
        .filter(pl.col("usual_events") >= parameters.cell_usual_events)
    )
    today = activity.select("data_date", "hour", "place_id", "event_count")
    reports = pl.col("event_count").fill_null(0) >= (
        parameters.cell_alive_share * pl.col("usual_events")
    )
    known = pl.col("reference_day_count").max() >= parameters.coverage_min_days
    counted = (
        usual.join(today, on=["data_date", "hour", "place_id"], how="left")
        .group_by("data_date", "hour", "region_id")
        .agg(
            pl.len().cast(pl.Int64).alias("usual_cell_count"),
            reports.sum().cast(pl.Int64).alias("reporting_cell_count"),
            pl.when(known).then(reports.mean()).alias("coverage_share"),
        )
    )
    return counted.sort("data_date", "hour", "region_id")


def _reference_days(
    activity: pl.DataFrame, window: DateWindow, parameters: MobilityParameters
) -> pl.DataFrame:
    """data_date x reference_date, with how many references the date has."""
    days = pl.DataFrame({"data_date": list(window)})
    with_events = activity.select(pl.col("data_date").unique().alias("reference_date"))
    age = (pl.col("data_date") - pl.col("reference_date")).dt.total_days()
    return (
        days.join(with_events, how="cross")
        .filter(age.is_between(1, parameters.coverage_reference_days))
        .with_columns(pl.len().over("data_date").alias("reference_day_count"))
    )


def without_outages(
    present: pl.DataFrame, covered: pl.DataFrame, parameters: MobilityParameters
) -> pl.DataFrame:
    """`present` with coverage_share and missing_reason; counts under the least coverage are null.

    Half the cells down would read as half the people gone: a missing value says what is known.
    """
    joined = present.join(
        covered.select("data_date", "hour", "region_id", "coverage_share"),
        on=["data_date", "hour", "region_id"],
        how="left",
    )
    down = (pl.col("coverage_share") < parameters.coverage_min_share).fill_null(value=False)
    return joined.with_columns(
        pl.when(~down).then("device_count").alias("device_count"),
        pl.when(down).then(pl.lit(NOT_COLLECTED)).alias("missing_reason"),
    )


def missing_carriers(days: pl.DataFrame, day: date, parameters: MobilityParameters) -> pl.DataFrame:
    """Carriers that sent (almost) nothing on `day`: a lost file, not people leaving.

    `days`: `daily.device_days` of the day and the `device_history_days` before it. A carrier with
    devices on `coverage_min_days` earlier dates is missing when it has less than `cell_alive_share`
    of their mean. Its cells need not be silent, since carriers may share them or the register.
    Returns carrier, device_count (of the day); sorted.
    """
    by_day = days.group_by("data_date", "carrier").agg(pl.len().cast(pl.Int64).alias("devices"))
    today = by_day.filter(pl.col("data_date") == day).select(
        "carrier", pl.col("devices").alias("device_count")
    )
    usual = (
        by_day.filter(pl.col("data_date") < day)
        .group_by("carrier")
        .agg(pl.col("devices").mean().alias("usual"), pl.len().alias("reference_days"))
        .filter(pl.col("reference_days") >= parameters.coverage_min_days)
    )
    return (
        usual.join(today, on="carrier", how="left", nulls_equal=True)
        .with_columns(pl.col("device_count").fill_null(0))
        .filter(pl.col("device_count") < parameters.cell_alive_share * pl.col("usual"))
        .select("carrier", "device_count")
        .sort("carrier")
    )
