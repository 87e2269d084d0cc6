"""Enterprises and meters against when they really closed and which readings were spoilt."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from pipelines.scoring.lines import ScoreLine, at_least, at_most, share, targets, unavailable
from pipelines.scoring.view import View
from pipelines.settings import PROJECT_ROOT

STATES = "int_power__state_day"
METERS = "power_meter_checks"
_SEEDS = PROJECT_ROOT / "dbt" / "seeds"
_READING = ["enterprise_id", "data_date"]


def score_power(view: View) -> list[ScoreLine]:
    """Lines for first-resumed dates and for the list of meters."""
    return [*_resumptions(view), *_meters(view)]


def _confirming_days() -> int:
    """Readings in a row that confirm a resumption (seeds/power_states)."""
    states = pl.read_csv(_SEEDS / "power_states.csv")
    return int(states.filter(pl.col("state") == "resumed")["enter_days"].item())


def _history_days() -> int:
    """Days of its own readings without which an enterprise's reading is not judged."""
    numbers = pl.read_csv(_SEEDS / "parameters.csv", infer_schema=False)
    found = numbers.filter(pl.col("parameter_name") == "meter_min_history_days")
    return int(float(found["parameter_value"].item()))


def _resumptions(view: View) -> list[ScoreLine]:
    """First-resumed dates of the last season, as known on the last day of the window."""
    measure, target = "first resumed date: within a day", targets()[STATES]
    if not view.query(
        "SELECT count(*) AS tables FROM duckdb_tables() WHERE database_name = 'lake' "
        "AND schema_name = 'intermediate' AND table_name = ?",
        STATES,
    )["tables"][0]:
        return [unavailable(STATES, measure, "no release has kept states")]
    found = view.query(
        f"SELECT enterprise_id, first_resumed_date FROM lake.intermediate.{STATES} WHERE data_date "
        f"= (SELECT max(data_date) FROM lake.intermediate.{STATES} WHERE data_date <= ?)",
        view.end,
    )
    season = view.known("resume_dates").filter(pl.col("close_date") <= view.end)
    season = season.filter(pl.col("lunar_year") == pl.col("lunar_year").max())
    inside = season.filter(pl.col("close_date") >= view.start, pl.col("resume_date") <= view.end)
    last = view.end - timedelta(days=_confirming_days() - 1)
    known = inside.filter(pl.col("resume_date") <= last).join(found, on="enterprise_id")
    if known.is_empty():
        return [unavailable(STATES, measure, "no enterprise closed and resumed inside the window")]
    lag = (pl.col("first_resumed_date") - pl.col("resume_date")).dt.total_days()
    right = known.filter(lag.abs() <= target["lag_days"]).height
    note = (
        f"{right} of {known.height} enterprises, {known['first_resumed_date'].null_count()} not "
        f"found; {inside.height - inside.filter(pl.col('resume_date') <= last).height} resumed "
        f"after {last}, too late to be confirmed by the window's end"
    )
    called = found.drop_nulls("first_resumed_date")
    wrong = called.join(inside, on="enterprise_id", how="anti").height
    return [
        at_least(STATES, measure, share(right, known.height), target["within_share"], note),
        at_most(
            STATES,
            "resumptions that were none",
            wrong / max(called.height, 1),
            target["wrong_share"],
            f"{wrong} of {called.height} enterprises",
        ),
    ]


def _meters(view: View) -> list[ScoreLine]:
    """Readings spoilt within the contract's range and never corrected, and false alarms."""
    listed = view.mart(METERS)
    if listed is None:
        return [unavailable(METERS, "all measures", f"marts.{METERS} holds nothing")]
    listed = listed.filter(pl.col("check_code") != "silent")
    planted = _spoilt(view)
    judged = planted.filter(pl.col("data_date") >= view.start + timedelta(days=_history_days()))
    hits = judged.join(listed.drop("data_date"), on="enterprise_id").filter(
        pl.col("data_date").is_between("first_date", "last_date"), pl.col("is_excluded")
    )
    lines = []
    measure = "wrong units within the contract's range: found"
    if judged.is_empty():
        lines.append(unavailable(METERS, measure, "none was planted that stayed uncorrected"))
    else:
        caught = hits.select(_READING).unique().height
        note = (
            f"{caught} of {judged.height} readings; {planted.height - judged.height} more in the "
            "first days, which no history can judge"
        )
        recall = share(caught, judged.height)
        lines.append(at_least(METERS, measure, recall, targets()[METERS]["recall"], note))
    alarms = listed.join(planted, on="enterprise_id", how="anti")["enterprise_id"].n_unique()
    everyone = view.known("enterprises").height
    lines.append(
        at_most(
            METERS,
            "enterprises listed without cause",
            alarms / everyone,
            targets()[METERS]["false_alarm_share"],
            f"{alarms} of {everyone} enterprises",
        )
    )
    return lines


def _spoilt(view: View) -> pl.DataFrame:
    """Enterprise and date of every reading in a wrong unit that passed and was never corrected."""
    faults = view.known("faults").filter(pl.col("feed") == "power", pl.col("key").is_not_null())
    faults = faults.with_columns(
        pl.coalesce(
            pl.col("key").str.json_path_match("$.enterprise_id"),
            pl.col("key").str.json_path_match("$.用户编号"),
        ).alias("enterprise_id")
    )
    corrected = faults.filter(pl.col("kind") == "correction")
    passed = faults.filter(pl.col("expected") == "semantic")
    return passed.join(corrected, on=_READING, how="anti").select(_READING).unique()
