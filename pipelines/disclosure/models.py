"""What the dbt Python models call: DuckDB relations in, an Arrow table out, a date at a time."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
import pyarrow as pa
from duckdb import DuckDBPyRelation

from pipelines.disclosure.additive import Cells
from pipelines.disclosure.suppress import Protection, Table, hide

DIMENSIONS = ("region_id", "industry_code", "scale")
EVERY_INDUSTRY, EVERY_SCALE = "all", "all"
HIDDEN_SCHEMA: dict[str, type[pl.DataType]] = {
    "data_date": pl.Date,
    **dict.fromkeys(DIMENSIONS, pl.String),
    "why": pl.String,
}


def hidden_enterprise_cells(
    cells: DuckDBPyRelation, parameters: DuckDBPyRelation, city_region_id: str, primary_variant: str
) -> pa.Table:
    """The enterprise cells of each date that no mart may show, and why.

    `cells`: rows of int_power__cell_day; `parameters`: parameter_name, parameter_value. One row a
    hidden cell (data_date, region_id, industry_code, scale, why: `primary` or `complementary`),
    the same for all variants and users: what one of them shows, another must not hide. Chosen by
    who is registered and by baselines, which rarely change, not by the day's readings: so that two
    releases of a date hide the same cells, and cannot be laid over each other.
    """
    said = dict(parameters.select("parameter_name, parameter_value").fetchall())
    protection = Protection(
        least_contributors=int(said["min_enterprises_per_cell"]),
        least_width_share=float(said["enterprise_pattern_width_share"]),
    )
    largest = float(said["enterprise_dominance_share"])
    roll_ups = (city_region_id, EVERY_INDUSTRY, EVERY_SCALE)
    rows = cells.pl()
    variants = _variant_of_days(rows, primary_variant, roll_ups)
    days = _cells_of_days(rows, variants, protection.least_contributors, largest)
    hidden = [row for day in days for row in _hidden_of_day(day, roll_ups, protection)]
    return pl.DataFrame(hidden, schema=HIDDEN_SCHEMA, orient="row").to_arrow()


def _variant_of_days(
    rows: pl.DataFrame, primary_variant: str, roll_ups: tuple[str, ...]
) -> pl.DataFrame:
    """The variant whose registered enterprises each date is judged by (data_date, variant): the
    primary one, or, where its baseline was not metered, the one with the most enterprises."""
    city = [pl.col(name) == code for name, code in zip(DIMENSIONS, roll_ups, strict=True)]
    return (
        rows.filter(pl.col("users") == "all", *city)
        .sort(
            "data_date",
            (pl.col("variant") == primary_variant) & (pl.col("registered_count") > 0),
            "registered_count",
            "variant",
            descending=[False, True, True, False],
        )
        .group_by("data_date", maintain_order=True)
        .agg(pl.col("variant").first())
    )


def _cells_of_days(
    rows: pl.DataFrame, variants: pl.DataFrame, least: int, largest_share: float
) -> Iterator[pl.DataFrame]:
    """One frame a date: key, registered_count, registered_kwh, is_primary; sorted by key."""
    everyone = rows.filter(pl.col("users") == "all")
    others = rows.filter(pl.col("users") == "without_largest").select(
        "data_date", "variant", *DIMENSIONS, pl.col("baseline_kwh").alias("others_kwh")
    )
    joined = everyone.join(others, on=["data_date", "variant", *DIMENSIONS], how="left")
    counted = pl.col("enterprise_count")
    others_share = (
        pl.col("others_kwh").cast(pl.Float64) / pl.col("baseline_kwh").cast(pl.Float64)
    ).fill_nan(None)
    dominated = (counted > 1) & (others_share < 1 - largest_share)
    few = (counted > 0) & (counted < least)
    few_registered = (pl.col("registered_count") > 0) & (pl.col("registered_count") < least)
    primary = (few | few_registered | dominated).fill_null(value=False)
    by_cell = joined.group_by("data_date", *DIMENSIONS).agg(primary.any().alias("is_primary"))
    structure = everyone.join(variants, on=["data_date", "variant"], how="semi").select(
        "data_date",
        *DIMENSIONS,
        "registered_count",
        pl.col("registered_kwh").cast(pl.Float64),
    )
    cells = by_cell.join(structure, on=["data_date", *DIMENSIONS], how="left").with_columns(
        pl.col("registered_count").fill_null(0), pl.col("registered_kwh").fill_null(0.0)
    )
    for day in cells.partition_by("data_date", maintain_order=False):
        yield day.sort(DIMENSIONS)


def _hidden_of_day(
    day: pl.DataFrame, roll_ups: tuple[str, ...], protection: Protection
) -> list[tuple[object, ...]]:
    keys = list(day.select(DIMENSIONS).iter_rows())
    table = Table(
        cells=Cells.of(keys, roll_ups),
        contributors=day["registered_count"].to_list(),
        measures={"registered_kwh": day["registered_kwh"].to_list()},
    )
    primary = [number for number, few in enumerate(day["is_primary"]) if few]
    date = day["data_date"][0]
    return [
        (date, *keys[number], why)
        for number, why in sorted(hide(table, primary, protection).items())
    ]
