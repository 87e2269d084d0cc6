"""Present population for dbt's Python models: coverage, weights and persons, a day at a time.

DuckDB relations in, Arrow batches out. A date rests on its own and earlier events only: in its last
hours a device is where it was last seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import polars as pl
import pyarrow as pa
from duckdb import DuckDBPyRelation

from pipelines.dates import DateWindow
from pipelines.mobility.coverage import NOT_COLLECTED, coverage, without_outages
from pipelines.mobility.daily import IDENTIFIERS_CHANGED
from pipelines.mobility.models import CARRIER_MISSING
from pipelines.mobility.parameters import MobilityParameters, load_parameters
from pipelines.mobility.presence import present_population
from pipelines.mobility.relations import Schema, batches, between, device_groups, of_day, window_of
from pipelines.mobility.weights import (
    STRATUM,
    MarginsContradict,
    RakedWeights,
    estimate,
    rake_strata,
)

RAKED, CENSUS_ONLY = "census_and_carrier", "census"

STRATUM_HOUR_SCHEMA: Schema = {
    "data_date": pl.Date,
    "hour": pl.Int64,
    "region_id": pl.String,
    "home_region_id": pl.String,
    "carrier": pl.String,
    "device_count": pl.Int64,
}
COVERAGE_SCHEMA: Schema = {
    "data_date": pl.Date,
    "hour": pl.Int64,
    "region_id": pl.String,
    "usual_cell_count": pl.Int64,
    "reporting_cell_count": pl.Int64,
    "coverage_share": pl.Float64,
}
WEIGHT_SCHEMA: Schema = {
    "data_date": pl.Date,
    "home_region_id": pl.String,
    "carrier": pl.String,
    "device_count": pl.Int64,
    "persons": pl.Float64,
    "weight": pl.Float64,
    "margins": pl.String,
}
PRESENT_SCHEMA: Schema = {
    "data_date": pl.Date,
    "hour": pl.Int64,
    "region_id": pl.String,
    "device_count": pl.Int64,
    "weighted_device_count": pl.Int64,
    "persons": pl.Float64,
    "standard_error_persons": pl.Float64,
    "coverage_share": pl.Float64,
    "missing_reason": pl.String,
}
_HOUR = ["data_date", "hour", "region_id"]
_PERSONS = ["weighted_device_count", "persons", "standard_error_persons"]


def present_stratum_hour(
    segments: DuckDBPyRelation,
    sample: DuckDBPyRelation,
    carriers: DuckDBPyRelation,
    window: DuckDBPyRelation,
) -> pa.RecordBatchReader:
    """Devices present by hour, region, and where they live: STRATUM_HOUR_SCHEMA.

    `segments`: data_date and SEGMENT_SCHEMA, the date before the window too. `sample`: data_date,
    device_id and STRATUM of the devices that stand for persons; the others are counted under null.
    `carriers`: `models.carrier_day`; where a carrier changed its identifiers, its devices of
    the night before are the same phones under old names, and are not carried into the morning.
    A date without any event has no rows: the night before must not stand for it.
    """
    parameters = load_parameters()

    def tables_of(day: date) -> Iterator[pl.DataFrame]:
        if of_day(segments, day).limit(1).fetchone() is None:
            return
        homes = of_day(sample, day).pl().select("device_id", *STRATUM)
        changed = of_day(carriers, day).filter(f"error_code = '{IDENTIFIERS_CHANGED}'").pl()
        recent = between(segments, day - timedelta(days=1), day)
        parts = [
            _present_strata(group, day, changed["carrier"], homes, parameters)
            for group in device_groups(recent)
        ]
        keys = [*_HOUR, *STRATUM]
        yield pl.concat(parts).group_by(keys).agg(pl.col("device_count").sum()).sort(keys)

    return batches(window_of(window), tables_of, STRATUM_HOUR_SCHEMA)


def _present_strata(
    recent: pl.DataFrame,
    day: date,
    changed: pl.Series,
    homes: pl.DataFrame,
    parameters: MobilityParameters,
) -> pl.DataFrame:
    """Present devices of one group by hour, region and stratum."""
    old_name = pl.col("carrier").is_in(changed.implode()).fill_null(value=False)
    located = (
        recent.filter((pl.col("data_date") == day) | ~old_name)
        .drop("carrier")
        .join(homes, on="device_id", how="left")
        .with_columns(pl.col(STRATUM).cast(pl.String))
    )
    return present_population(located, DateWindow(day, day), parameters, ["region_id", *STRATUM])


def coverage_hour(activity: DuckDBPyRelation, window: DuckDBPyRelation) -> pa.RecordBatchReader:
    """`coverage.coverage` of every date of `window`: COVERAGE_SCHEMA.

    `activity`: `coverage.cell_activity` of the window and `coverage_reference_days` before it.
    """
    parameters = load_parameters()

    def tables_of(day: date) -> Iterator[pl.DataFrame]:
        first = day - timedelta(days=parameters.coverage_reference_days)
        yield coverage(between(activity, first, day).pl(), DateWindow(day, day), parameters)

    return batches(window_of(window), tables_of, COVERAGE_SCHEMA)


def weight_day(
    strata: DuckDBPyRelation,
    census: DuckDBPyRelation,
    carrier_shares: DuckDBPyRelation,
    window: DuckDBPyRelation,
) -> pa.RecordBatchReader:
    """Persons a device stands for, by date and stratum: WEIGHT_SCHEMA.

    `strata`: data_date, STRATUM, device_count. `census`: region_id, population. `carrier_shares`:
    carrier, share. `margins` says what the weights meet: `census_and_carrier`, or `census` alone
    where a carrier has no known share or the two contradict each other.
    """
    parameters = load_parameters()
    people, shares = census.pl(), carrier_shares.pl()

    def tables_of(day: date) -> Iterator[pl.DataFrame]:
        counted = of_day(strata, day).pl()
        weights, margins = _weights(counted, people, shares, parameters)
        yield weights.strata.with_columns(
            pl.lit(day).alias("data_date"),
            pl.lit(margins).alias("margins"),
            pl.col("persons", "weight").round(6),
        )

    return batches(window_of(window), tables_of, WEIGHT_SCHEMA)


def present_hour(
    counts: DuckDBPyRelation,
    weights: DuckDBPyRelation,
    covered: DuckDBPyRelation,
    carriers: DuckDBPyRelation,
    window: DuckDBPyRelation,
) -> pa.RecordBatchReader:
    """Devices and persons present by hour and region: PRESENT_SCHEMA, not yet suppressed.

    `counts`: STRATUM_HOUR_SCHEMA. `weights`: WEIGHT_SCHEMA. `covered`: COVERAGE_SCHEMA. `carriers`:
    `models.carrier_day`. Where too few of the usual cells reported, the counts are null with
    `not_collected`; a region with usual cells and no device at all has a row too. Where a carrier
    is missing, devices are null likewise, and persons stand on the other carriers. Persons are null
    without any weight.
    """
    parameters = load_parameters()

    def tables_of(day: date) -> Iterator[pl.DataFrame]:
        devices = of_day(counts, day).pl()
        if devices.is_empty():
            return
        strata = of_day(weights, day).pl().select(*STRATUM, "device_count", "persons", "weight")
        reported = of_day(covered, day).pl()
        persons = estimate(devices, RakedWeights(strata, strata.clear()), _HOUR).rename(
            {"device_count": "weighted_device_count"}
        )
        total = devices.group_by(_HOUR).agg(pl.col("device_count").sum())
        everywhere = pl.concat([total.select(_HOUR), reported.select(_HOUR)]).unique()
        present = everywhere.join(total, on=_HOUR, how="left").join(persons, on=_HOUR, how="left")
        counted = ["device_count"] if strata.is_empty() else ["device_count", *_PERSONS]
        known = without_outages(
            present.with_columns(pl.col(counted).fill_null(0)), reported, parameters
        )
        lacking = of_day(carriers, day).filter(f"error_code = '{CARRIER_MISSING}'").limit(1)
        yield _without_missing_carrier(
            known.with_columns(
                pl.when(pl.col("missing_reason").is_null()).then(pl.col(_PERSONS)).name.keep(),
                pl.col("coverage_share").round(6),
            ),
            is_missing=lacking.fetchone() is not None,
        ).sort(_HOUR)

    return batches(window_of(window), tables_of, PRESENT_SCHEMA)


def _without_missing_carrier(present: pl.DataFrame, *, is_missing: bool) -> pl.DataFrame:
    """Counts of devices that lack a whole carrier are null; persons stand on the others."""
    if not is_missing:
        return present
    return present.with_columns(
        pl.lit(None, pl.Int64).alias("device_count"), pl.lit(NOT_COLLECTED).alias("missing_reason")
    )


def _weights(
    counted: pl.DataFrame,
    census: pl.DataFrame,
    carrier_shares: pl.DataFrame,
    parameters: MobilityParameters,
) -> tuple[RakedWeights, str]:
    """Weights that meet both margins if they can be met, else those that meet the census."""
    if counted["carrier"].is_in(carrier_shares["carrier"].implode()).all():
        try:
            return rake_strata(counted, census, carrier_shares, parameters), RAKED
        except MarginsContradict:
            pass  # the census counts people, the shares are the country's: the census stands
    # shares as they are observed hold nothing beyond the census
    observed = (
        counted.join(census, left_on="home_region_id", right_on="region_id")
        .with_columns(
            (
                pl.col("population")
                * pl.col("device_count")
                / pl.col("device_count").sum().over("home_region_id")
            ).alias("share")
        )
        .group_by("carrier")
        .agg(pl.col("share").sum())
    )
    return rake_strata(counted, census, observed, parameters), CENSUS_ONLY
