"""Ticketing, footfall and the fused index held against the truth."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from pipelines.scoring.flows import true_index
from pipelines.scoring.lines import ScoreLine, at_most, share, shown, targets, unavailable
from pipelines.scoring.view import View
from pipelines.simulator.clock import lunar_new_year, season_year

ALL = "all"
DAY = "data_date"
_LEVEL = [DAY, "mode", "line", "station"]
# the weeks before the festival, as seeds/parameters has them; the score keeps its own
_BEFORE_FESTIVAL = (timedelta(days=-50), timedelta(days=-21))


def score_transport(view: View, city: str) -> list[ScoreLine]:
    """Lines for the marts of transport and the fused index; a missing mart says so."""
    return [*_ticketing(view), *_footfall(view), *_fused(view, city)]


def _measured(view: View, name: str) -> pl.DataFrame | None:
    rows = view.mart(name)
    return None if rows is None else rows.filter(pl.col("value_date") == pl.col(DAY))


def _absent(view: View, name: str) -> ScoreLine:
    return unavailable(name, "all measures", f"no row measured in {view.start}..{view.end}")


def _counts_by_level(view: View) -> pl.DataFrame:
    """True boardings and alightings of stations, lines and modes."""
    truth = view.known("station_counts_daily").select(*_LEVEL, "boardings", "alightings")
    levels: list[list[str]] = [[], ["station"], ["station", "line"], ["station", "line", "mode"]]
    parts = [
        truth.with_columns(pl.lit(ALL).alias(each) for each in rolled)
        .group_by(_LEVEL)
        .agg(pl.col("boardings", "alightings").sum())
        for rolled in levels
    ]
    return pl.concat(parts)


def _ticketing(view: View) -> list[ScoreLine]:
    """Counts of every published level, and the recovery of the city against the same weekday."""
    name = "ticketing_daily"
    rows = _measured(view, name)
    if rows is None or rows.is_empty():
        return [_absent(view, name)]
    truth = _counts_by_level(view)
    published = rows.filter(pl.col("boardings").is_not_null())
    joined = published.join(truth, on=_LEVEL, how="left", suffix="_true")
    wrong = joined.filter(
        pl.any_horizontal(
            pl.col(each).ne_missing(pl.col(f"{each}_true")) for each in ("boardings", "alightings")
        )
    ).height
    hidden = rows.filter(pl.col("missing_reason") == "suppressed").height
    note = f"{published.height} published stations, lines and modes; {hidden} hidden"
    limit = targets()[name]["wrong_values"]
    return [at_most(name, "counts that differ", wrong, limit, note), _recovery(view, rows, truth)]


def _recovery(view: View, rows: pl.DataFrame, truth: pl.DataFrame) -> ScoreLine:
    name, measure = "ticketing_daily", "city recovery: largest error in points"
    city = truth.filter(pl.col("mode") == ALL).select(DAY, "boardings")
    days = rows.filter(
        pl.col("mode") == ALL,
        pl.col("baseline_kind") == "weekday_pre_festival",
        pl.col("recovery_pct").is_not_null(),
    ).join(city, on=DAY, suffix="_true")
    errors = []
    for row in days.iter_rows(named=True):
        day = row[DAY]
        new_year = lunar_new_year(season_year(day))
        if new_year + _BEFORE_FESTIVAL[1] >= day:
            new_year = lunar_new_year(season_year(day) - 1)
        usual = city.filter(
            pl.col(DAY).is_between(new_year + _BEFORE_FESTIVAL[0], new_year + _BEFORE_FESTIVAL[1]),
            pl.col(DAY).dt.weekday() == day.isoweekday(),
        )["boardings"].to_list()
        if sum(usual):
            true_pct = 100 * row["boardings_true"] * len(usual) / sum(usual)
            errors.append(abs(row["recovery_pct"] - true_pct))
    if not errors:
        return unavailable(name, measure, "no day is held against a weekday before the festival")
    lost = len(view.lost_dates("ticketing", "station_counts"))
    note = f"{len(errors)} days; mean {sum(errors) / len(errors):.2f}; {lost} files lost for good"
    return at_most(name, measure, max(errors), targets()[name]["recovery_points"], note)


def _footfall(view: View) -> list[ScoreLine]:
    """The prediction on ordinary days, when it should be what came; then it has no truth."""
    name, measure = "footfall_recovery_daily", "ordinary days: mean distance from 100"
    unknown = unavailable(
        name, "recovery in the epidemic", "the truth holds no city without the epidemic"
    )
    rows = _measured(view, name)
    if rows is None or rows.is_empty():
        return [_absent(view, name), unknown]
    ordinary = rows.filter(
        pl.col("recovery_pct").is_not_null(),
        pl.col("open_venue_count") == pl.col("reporting_venue_count"),
        # fitted on the day before at the latest gap: the epidemic has not stopped the fit yet
        pl.col(DAY) - pl.col("fit_last_date") <= timedelta(days=7),
    )
    if ordinary.is_empty():
        why = "no ordinary day has two weeks of ordinary days before it"
        return [unavailable(name, measure, why), unknown]
    distance = ordinary.select((pl.col("recovery_pct") - 100).abs().mean()).item()
    note = f"{ordinary.height} days with every venue open, each fitted on the days before it"
    limit = targets()[name]["ordinary_points"]
    return [at_most(name, measure, float(distance), limit, note), unknown]


def _fused(view: View, city: str) -> list[ScoreLine]:
    """How often the city's interval holds the planted people at work, and its width."""
    name = "return_to_work_fused_daily"
    mart = view.mart(name)
    rows = None if mart is None else mart.filter(region_id=city).drop_nulls("index_value")
    if rows is None or rows.is_empty():
        return [_absent(view, name)]
    width = rows.select((pl.col("upper_value") - pl.col("lower_value")).mean()).item()
    sources = rows.select(pl.col("source_count").mean()).item()
    note = f"{rows.height} days, {sources:.1f} sources a day"
    lines = [shown(name, "city: mean width of the interval in points", float(width), note)]
    measure = "city: share of days whose interval holds the people at work"
    joined = rows.join(true_index(view, city), on=[DAY, "region_id"])
    if joined.is_empty():
        return [*lines, unavailable(name, measure, "the truth has no December to compare with")]
    held = joined.filter(pl.col("true_pct").is_between("lower_value", "upper_value")).height
    note = f"{held} of {joined.height} days; one reading of a return to work, others differ"
    return [*lines, shown(name, measure, share(held, joined.height), note)]
