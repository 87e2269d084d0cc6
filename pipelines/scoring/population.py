"""Homes, workplaces and the present population held against where the people of the city are.

Homes are found from the kept anchor days by the function the build runs. The truth knows raw
devices, the lake pseudonyms: they meet under the installation's key.
"""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from pipelines.ingest.pseudonyms import pseudonymise
from pipelines.mobility import models
from pipelines.mobility.geo import distance_m
from pipelines.mobility.parameters import load_parameters
from pipelines.scoring.lines import ScoreLine, at_least, share, shown, targets, unavailable
from pipelines.scoring.view import View
from pipelines.settings import Settings

PRESENT = "present_population_hourly"
ANCHORS = "int_mobility__anchor_day"
_HOUR = ["data_date", "hour", "region_id"]


def score_population(view: View, settings: Settings) -> list[ScoreLine]:
    """Lines for homes and workplaces, and for devices and persons by region and hour."""
    return [*_homes(view, settings), *_present(view, settings.city_region_id)]


def _homes(view: View, settings: Settings) -> list[ScoreLine]:
    kept = view.query(
        "SELECT count(*) AS tables FROM duckdb_tables() WHERE database_name = 'lake' "
        "AND schema_name = 'intermediate' AND table_name = ?",
        ANCHORS,
    )
    if not kept["tables"][0]:
        return [unavailable(ANCHORS, "homes and workplaces", "no release has kept anchor days")]
    people = view.known("people")
    pseudonyms = pseudonymise(settings, "signaling", "device_id", people["device_id"].to_list())
    known = people.with_columns(pl.Series("device_id", pseudonyms))
    joined = known.join(
        _anchors_at_the_end(view).join(_seen_long(view), on="device_id"),
        on="device_id",
        suffix="_found",
    )
    if joined.is_empty():
        days = int(targets()[ANCHORS]["seen_days"])
        return [unavailable(ANCHORS, "homes and workplaces", f"no device was seen on {days} days")]
    return [*_home_lines(joined), _work_line(view, joined)]


def _anchors_at_the_end(view: View) -> pl.DataFrame:
    """Home and work as of the day after the window, by what the lake has kept."""
    con = view.con
    day = view.end + timedelta(days=1)
    reader = models.home(
        con.sql(f"FROM lake.intermediate.{ANCHORS}"),
        con.sql(f"SELECT DATE '{day}' AS reference_date"),
        con.sql(
            "SELECT date AS new_year_date FROM lake.bronze.calendar "
            "WHERE days_from_lunar_new_year = 0"
        ),
        con.sql("SELECT date, is_workday FROM lake.bronze.calendar"),
    )
    found = pl.from_arrow(reader.read_all())
    assert isinstance(found, pl.DataFrame)
    return found


def _seen_long(view: View) -> pl.DataFrame:
    """device_id of the devices seen on enough days to expect a home."""
    return view.query(
        "SELECT device_id FROM lake.intermediate.int_mobility__device_day "
        "WHERE data_date BETWEEN ? AND ? GROUP BY device_id HAVING count(*) >= ?",
        view.start,
        view.end,
        int(targets()[ANCHORS]["seen_days"]),
    )


def _home_lines(joined: pl.DataFrame) -> list[ScoreLine]:
    target = targets()[ANCHORS]
    found = joined.filter(pl.col("home_missing_reason").is_null())
    right = found.filter(pl.col("home_region_id") == pl.col("home_region_id_found"))
    days = int(target["seen_days"])
    return [
        at_least(
            ANCHORS,
            "home found",
            share(found.height, joined.height),
            target["home_found"],
            f"{found.height} of {joined.height} devices with {days} or more days",
        ),
        at_least(
            ANCHORS,
            "home in the right region",
            share(right.height, found.height),
            target["home_region"],
            f"{right.height} of {found.height} homes",
        ),
    ]


def _work_line(view: View, joined: pl.DataFrame) -> ScoreLine:
    """Workers whose workplace is in the right region; how many nobody can tell from home."""
    workers = joined.filter(pl.col("work_cell_id").is_not_null())
    right = workers.filter(pl.col("work_region_id") == pl.col("work_region_id_found"))
    cells = view.query("SELECT cell_id, latitude, longitude FROM lake.bronze.cells").unique(
        "cell_id"
    )
    ends = workers.select("device_id", "home_cell_id", "work_cell_id", "work_region_id_found")
    for kind in ("home", "work"):
        place = cells.rename({name: f"{kind}_{name}" for name in cells.columns})
        ends = ends.join(place, on=f"{kind}_cell_id", how="left")
    names = ("home_latitude", "home_longitude", "work_latitude", "work_longitude")
    apart = pl.Series(distance_m(*(ends[name].to_numpy() for name in names)))
    hidden = ends.filter(
        (apart <= load_parameters().anchor_radius_m).fill_null(value=False),
        pl.col("work_region_id_found").is_null(),
    ).height
    return at_least(
        ANCHORS,
        "workplace in the right region",
        share(right.height, workers.height),
        targets()[ANCHORS]["work_region"],
        f"{right.height} of {workers.height} workers; {hidden} of the others work within "
        f"{load_parameters().anchor_radius_m} m of home",
    )


def _present(view: View, city: str) -> list[ScoreLine]:
    rows = view.mart(PRESENT)
    if rows is None:
        why = f"marts.{PRESENT} holds nothing for {view.start}..{view.end}"
        return [unavailable(PRESENT, "all measures", why)]
    # the night before the first day was not dropped
    rows = rows.filter(pl.col("data_date") > view.start)
    truth = view.known("present_hourly").with_columns(pl.col("hour").cast(rows["hour"].dtype))
    districts = view.query(
        "SELECT region_id FROM lake.bronze.regions WHERE parent_id = ?", city
    ).with_columns(is_district=True)
    joined = truth.join(rows, on=_HOUR).join(districts, on="region_id", how="left")
    devices = joined.filter(pl.col("missing_reason").is_null())
    persons = joined.filter(pl.col("persons_missing_reason").is_null())
    within = pl.col("is_district").is_not_null()
    limit = targets()[PRESENT]["within_share"]
    of_devices = _close(devices.filter(within), "device_count", "devices")
    lines = [
        unavailable(PRESENT, "districts, devices", "no hour was published")
        if of_devices is None
        else at_least(PRESENT, "districts: devices within 5 %", of_devices[0], limit, of_devices[1])
    ]
    for measure, found in (
        (
            "other cities: devices within 5 %",
            _close(devices.filter(~within), "device_count", "devices"),
        ),
        ("districts: persons within 5 %", _close(persons.filter(within), "persons", "people")),
    ):
        if found is not None:
            lines.append(shown(PRESENT, measure, *found))
    return lines


def _close(rows: pl.DataFrame, value: str, truth: str) -> tuple[float, str] | None:
    """Share of regions and hours within the tolerance, and a note on all of them and the worst."""
    if rows.is_empty():
        return None
    tolerance = targets()[PRESENT]["tolerance_share"]
    judged = rows.with_columns((pl.col(value) - pl.col(truth)).abs().alias("off")).with_columns(
        (pl.col("off") / pl.col(truth)).alias("error")
    )
    worst = judged.sort("error", *_HOUR, descending=[True, False, False, False]).row(0, named=True)
    wape = judged.select(pl.col("off").sum() / pl.col(truth).sum()).item()
    close = judged.filter(pl.col("error") <= tolerance).height
    note = (
        f"{close} of {judged.height} regions and hours; WAPE {100 * wape:.2f} %; worst "
        f"{100 * worst['error']:.1f} % ({worst[value]} for {worst[truth]}) in "
        f"{worst['region_id']}, {worst['data_date']} {worst['hour']} h"
    )
    return share(close, judged.height), note
