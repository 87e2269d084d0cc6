"""Movement held against the truth: flows of cities, trips, commuters and people at work."""

from __future__ import annotations

import polars as pl

from pipelines.feeds.reference.calendar import calendar_frame
from pipelines.scoring.lines import ScoreLine, at_most, share, shown, targets, unavailable
from pipelines.scoring.view import View

ALL = "all"
DECEMBER = 12
_PAIR = ["from_region_id", "to_region_id"]


def score_flows(view: View, city: str) -> list[ScoreLine]:
    """Lines for the marts of movement; a missing mart says so."""
    return [
        *_city_migration(view, city),
        *_trips(view),
        *_commuting(view),
        *_people_at_work(view, city),
    ]


def _published(view: View, name: str, measure: str) -> pl.DataFrame | None:
    """Rows measured on their own day, without the first, which has no day before it."""
    rows = view.mart(name)
    if rows is None:
        return None
    return rows.filter(
        pl.col(measure).is_not_null(),
        pl.col("value_date") == pl.col("data_date"),
        pl.col("data_date") > view.start,
    )


def _absent(view: View, name: str, measure: str) -> list[ScoreLine]:
    why = f"marts.{name} holds no published value for {view.start}..{view.end}"
    return [unavailable(name, measure, why)]


def _wape(rows: pl.DataFrame, value: str, truth: str) -> float:
    """sum |value - truth| / sum truth."""
    difference = (pl.col(value).cast(pl.Float64) - pl.col(truth).cast(pl.Float64)).abs().sum()
    found: float = rows.select(difference / pl.col(truth).cast(pl.Float64).sum()).item()
    return found


def _city_migration(view: View, city: str) -> list[ScoreLine]:
    """Devices in and out of the city by other city, against main regions of two days."""
    name, measure = "city_migration_daily", "published city pairs: WAPE"
    rows = _published(view, name, "device_count")
    if rows is None or rows.filter(pl.col("other_city_region_id") != ALL).is_empty():
        return _absent(view, name, measure)
    districts = view.known("mobility_daily")["region_id"].unique().implode()
    moved = view.known("od_daily").with_columns(
        pl.when(pl.col(side).is_in(districts)).then(pl.lit(city)).otherwise(side).alias(side)
        for side in _PAIR
    )
    here, there = pl.col("city_region_id"), pl.col("other_city_region_id")
    inbound = pl.col("direction") == "in"
    joined = (
        rows.filter(there != ALL)
        .with_columns(
            pl.when(inbound).then(there).otherwise(here).alias("from_region_id"),
            pl.when(inbound).then(here).otherwise(there).alias("to_region_id"),
        )
        .join(
            moved.group_by("data_date", *_PAIR).agg(pl.col("devices").sum()),
            on=["data_date", *_PAIR],
            how="left",
        )
        .with_columns(pl.col("devices").fill_null(0))
    )
    note = f"{joined.height} published flows, {joined['devices'].sum()} devices"
    value = _wape(joined, "device_count", "devices")
    return [at_most(name, measure, value, targets()[name]["wape"], note)]


def _trips(view: View) -> list[ScoreLine]:
    """Devices that travel between regions, against true trips: no verdict, see the note."""
    name, measure = "origin_destination_daily", "published region pairs: WAPE"
    rows = _published(view, name, "device_count")
    if rows is None:
        return _absent(view, name, measure)
    between = rows.filter(pl.col("from_region_id") != pl.col("to_region_id"))
    if between.is_empty():
        return _absent(view, name, measure)
    joined = between.join(
        view.known("trips_daily"), on=["data_date", *_PAIR], how="left"
    ).with_columns(pl.col("devices").fill_null(0))
    seen = share(float(joined["device_count"].sum()), float(joined["devices"].sum()))
    note = (
        f"{joined.height} published pairs; {100 * seen:.0f} % of the true devices: a visit with "
        "fewer than two events 15 minutes apart leaves no stay, so short trips are not seen"
    )
    return [shown(name, measure, _wape(joined, "device_count", "devices"), note)]


def _commuting(view: View) -> list[ScoreLine]:
    """Devices by home and work region, against where their owners live and work: no verdict."""
    name, measure = "commuting_weekly", "published cells: WAPE"
    rows = view.mart(name)
    if rows is None or rows["device_count"].is_null().all():
        return _absent(view, name, measure)
    pair = ["home_region_id", "work_region_id"]
    planted = view.known("people").drop_nulls("work_region_id").group_by(pair).agg(
        pl.len().alias("devices")
    )  # fmt: skip
    joined = (
        rows.drop_nulls("device_count")
        .join(planted, on=pair, how="left")
        .with_columns(pl.col("devices").fill_null(0))
    )
    seen = share(float(joined["device_count"].sum()), float(joined["devices"].sum()))
    note = (
        f"{joined.height} published cells; {100 * seen:.0f} % of the true devices: a workplace "
        "within 1.5 km of home cannot be told from it"
    )
    return [shown(name, measure, _wape(joined, "device_count", "devices"), note)]


def _people_at_work(view: View, city: str) -> list[ScoreLine]:
    """The mobility index in points, against people at work over December's days of the kind."""
    name, target = "mobility_return_to_work_daily", targets()["mobility_return_to_work_daily"]
    rows = _published(view, name, "index_pct")
    if rows is None or rows.is_empty():
        return _absent(view, name, "city index: largest error")
    known = true_index(view, city)
    joined = rows.join(known, on=["data_date", "region_id"]).with_columns(
        (pl.col("index_pct") - pl.col("true_pct")).abs().alias("error")
    )
    large = pl.col("baseline_people") >= target["district_people"]
    is_city = pl.col("region_id") == city
    lines = []
    for measure, which, limit in (
        ("city index: largest error", is_city, target["city_points"]),
        ("district index: largest error", ~is_city & large, target["district_points"]),
    ):
        found = joined.filter(which)
        if found.is_empty():
            why = f"no day and region of {target['district_people']:g} people at work or more"
            lines.append(unavailable(name, measure, why))
            continue
        worst = found.sort("error", "data_date", descending=[True, False]).row(0, named=True)
        within = found.filter(pl.col("error") <= limit).height
        mean = found["error"].to_numpy().mean()
        note = (
            f"{within} of {found.height} values within {limit:g} points; mean {mean:.2f}; "
            f"worst {worst['region_id']} on {worst['data_date']}"
        )
        lines.append(at_most(name, measure, worst["error"], limit, note))
    return lines


def true_index(view: View, city: str) -> pl.DataFrame:
    """data_date, region_id, true_pct, baseline_people: districts and the city.

    People at work over the mean of the truth's December on days of the same kind.
    """
    by_district = view.known("mobility_daily").select("data_date", "region_id", "people_at_work")
    whole = by_district.with_columns(pl.lit(city).alias("region_id"))
    people = (
        pl.concat([by_district, whole])
        .group_by("data_date", "region_id")
        .agg(pl.col("people_at_work").sum())
        .join(
            calendar_frame(view.start, view.end).select("date", "is_workday"),
            left_on="data_date",
            right_on="date",
        )
    )
    baseline = (
        people.filter(pl.col("data_date").dt.month() == DECEMBER)
        .group_by("region_id", "is_workday")
        .agg(pl.col("people_at_work").mean().alias("baseline_people"))
    )
    return people.join(baseline, on=["region_id", "is_workday"]).select(
        "data_date",
        "region_id",
        (100 * pl.col("people_at_work") / pl.col("baseline_people")).alias("true_pct"),
        "baseline_people",
    )
