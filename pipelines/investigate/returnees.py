"""Returnees (返城) in person: when somebody came into the city, from where, and where they live.

Phones give origin and home, tickets origin and mode; the two are not joined: a row is of one feed.
"""

from __future__ import annotations

import polars as pl

from pipelines.dates import DateWindow
from pipelines.mobility.flows import region_moves

RETURNEE_SCHEMA: dict[str, type[pl.DataType]] = {
    "feed": pl.String,
    "person": pl.String,
    "arrival_date": pl.Date,
    "origin_city_id": pl.String,
    "origin_risk": pl.String,
    "mode": pl.String,
    "service_no": pl.String,
    "home_region_id": pl.String,
    "home_missing_reason": pl.String,
}
OVERSEAS = "overseas"
# codes of countries are two letters (contract of signaling.cells)
_COUNTRY = r"^[A-Za-z]{2}(-.+)?$"
# the last character of a city's name that its stations leave out: 安原西站 is in 安原市
_SUFFIX = r"[市州]$"


def device_arrivals(
    days: pl.DataFrame, homes: pl.DataFrame, cities: pl.DataFrame, city_id: str, window: DateWindow
) -> pl.DataFrame:
    """Days in the window on which a device's main region came into the city from outside it.

    `days`: `mobility.daily.device_days` from the day before the window on; `homes`: device_id,
    home_region_id, home_missing_reason; `cities`: region_id, city_id. Returns RETURNEE_SCHEMA
    without the risk.
    """
    city_of = dict(cities.iter_rows())
    moves = region_moves(days).with_columns(
        pl.col("from_region_id").replace(city_of).alias("origin_city_id"),
        pl.col("to_region_id").replace(city_of).alias("city_id"),
    )
    return (
        moves.filter(
            pl.col("city_id") == city_id,
            pl.col("origin_city_id") != city_id,
            pl.col("data_date").is_between(window.start, window.end),
        )
        .join(homes, on="device_id", how="left")
        .select(
            pl.lit("signaling").alias("feed"),
            pl.col("device_id").alias("person"),
            pl.col("data_date").alias("arrival_date"),
            "origin_city_id",
            pl.lit(None, pl.String).alias("mode"),
            pl.lit(None, pl.String).alias("service_no"),
            "home_region_id",
            "home_missing_reason",
        )
    )


def ticket_arrivals(
    trips: pl.DataFrame, regions: pl.DataFrame, city_id: str, window: DateWindow
) -> pl.DataFrame:
    """Tickets of the window's service dates into the city; the same columns, without a home.

    A station is in the city whose name its own begins with, the longest if several do; an origin
    that no city's name begins is null.
    """
    names = regions.filter(pl.col("level") == "city").select(
        "region_id", pl.col("name_zh").str.replace(_SUFFIX, "").alias("short")
    )
    stations = pl.concat([trips["from_station"], trips["to_station"]]).drop_nulls().unique()
    placed = (
        stations.rename("station")
        .to_frame()
        .join(names, how="cross")
        .filter(pl.col("station").str.starts_with(pl.col("short")))
        .sort(pl.col("short").str.len_chars(), "region_id", descending=[True, False])
        .unique("station", keep="first")
    )
    city_of = dict(placed.select("station", "region_id").iter_rows())
    origin = pl.col("from_station").replace_strict(city_of, default=None, return_dtype=pl.String)
    target = pl.col("to_station").replace_strict(city_of, default=None, return_dtype=pl.String)
    return (
        trips.filter(pl.col("mode") != "metro")
        .with_columns(origin.alias("origin_city_id"), target.alias("city_id"))
        .filter(
            pl.col("city_id") == city_id,
            pl.col("origin_city_id").ne_missing(city_id),
            pl.col("service_date").is_between(window.start, window.end),
        )
        .select(
            pl.lit("ticketing").alias("feed"),
            pl.col("passenger_id").alias("person"),
            pl.col("service_date").alias("arrival_date"),
            "origin_city_id",
            "mode",
            "service_no",
            pl.lit(None, pl.String).alias("home_region_id"),
            pl.lit(None, pl.String).alias("home_missing_reason"),
        )
    )


def with_origin_risk(arrivals: pl.DataFrame, risks: pl.DataFrame, unlisted: str) -> pl.DataFrame:
    """`arrivals` plus origin_risk: the city's worst level on the date, or `overseas`.

    `risks`: `travel_history.city_risks`. Returns RETURNEE_SCHEMA, sorted; an unknown origin has no
    risk.
    """
    numbered = arrivals.with_row_index("row")
    worst = (
        numbered.join(risks, left_on="origin_city_id", right_on="city_id")
        .filter(
            pl.col("valid_from_date") <= pl.col("arrival_date"),
            pl.col("valid_to_date").is_null() | (pl.col("valid_to_date") >= pl.col("arrival_date")),
        )
        .sort("severity", descending=True)
        .unique("row", keep="first")
        .select("row", "risk_level")
    )
    return (
        numbered.join(worst, on="row", how="left")
        .with_columns(
            pl.when(pl.col("origin_city_id").is_null())
            .then(None)
            .when(pl.col("origin_city_id").str.contains(_COUNTRY))
            .then(pl.lit(OVERSEAS))
            .otherwise(pl.col("risk_level").fill_null(unlisted))
            .alias("origin_risk")
        )
        .select(pl.col(name).cast(dtype) for name, dtype in RETURNEE_SCHEMA.items())
        .sort("feed", "person", "arrival_date", "origin_city_id", "service_no")
    )
