"""Person-level methods held against the truth: only counts and shares leave this module.

The methods run on the lake's bronze rows of all devices; the truth's raw identifiers are
pseudonymised as a look-up's are. Nobody is looked up: nothing is stored and nothing is printed but
how often the method was right.
"""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from pipelines.dates import DateWindow
from pipelines.ingest.pseudonyms import pseudonymise
from pipelines.investigate import bronze
from pipelines.investigate.fellow_travellers import fellow_travellers
from pipelines.investigate.rules import in_force, load_rules
from pipelines.investigate.travel_history import (
    cities_stayed,
    city_of_regions,
    city_visits,
    history_window,
)
from pipelines.mobility.clock import DAY_S, ordinal_day
from pipelines.mobility.parameters import load_parameters
from pipelines.scoring.lines import ScoreLine, at_least, share, shown, targets, unavailable
from pipelines.scoring.view import View
from pipelines.settings import Settings

TRAVEL, FELLOWS = "investigate: travel history", "investigate: fellow travellers"


def score_investigations(view: View, settings: Settings) -> list[ScoreLine]:
    """Lines for travel history and fellow travellers."""
    return [*_travel_history(view, settings), *_fellow_travellers(view, settings)]


def _travel_history(view: View, settings: Settings) -> list[ScoreLine]:
    rule = in_force(load_rules().travel_history, view.end, "travel history")
    # the day after the last one, and a day half way back, each with its full days before it
    last = view.end + timedelta(days=1)
    half = last - timedelta(days=(len(DateWindow(view.start, view.end)) - rule.days) // 2)
    days = sorted({day for day in (half, last) if history_window(day, rule).start >= view.start})
    if not days or not (view.truth / "city_stays_daily.parquet").is_file():
        why = f"the truth has no whole {rule.days} days of stays in cities"
        return [unavailable(TRAVEL, "devices exact", why)]
    lines: list[ScoreLine] = []
    for day in days:
        lines += _travel_history_on(view, settings, day)
    return lines


def _travel_history_on(view: View, settings: Settings, day: date) -> list[ScoreLine]:
    """Devices seen in the window whose set of cities is exactly the true one."""
    parameters = load_parameters()
    rule = in_force(load_rules().travel_history, day, "travel history")
    window = history_window(day, rule)
    segments = bronze.segments(view.con, window, parameters)
    measure = f"devices exact, as of {day}"
    if segments.is_empty():
        return [unavailable(TRAVEL, measure, f"bronze.events holds nothing for {window}")]
    visits = city_visits(segments, city_of_regions(bronze.regions(view.con)), window, parameters)
    found = cities_stayed(visits, rule, parameters).select("device_id", "city_id")
    true = _true_cities(view, settings, window, rule.min_stay_s)
    seen = segments.select("device_id").unique()
    true_seen = true.join(seen, on="device_id", how="semi")
    missed = true_seen.join(found, on=["device_id", "city_id"], how="anti")
    wrong = found.join(true, on=["device_id", "city_id"], how="anti")
    bad = pl.concat([missed["device_id"], wrong["device_id"]]).n_unique()
    unseen = true["device_id"].n_unique() - true_seen["device_id"].n_unique()
    travelled = true_seen.group_by("device_id").len().filter(pl.col("len") > 1).height
    note = (
        f"{seen.height - bad} of {seen.height} devices; {missed.height} cities missed, "
        f"{wrong.height} too many; {travelled} devices were in two cities or more; "
        f"{unseen} devices were never seen"
    )
    target = targets()["investigate"]["travel_history_exact"]
    return [at_least(TRAVEL, measure, share(seen.height - bad, seen.height), target, note)]


def _true_cities(
    view: View, settings: Settings, window: DateWindow, min_stay_s: int
) -> pl.DataFrame:
    """device_id (pseudonym), city_id of unbroken true stays longer than `min_stay_s`."""
    stays = (
        pl.scan_parquet(view.truth / "city_stays_daily.parquet")
        .filter(pl.col("data_date").is_between(window.start, window.end))
        .with_columns(
            (pl.col("data_date").cast(pl.Int32).cast(pl.Int64) - ordinal_day(window.start))
            .mul(DAY_S)
            .alias("midnight_s")
        )
        .with_columns(
            pl.col("from_s") + pl.col("midnight_s"), pl.col("until_s") + pl.col("midnight_s")
        )
        .collect()
        .sort("person_id", "from_s")
    )
    goes_on = (
        (pl.col("person_id") == pl.col("person_id").shift())
        & (pl.col("city_region_id") == pl.col("city_region_id").shift())
        & (pl.col("from_s") == pl.col("until_s").shift())
    ).fill_null(value=False)
    long = (
        stays.with_columns((~goes_on).cum_sum().alias("stay"))
        .group_by("stay")
        .agg(
            pl.col("person_id", "city_region_id").first(),
            (pl.col("until_s").max() - pl.col("from_s").min()).alias("stay_s"),
        )
        .filter(pl.col("stay_s") > min_stay_s)
    )
    return (
        long.join(_devices(view, settings), on="person_id")
        .select("device_id", pl.col("city_region_id").alias("city_id"))
        .unique()
    )


def _devices(view: View, settings: Settings) -> pl.DataFrame:
    """person_id and the pseudonym of each of their devices."""
    people = view.known("people").select("person_id", "device_id")
    ids = pseudonymise(settings, "signaling", "device_id", people["device_id"])
    return people.with_columns(pl.Series("device_id", ids))


def _fellow_travellers(view: View, settings: Settings) -> list[ScoreLine]:
    """Pairs found for everybody confirmed in the truth's window against the planted pairs."""
    target = targets()["investigate"]
    rules = load_rules().fellow_travellers
    trips = bronze.trips(view.con, DateWindow(view.start, view.end))
    if trips.is_empty():
        return [unavailable(FELLOWS, "pairs", "bronze.trips holds nothing")]
    confirmed = view.known("infected").drop_nulls("confirmed_date")
    look_back = in_force(rules.look_back, view.end, "the look-back").days
    index = pl.DataFrame(
        {
            "passenger_id": _passengers(settings, confirmed["person_id"]),
            "first_date": confirmed["confirmed_date"] - timedelta(days=look_back),
            "last_date": confirmed["confirmed_date"],
        }
    )
    key = ["passenger_id", "contact_passenger_id", "mode", "service_no", "service_date"]
    found = fellow_travellers(trips, index, rules).select(key)
    planted = view.known("fellow_travellers")
    true = planted.select(
        pl.Series("passenger_id", _passengers(settings, planted["passenger_id"])),
        pl.Series("contact_passenger_id", _passengers(settings, planted["passenger_id_contact"])),
        *key[2:],
    ).unique()
    # a pair of which a ticket was refused at ingest cannot be found by anybody
    tickets = trips.select("passenger_id", *key[2:]).unique()
    able = true.join(tickets, on=["passenger_id", *key[2:]], how="semi").join(
        tickets, left_on=key[1:], right_on=["passenger_id", *key[2:]], how="semi"
    )
    hits = found.join(true, on=key, how="semi").height
    note = (
        f"{hits} of {true.height} pairs; of {true.height - able.height} pairs a ticket never "
        f"reached the lake; {confirmed.height} index persons"
    )
    lines = [
        at_least(FELLOWS, "recall", share(hits, true.height), target["fellow_recall"], note),
        at_least(
            FELLOWS,
            "recall of pairs whose tickets are in the lake",
            share(hits, able.height),
            target["fellow_recall_of_kept"],
            f"{hits} of {able.height}",
        ),
        at_least(
            FELLOWS,
            "precision",
            share(hits, found.height),
            target["fellow_precision"],
            f"{found.height - hits} of {found.height} pairs were not planted",
        ),
    ]
    for (mode,), pairs in sorted(true.group_by("mode")):
        lines.append(shown(FELLOWS, f"planted pairs: {mode}", pairs.height))
    return lines


def _passengers(settings: Settings, persons: pl.Series) -> list[str]:
    return pseudonymise(settings, "ticketing", "passenger_id", persons)
