"""Fellow travellers (同乘) of passengers under investigation, by the dated rules.

One join of the index passengers' tickets with everybody's on the same vehicle and date; the rule
in force on the service date says who of them counts. Crew are not in the data.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from pipelines.dates import DateWindow
from pipelines.investigate.rules import FellowRule, FellowRules, LookBack, in_force

UTC_OFFSET_H = 8  # Asia/Shanghai, as pipelines.dates.CITY_TIMEZONE

# why a ticket cannot be compared with others
NO_SERVICE = "no_service"  # not a metro ride, and no vehicle named
NO_OVERLAP_BASIS = "no_stops_or_times"  # neither a stop sequence nor times to compare
_VEHICLE = ["mode", "service_no", "service_date"]

FELLOW_SCHEMA: dict[str, type[pl.DataType]] = {
    "passenger_id": pl.String,
    "contact_passenger_id": pl.String,
    "mode": pl.String,
    "service_no": pl.String,
    "service_date": pl.Date,
    "carriage": pl.String,
    "rule": pl.String,
    "basis": pl.String,
    "rows_apart": pl.Int64,
    "screening_only": pl.Boolean,
}


def look_back_window(onset: date, until: date, versions: Sequence[LookBack]) -> DateWindow:
    """From the look-back before onset (or sampling), by the rule of that day, to `until`."""
    days = in_force(versions, onset, "the look-back").days
    return DateWindow(onset - timedelta(days=days), until)


def unusable_tickets(trips: pl.DataFrame) -> pl.DataFrame:
    """Tickets that cannot be compared, by reason: columns reason, ticket_count; sorted."""
    prepared = _prepared(trips, rows_per_bay=1)
    return (
        prepared.filter(pl.col("unusable").is_not_null())
        .group_by(pl.col("unusable").alias("reason"))
        .agg(pl.len().cast(pl.Int64).alias("ticket_count"))
        .sort("reason")
    )


def fellow_travellers(
    trips: pl.DataFrame,
    index: pl.DataFrame,
    rules: FellowRules,
    *,
    without_filter_rule: str | None = None,
) -> pl.DataFrame:
    """Everybody whom the rules make a fellow traveller of an index passenger.

    `trips`: bronze.trips. `index`: passenger_id, first_date, last_date (local days on which the
    passenger counts as infectious). `without_filter_rule`: the rule for flights instead of the one
    in force, when the aircraft are known to lack a filter.

    Both rode at the same time: their stop sequences [from_seq, to_seq) overlap by more than
    nothing; where a sequence is missing or runs backwards, their times do. A ticket without a seat
    (standing) may have been anywhere in its carriage, one without a carriage anywhere on the
    vehicle, one that does not say how the vehicle is aired counts as `sealed_when_unknown`:
    rather a contact too many, and `basis` says so. Several tickets of one person on one vehicle
    (a change of seats) count one by one.

    Returns FELLOW_SCHEMA, one row an index passenger, contact and vehicle: the strongest basis
    (`rule`, then `no_seat`, `carriage_unknown`) and, for it, the least rows apart. Metro rows are
    `screening_only`.
    """
    tickets = _prepared(trips, rules.rows_per_bay.value).filter(pl.col("unusable").is_null())
    ruled = _with_rules(tickets, rules, without_filter_rule)
    of_index = ruled.join(index, on="passenger_id").filter(
        pl.col("ride_from_date") <= pl.col("last_date"),
        pl.col("ride_to_date") >= pl.col("first_date"),
    )
    on_vehicle = _in_scope(
        of_index.filter(pl.col("scope") != "station_slice").join(
            tickets, on=_VEHICLE, suffix="_contact"
        )
    )
    in_slice = _in_slice(of_index, tickets, rules.slice_s.value)
    order = {"rule": 0, "no_seat": 1, "carriage_unknown": 2}
    return (
        pl.concat([on_vehicle, in_slice])
        .sort(
            "passenger_id",
            "contact_passenger_id",
            *_VEHICLE,
            pl.col("basis").replace_strict(order, return_dtype=pl.Int8),
            "rows_apart",
            "carriage",
            "rule",
            nulls_last=True,
        )
        .unique(
            ["passenger_id", "contact_passenger_id", *_VEHICLE], keep="first", maintain_order=True
        )
        .select(pl.col(name).cast(dtype) for name, dtype in FELLOW_SCHEMA.items())
    )


def _prepared(trips: pl.DataFrame, rows_per_bay: int) -> pl.DataFrame:
    """Tickets with row, bay, the local days of the ride, and why one is unusable (else null)."""
    local = pl.duration(hours=UTC_OFFSET_H)
    row = pl.col("seat").str.extract(r"(\d+)").cast(pl.Int64)
    has_stops = (pl.col("from_seq") < pl.col("to_seq")).fill_null(value=False)
    has_times = (pl.col("depart_at") < pl.col("arrive_at")).fill_null(value=False)
    metro = pl.col("mode") == "metro"
    from_date = (pl.col("depart_at") + local).dt.date().fill_null(pl.col("service_date"))
    to_date = (pl.col("arrive_at") + local).dt.date().fill_null(from_date)
    enters = pl.col("from_station").is_not_null() & pl.col("depart_at").is_not_null()
    return trips.select(
        "ticket_id",
        "passenger_id",
        *_VEHICLE,
        "carriage",
        "sealed",
        "from_station",
        "depart_at",
        "arrive_at",
        "from_seq",
        "to_seq",
        has_stops.alias("has_stops"),
        has_times.alias("has_times"),
        row.alias("row"),
        ((row - 1) // rows_per_bay).alias("bay"),
        from_date.alias("ride_from_date"),
        pl.max_horizontal(from_date, to_date).alias("ride_to_date"),
        pl.when(metro & ~enters)
        .then(pl.lit(NO_OVERLAP_BASIS))
        .when(~metro & pl.col("service_no").is_null())
        .then(pl.lit(NO_SERVICE))
        .when(~metro & ~has_stops & ~has_times)
        .then(pl.lit(NO_OVERLAP_BASIS))
        .alias("unusable"),
    )


def _with_rules(
    tickets: pl.DataFrame, rules: FellowRules, without_filter_rule: str | None
) -> pl.DataFrame:
    """Every ticket with the rule in force on its service date: rule, scope, reach.

    A ticket of a mode or date without a rule is left out.
    """
    chosen = [_as_row(rule) for rule in rules.rules]
    if without_filter_rule is not None:
        override = next(rule for rule in rules.rules if rule.rule == without_filter_rule)
        chosen = [row for row in chosen if row["mode"] != override.mode]
        chosen.append(_as_row(override) | {"valid_from_date": date.min, "valid_to_date": None})
    frame = pl.DataFrame(
        chosen,
        schema={
            "rule": pl.String, "mode": pl.String, "rule_sealed": pl.Boolean, "scope": pl.String,
            "reach": pl.Int64, "valid_from_date": pl.Date, "valid_to_date": pl.Date,
        },
    )  # fmt: skip
    sealed = pl.col("sealed").fill_null(rules.sealed_when_unknown.value)
    return (
        tickets.join(frame, on="mode")
        .filter(
            pl.col("rule_sealed").is_null() | (pl.col("rule_sealed") == sealed),
            pl.col("valid_from_date") <= pl.col("service_date"),
            pl.col("valid_to_date").is_null() | (pl.col("valid_to_date") >= pl.col("service_date")),
        )
        .drop("rule_sealed", "valid_from_date", "valid_to_date")
    )


def _as_row(rule: FellowRule) -> dict[str, object]:
    return {
        "rule": rule.rule,
        "mode": rule.mode,
        "rule_sealed": rule.sealed,
        "scope": rule.scope,
        "reach": rule.reach,
        "valid_from_date": rule.valid_from_date,
        "valid_to_date": rule.valid_to_date,
    }


def _in_scope(pairs: pl.DataFrame) -> pl.DataFrame:
    """Of the pairs on one vehicle, those who rode together within the rule's reach."""
    stops = pl.max_horizontal("from_seq", "from_seq_contact") < pl.min_horizontal(
        "to_seq", "to_seq_contact"
    )
    times = pl.max_horizontal("depart_at", "depart_at_contact") < pl.min_horizontal(
        "arrive_at", "arrive_at_contact"
    )
    by_stops = pl.col("has_stops") & pl.col("has_stops_contact")
    by_times = pl.col("has_times") & pl.col("has_times_contact")
    # with neither in common nothing shows they were apart
    together = pl.when(by_stops).then(stops).when(by_times).then(times).otherwise(statement=True)
    # aircraft and coaches often have one cabin that no ticket names; trains and ships have many
    one_cabin = (pl.col("scope") == "rows") & pl.all_horizontal(
        pl.col("carriage", "carriage_contact").is_null()
    )
    no_carriage = ~one_cabin & pl.any_horizontal(pl.col("carriage", "carriage_contact").is_null())
    no_seat = pl.any_horizontal(pl.col("row", "row_contact").is_null())
    seated = pl.col("scope").is_in(["rows", "bays"])
    rows_apart = (pl.col("row") - pl.col("row_contact")).abs()
    bays_apart = (pl.col("bay") - pl.col("bay_contact")).abs()
    apart = pl.when(pl.col("scope") == "rows").then(rows_apart).otherwise(bays_apart)
    basis = (
        pl.when(pl.col("scope") == "vehicle")
        .then(pl.lit("rule"))
        .when(no_carriage)
        .then(pl.lit("carriage_unknown"))
        .when(pl.col("carriage").ne_missing(pl.col("carriage_contact")))
        .then(None)
        .when(~seated)
        .then(pl.lit("rule"))
        .when(no_seat)
        .then(pl.lit("no_seat"))
        .when(apart <= pl.col("reach"))
        .then(pl.lit("rule"))
    )
    return (
        pairs.filter(pl.col("passenger_id") != pl.col("passenger_id_contact"), together)
        .with_columns(basis.alias("basis"))
        .filter(pl.col("basis").is_not_null())
        .select(
            "passenger_id",
            pl.col("passenger_id_contact").alias("contact_passenger_id"),
            *_VEHICLE,
            "carriage",
            "rule",
            "basis",
            rows_apart.alias("rows_apart"),
            pl.lit(value=False).alias("screening_only"),
        )
    )


def _in_slice(of_index: pl.DataFrame, tickets: pl.DataFrame, slice_s: int) -> pl.DataFrame:
    """Metro: who went in at the same station in the same slice of time."""
    slice_ = (pl.col("depart_at").dt.epoch("s") // slice_s).alias("slice")
    here = of_index.filter(pl.col("scope") == "station_slice").with_columns(slice_)
    others = tickets.with_columns(slice_).select("mode", "from_station", "slice", "passenger_id")
    return (
        here.join(others, on=["mode", "from_station", "slice"], suffix="_contact")
        .filter(pl.col("passenger_id") != pl.col("passenger_id_contact"))
        .select(
            "passenger_id",
            pl.col("passenger_id_contact").alias("contact_passenger_id"),
            *_VEHICLE,
            "carriage",
            "rule",
            pl.lit("rule").alias("basis"),
            pl.lit(None, pl.Int64).alias("rows_apart"),
            pl.lit(value=True).alias("screening_only"),
        )
    )
