"""Cities with a stay over 4 h in the full days before a day, and how the travel card shows them.

Set-based: every function takes one device or all of them.
"""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from pipelines.dates import DateWindow
from pipelines.investigate.rules import CardColours, TravelHistoryRule
from pipelines.mobility.clock import DAY_S, ordinal_day
from pipelines.mobility.parameters import MobilityParameters
from pipelines.mobility.presence import presence

# regions of other countries are two letters (contract of signaling.cells)
_OVERSEAS = r"^[A-Za-z]{2}(-.+)?$"


def history_window(day: date, rule: TravelHistoryRule) -> DateWindow:
    """The full days the rule looks at, ending the day before `day`."""
    return DateWindow(day - timedelta(days=rule.days), day - timedelta(days=1))


def city_of_regions(regions: pl.DataFrame) -> pl.DataFrame:
    """region_id, city_id of every region: the nearest `city` above it, else the region itself.

    `regions`: bronze.regions (region_id, level, parent_id).
    """
    levels = regions.select("region_id", "level", "parent_id")
    parents = levels.rename(
        {"region_id": "parent_id", "level": "parent_level", "parent_id": "grandparent_id"}
    )
    grandparents = levels.select(
        pl.col("region_id").alias("grandparent_id"), pl.col("level").alias("grandparent_level")
    )
    return (
        levels.join(parents, on="parent_id", how="left")
        .join(grandparents, on="grandparent_id", how="left")
        .select(
            "region_id",
            pl.when(pl.col("level") == "city")
            .then("region_id")
            .when(pl.col("parent_level") == "city")
            .then("parent_id")
            .when(pl.col("grandparent_level") == "city")
            .then("grandparent_id")
            .otherwise("region_id")
            .alias("city_id"),
        )
        .unique()
        .sort("region_id")
    )


def city_visits(
    segments: pl.DataFrame,
    cities: pl.DataFrame,
    window: DateWindow,
    parameters: MobilityParameters,
) -> pl.DataFrame:
    """Unbroken times of each device in each city, cut to the window's local days.

    `segments`: `mobility.stays.segments`; `cities`: `city_of_regions`. A visit lasts while no other
    city is seen and the gap between two sightings is `stay_gap_s` at most; its ends lie halfway to
    the sightings in other cities (`mobility.presence`). Returns device_id, city_id, from_s, until_s
    (UTC seconds); sorted by device and time.
    """
    start_s = ordinal_day(window.start) * DAY_S - parameters.utc_offset_s
    end_s = start_s + len(window) * DAY_S
    located = segments.filter(pl.col("region_id").is_not_null())
    present = (
        presence(located, parameters)
        .join(cities, on="region_id", how="left")
        .with_columns(pl.col("city_id").fill_null(pl.col("region_id")))
        .sort("device_id", "from_s", "until_s")
    )
    new = (
        (pl.col("device_id") != pl.col("device_id").shift())
        | (pl.col("city_id") != pl.col("city_id").shift())
        | (pl.col("from_s") > pl.col("until_s").shift())
    ).fill_null(value=True)
    return (
        present.with_columns(new.cum_sum().alias("visit"))
        .group_by("visit", maintain_order=True)
        .agg(
            pl.col("device_id", "city_id").first(),
            pl.col("from_s").min(),
            pl.col("until_s").max(),
        )
        .select(
            "device_id",
            "city_id",
            pl.col("from_s").clip(start_s, end_s),
            pl.col("until_s").clip(start_s, end_s),
        )
        .filter(pl.col("until_s") > pl.col("from_s"))
    )


def cities_stayed(
    visits: pl.DataFrame, rule: TravelHistoryRule, parameters: MobilityParameters
) -> pl.DataFrame:
    """The cities each device was in for longer than `min_stay_s` without a break.

    Returns device_id, city_id, first_date, last_date (local, of the stays that count),
    longest_stay_s, stay_count; sorted by device and city.
    """
    local = pl.duration(hours=parameters.utc_offset_h)

    def day_of(second: pl.Expr) -> pl.Expr:
        return (pl.from_epoch(second, time_unit="s") + local).dt.date()

    return (
        visits.with_columns((pl.col("until_s") - pl.col("from_s")).alias("stay_s"))
        .filter(pl.col("stay_s") > rule.min_stay_s)
        .group_by("device_id", "city_id")
        .agg(
            day_of(pl.col("from_s").min()).alias("first_date"),
            # a stay that ends at midnight ended the day before
            day_of(pl.col("until_s").max() - 1).alias("last_date"),
            pl.col("stay_s").max().alias("longest_stay_s"),
            pl.len().cast(pl.Int64).alias("stay_count"),
        )
        .sort("device_id", "city_id")
    )


def city_risks(risk_areas: pl.DataFrame, cities: pl.DataFrame) -> pl.DataFrame:
    """The dated list by city: city_id, severity, risk_level, valid_from_date, valid_to_date.

    `risk_areas`: region_id, risk_level, severity, valid_from_date, valid_to_date (null: still). A
    city has a risk area when it or any of its districts is on the list.
    """
    return (
        risk_areas.join(cities, on="region_id", how="left")
        .with_columns(pl.col("city_id").fill_null(pl.col("region_id")))
        .select("city_id", "severity", "risk_level", "valid_from_date", "valid_to_date")
    )


def with_risk(
    stayed: pl.DataFrame,
    risks: pl.DataFrame,
    day: date,
    *,
    unlisted: str,
    mark: str,
    marked_from: int,
) -> pl.DataFrame:
    """`cities_stayed` plus risk_level_during_stay, risk_level_on_day and city_mark.

    During: the highest level in force on any day from first_date to last_date. On the day: the
    level in force on `day`, which decides the mark (`mark` from severity `marked_from` up, else
    null), as the card of the day does. `unlisted`: level of a city no list names.
    """
    during = _highest(stayed, risks, pl.col("first_date"), pl.col("last_date"))
    today = _highest(stayed, risks, pl.lit(day), pl.lit(day))
    return stayed.with_columns(
        during["risk_level"].fill_null(unlisted).alias("risk_level_during_stay"),
        today["risk_level"].fill_null(unlisted).alias("risk_level_on_day"),
        pl.when(today["severity"] >= marked_from).then(pl.lit(mark)).alias("city_mark"),
    )


def _highest(
    stayed: pl.DataFrame, risks: pl.DataFrame, first: pl.Expr, last: pl.Expr
) -> pl.DataFrame:
    """severity and risk_level (null: not listed) of the worst entry in force, a row a row."""
    numbered = stayed.with_row_index("row")
    worst = (
        numbered.join(risks, on="city_id")
        .filter(
            pl.col("valid_from_date") <= last,
            pl.col("valid_to_date").is_null() | (pl.col("valid_to_date") >= first),
        )
        .sort("severity", descending=True)
        .unique("row", keep="first", maintain_order=True)
    )
    return numbered.select("row").join(
        worst.select("row", "severity", "risk_level"),
        on="row",
        how="left",
        maintain_order="left",
    )


def with_card(
    history: pl.DataFrame, colours: CardColours, contacts: frozenset[str] = frozenset()
) -> pl.DataFrame:
    """`history` plus card_colour, one a device: contacts first, then stays overseas, else green.

    `contacts`: devices the health authority knows as contacts; signaling cannot know them.
    """
    overseas = pl.col("city_id").str.contains(_OVERSEAS).any().over("device_id")
    contact = pl.col("device_id").is_in(sorted(contacts))
    return history.with_columns(
        pl.when(contact)
        .then(pl.lit(colours.contact))
        .when(overseas)
        .then(pl.lit(colours.overseas))
        .otherwise(pl.lit(colours.other))
        .alias("card_colour")
    )
