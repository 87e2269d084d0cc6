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
from pipelines.investigate.rules import NoRule, in_force, load_rules
from pipelines.investigate.same_place import every_place, grid_times, together_in_grid
from pipelines.investigate.travel_history import (
    cities_stayed,
    city_of_regions,
    city_visits,
    history_window,
)
from pipelines.mobility.clock import DAY_S
from pipelines.mobility.geo import grid_key
from pipelines.mobility.parameters import load_parameters
from pipelines.scoring.lines import ScoreLine, at_least, share, shown, targets, unavailable
from pipelines.scoring.view import View
from pipelines.settings import Settings

TRAVEL = "investigate: travel history"
FELLOWS = "investigate: fellow travellers"
NEAR = "investigate: same place"
_PAIR = ["device_id", "contact_device_id"]


def score_investigations(view: View, settings: Settings) -> list[ScoreLine]:
    """Lines for travel history, fellow travellers and same place.

    A city simulated at a time without a rule in force has lines that say so.
    """
    judges = {TRAVEL: _travel_history, FELLOWS: _fellow_travellers, NEAR: _same_place}
    lines: list[ScoreLine] = []
    for name, judge in judges.items():
        try:
            lines += judge(view, settings)
        except NoRule as why:
            lines.append(unavailable(name, "all measures", str(why)))
    return lines


def _travel_history(view: View, settings: Settings) -> list[ScoreLine]:
    rule = in_force(load_rules().travel_history, view.end, "travel history")
    # the day after the last one, and a day half way back, each with its full days before it
    last = view.end + timedelta(days=1)
    half = last - timedelta(days=(len(DateWindow(view.start, view.end)) - rule.days) // 2)
    days = sorted({day for day in (half, last) if history_window(day, rule).start >= view.start})
    if not days or not (view.truth / "whereabouts_daily.parquet").is_file():
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
    known = _devices(view, settings)
    found = (
        cities_stayed(visits, rule, parameters)
        .select("device_id", "city_id")
        .join(known, on="device_id", how="semi")
    )
    true = _true_cities(view, known, window, rule.min_stay_s)
    everybody = segments.select("device_id").unique()
    # a carrier that changes its identifiers makes devices the truth knows under another name
    seen = everybody.join(known, on="device_id", how="semi")
    true_seen = true.join(seen, on="device_id", how="semi")
    missed = true_seen.join(found, on=["device_id", "city_id"], how="anti")
    wrong = found.join(true, on=["device_id", "city_id"], how="anti")
    bad = pl.concat([missed["device_id"], wrong["device_id"]]).n_unique()
    unseen = true["device_id"].n_unique() - true_seen["device_id"].n_unique()
    travelled = true_seen.group_by("device_id").len().filter(pl.col("len") > 1).height
    note = (
        f"{seen.height - bad} of {seen.height} devices; {missed.height} cities missed, "
        f"{wrong.height} too many; {travelled} devices were in two cities or more; "
        f"{unseen} devices were never seen, {everybody.height - seen.height} are not in the truth"
    )
    target = targets()["investigate"]["travel_history_exact"]
    return [at_least(TRAVEL, measure, share(seen.height - bad, seen.height), target, note)]


def _true_cities(
    view: View, devices: pl.DataFrame, window: DateWindow, min_stay_s: int
) -> pl.DataFrame:
    """device_id (pseudonym), city_id of unbroken true stays longer than `min_stay_s`."""
    cities = (
        _cells(view)
        .select("cell_id", "region_id")
        .join(city_of_regions(bronze.regions(view.con)), on="region_id")
    )
    stays = _unbroken(_whereabouts(view, window).join(cities, on="cell_id"), "city_id")
    return (
        stays.filter(pl.col("until_s") - pl.col("from_s") > min_stay_s)
        .join(devices, on="person_id")
        .select("device_id", "city_id")
        .unique()
    )


def _whereabouts(view: View, window: DateWindow) -> pl.DataFrame:
    """Where everybody truly was: person_id, cell_id, from_s, until_s (UTC seconds)."""
    offset_s = load_parameters().utc_offset_s
    midnight_s = pl.col("data_date").cast(pl.Int32).cast(pl.Int64) * DAY_S - offset_s
    return (
        pl.scan_parquet(view.truth / "whereabouts_daily.parquet")
        .filter(pl.col("data_date").is_between(window.start, window.end))
        .select(
            "person_id", "cell_id", pl.col("from_s") + midnight_s, pl.col("until_s") + midnight_s
        )
        .collect()
    )


def _unbroken(times: pl.DataFrame, place: str) -> pl.DataFrame:
    """Times of a person at one `place` that follow each other without a gap, made one."""
    ordered = times.sort("person_id", "from_s")
    new = (
        (pl.col("person_id") != pl.col("person_id").shift())
        | (pl.col(place) != pl.col(place).shift())
        | (pl.col("from_s") != pl.col("until_s").shift())
    ).fill_null(value=True)
    return (
        ordered.with_columns(new.cum_sum().alias("time"))
        .group_by("time", maintain_order=True)
        .agg(pl.col("person_id", place).first(), pl.col("from_s").min(), pl.col("until_s").max())
        .drop("time")
    )


def _cells(view: View) -> pl.DataFrame:
    """The register, one row a cell: where it stood first."""
    ordered = bronze.cells(view.con).sort("cell_id", "valid_from_date", "latitude", "longitude")
    return ordered.unique("cell_id", keep="first", maintain_order=True)


def _devices(view: View, settings: Settings) -> pl.DataFrame:
    """person_id and the pseudonym of each of their devices."""
    people = view.known("people").select("person_id", "device_id")
    ids = pseudonymise(settings, "signaling", "device_id", people["device_id"])
    return people.with_columns(pl.Series("device_id", ids))


def _fellow_travellers(view: View, settings: Settings) -> list[ScoreLine]:
    """Pairs found for everybody confirmed in the truth's window against the planted pairs."""
    target = targets()["investigate"]
    rules = load_rules().fellow_travellers
    # the truth knows nothing of the day before, which bronze.trips reads for trains past midnight
    trips = bronze.trips(view.con, DateWindow(view.start, view.end)).filter(
        pl.col("service_date") >= view.start
    )
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


def _same_place(view: View, settings: Settings) -> list[ScoreLine]:
    """Pairs near the persons confirmed in the last days, by the grid set, against true pairs."""
    rule = next(each for each in load_rules().same_place.sets if each.kind == "grid")
    assert rule.grid_m is not None
    assert rule.usual_days is not None
    window = DateWindow(view.end - timedelta(days=rule.usual_days - 1), view.end)
    if window.start < view.start or not (view.truth / "whereabouts_daily.parquet").is_file():
        return [unavailable(NEAR, "pairs", f"the truth has no {rule.usual_days} days of places")]
    parameters = every_place(load_parameters())
    segments = bronze.segments(view.con, window, parameters)
    if segments.is_empty():
        return [unavailable(NEAR, "pairs", f"bronze.events holds nothing for {window}")]
    index = _confirmed_devices(view, settings, window)
    squares = _cells(view).select(
        "cell_id", "region_id", grid_key(pl.col("latitude"), pl.col("longitude"), rule.grid_m)
        .alias("square"),
    )  # fmt: skip
    times = _true_times(view, settings, window, squares)
    true = together_in_grid(times, index, rule, parameters)
    found = together_in_grid(grid_times(segments, rule.grid_m, parameters), index, rule, parameters)
    pairs, said = true.select(_PAIR).unique(), found.select(_PAIR).unique()
    hits = said.join(pairs, on=_PAIR, how="semi").height
    missed = true.join(said, on=_PAIR, how="anti")
    visible = _visible(view, window, missed, times, squares).select(_PAIR).unique().height
    target = targets()["investigate"]["same_place_recall_visible"]
    note = (
        f"{visible} of {pairs.height} pairs missed although both phones were seen there during the "
        f"visit; {index.height} index devices"
    )
    unseen = pairs.height - hits - visible
    wide = f"{hits} of {pairs.height} pairs; of {unseen} one phone was never seen during its visit"
    likely = found.filter(pl.col("together_s") > rule.min_together_s).select(_PAIR).unique()
    right = likely.join(pairs, on=_PAIR, how="semi").height
    return [
        at_least(NEAR, "recall of visible pairs", share(hits, hits + visible), target, note),
        shown(NEAR, "recall of all pairs", share(hits, pairs.height), wide),
        shown(NEAR, "precision (screening)", share(hits, said.height), f"{said.height} pairs"),
        shown(
            NEAR, "precision of likely pairs", share(right, likely.height), f"{likely.height} pairs"
        ),
    ]


def _confirmed_devices(view: View, settings: Settings, window: DateWindow) -> pl.DataFrame:
    """Devices of everybody whose traced days touch the window: device_id, first and last date."""
    versions = load_rules().fellow_travellers.look_back
    look_back = in_force(versions, view.end, "the look-back").days
    confirmed = pl.col("confirmed_date")
    return (
        view.known("infected")
        .drop_nulls("confirmed_date")
        .join(_devices(view, settings), on="person_id")
        .select(
            "device_id",
            (confirmed - timedelta(days=look_back)).alias("first_date"),
            confirmed.alias("last_date"),
        )
        .filter(pl.col("last_date") >= window.start, pl.col("first_date") <= window.end)
    )


def _true_times(
    view: View, settings: Settings, window: DateWindow, squares: pl.DataFrame
) -> pl.DataFrame:
    """Where every device truly was, as `grid_times`: what is possible is what was."""
    regions = squares.select("square", "region_id").unique("square", keep="first")
    placed = _whereabouts(view, window).join(squares.select("cell_id", "square"), on="cell_id")
    return (
        _unbroken(placed, "square")
        .join(_devices(view, settings), on="person_id")
        .join(regions, on="square")
        .select(
            "device_id", "square", "region_id", "from_s", "until_s",
            pl.col("from_s").alias("may_from_s"), pl.col("until_s").alias("may_until_s"),
        )
    )  # fmt: skip


def _visible(
    view: View, window: DateWindow, missed: pl.DataFrame, times: pl.DataFrame, squares: pl.DataFrame
) -> pl.DataFrame:
    """The missed encounters in whose visits both devices had an event in the square."""
    numbered = missed.with_row_index("encounter").with_columns(
        pl.col("place").cast(pl.Int64).alias("square"),
        (pl.col("from_s") + pl.col("together_s")).alias("end_s"),
    )
    devices = pl.concat([numbered[name] for name in _PAIR]).unique().to_list()
    seen = (
        bronze.events(view.con, window, devices)
        .join(squares, on="cell_id")
        .select("device_id", "square", pl.col("event_at").dt.epoch("s").alias("at_s"))
    )
    visible = numbered
    for name in _PAIR:
        visit = (
            numbered.select("encounter", "square", "end_s", pl.col("from_s").alias("begin_s"),
                            pl.col(name).alias("device_id"))
            .join(times, on=["device_id", "square"])
            .filter(pl.col("from_s") <= pl.col("begin_s"), pl.col("until_s") >= pl.col("end_s"))
            .join(seen, on=["device_id", "square"])
            .filter(pl.col("at_s").is_between(pl.col("from_s"), pl.col("until_s"), closed="left"))
        )  # fmt: skip
        visible = visible.join(visit, on="encounter", how="semi")
    return visible


def _passengers(settings: Settings, persons: pl.Series) -> list[str]:
    return pseudonymise(settings, "ticketing", "passenger_id", persons)
