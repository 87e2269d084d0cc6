"""From devices to persons: weights raked to census and carrier shares, and standard errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.errors import CityPulseError
from pipelines.mobility.geo import Floats
from pipelines.mobility.parameters import MobilityParameters

STRATUM = ["home_region_id", "carrier"]


class MarginsContradict(CityPulseError):
    """Census and carrier shares cannot both be met by the devices there are."""


@dataclass(frozen=True)
class RakedWeights:
    """`strata`: home_region_id, carrier, device_count, persons, weight (persons a device).

    `unreached`: home_region_id, population, missing_reason (`no_homes`): regions of the census in
    which no device lives; their people are in no estimate.
    """

    strata: pl.DataFrame
    unreached: pl.DataFrame


def rake_weights(
    homes: pl.DataFrame,
    census: pl.DataFrame,
    carrier_shares: pl.DataFrame,
    parameters: MobilityParameters,
) -> RakedWeights:
    """`rake_strata` of single devices; `homes`: device_id and STRATUM, one row a device."""
    counted = homes.group_by(STRATUM).agg(pl.len().cast(pl.Int64).alias("device_count"))
    return rake_strata(counted, census, carrier_shares, parameters)


def rake_strata(
    counted: pl.DataFrame,
    census: pl.DataFrame,
    carrier_shares: pl.DataFrame,
    parameters: MobilityParameters,
) -> RakedWeights:
    """Weights of detected homes such that districts sum to the census and carriers to their shares.

    `counted`: STRATUM, device_count (devices with a home). `census`: region_id, population.
    `carrier_shares`: carrier, share (of all subscribers; scaled to sum to 1 over the carriers
    seen). Starts from w = census / homes of the district, then iterative proportional
    fitting (Deming & Stephan 1940) over districts and carriers. Raises `MarginsContradict` when it
    does not converge, e.g. a district whose only carrier must not have so many customers.
    """
    detected = (
        counted.join(census, left_on="home_region_id", right_on="region_id")
        .join(carrier_shares, on="carrier")
        .sort(STRATUM)
    )
    unreached = (
        census.join(detected, left_on="region_id", right_on="home_region_id", how="anti")
        .select(
            pl.col("region_id").alias("home_region_id"),
            "population",
            pl.lit("no_homes").alias("missing_reason"),
        )
        .sort("home_region_id")
    )
    persons = _raked(detected, parameters)
    strata = detected.select(*STRATUM, "device_count").with_columns(
        pl.Series("persons", persons, dtype=pl.Float64),
        pl.Series("weight", persons / detected["device_count"].to_numpy(), dtype=pl.Float64),
    )
    return RakedWeights(strata, unreached)


def _raked(detected: pl.DataFrame, parameters: MobilityParameters) -> Floats:
    """Persons of each stratum after iterative proportional fitting."""
    region = detected["home_region_id"].rank("dense").to_numpy().astype(np.int64) - 1
    carrier = detected["carrier"].rank("dense").to_numpy().astype(np.int64) - 1
    by_region = detected.group_by("home_region_id").agg(pl.col("population").first())
    region_total = by_region.sort("home_region_id")["population"].to_numpy().astype(np.float64)
    by_carrier = detected.group_by("carrier").agg(pl.col("share").first()).sort("carrier")
    share = by_carrier["share"].to_numpy()
    carrier_total = share / share.sum() * region_total.sum()
    persons: Floats = detected["device_count"].to_numpy().astype(np.float64)
    for _ in range(parameters.rake_max_iterations):
        persons = persons * (region_total / np.bincount(region, persons))[region]
        error = np.abs(np.bincount(carrier, persons) / carrier_total - 1)
        if not len(error) or error.max() <= parameters.rake_tolerance:
            return persons
        persons = persons * (carrier_total / np.bincount(carrier, persons))[carrier]
    worst = by_carrier["carrier"][int(error.argmax())]
    raise MarginsContradict(
        f"weights do not settle: carrier {worst} stays {error.max():.2%} off its share of "
        "subscribers while districts meet the census; check carrier_shares and which carriers "
        "report each district."
    )


def device_weights(homes: pl.DataFrame, weights: RakedWeights) -> pl.DataFrame:
    """device_id, STRATUM and weight of every device whose home has one; sorted by device_id."""
    return (
        homes.select("device_id", *STRATUM)
        .join(weights.strata.select(*STRATUM, "weight"), on=STRATUM)
        .sort("device_id")
    )


def estimate(counts: pl.DataFrame, weights: RakedWeights, domain: Sequence[str]) -> pl.DataFrame:
    """Persons in each domain with their standard error.

    `counts`: the `domain` columns (e.g. data_date, hour, region_id), STRATUM, device_count: the
    devices of a stratum that are in the domain. Stratified sampling without replacement, h the
    strata (Cochran 1977, 5.3):
        persons = sum_h N_h p_h,  p_h = in domain / n_h,  n_h devices for N_h persons
        se^2    = sum_h N_h^2 (1 - n_h / N_h) p_h (1 - p_h) / (n_h - 1)
    It holds the chance of which persons carry an observed device, and no more: not who has no
    phone or two, nor homes put in the wrong district. A stratum of one device gives p = 0 or 1 and
    so no variance: it is counted in single_device_strata.
    Returns the `domain` columns, device_count, persons, standard_error_persons, variation_share
    (standard error / persons), single_device_strata; sorted.
    """
    strata = weights.strata.rename({"device_count": "n", "persons": "total"}).drop("weight")
    share = pl.col("device_count") / pl.col("n")
    sampled = (pl.col("n") / pl.col("total")).clip(upper_bound=1)
    variance = pl.col("total") ** 2 * (1 - sampled) * share * (1 - share) / (pl.col("n") - 1)
    keys = list(domain)
    return (
        counts.join(strata, on=STRATUM)
        .with_columns(
            (pl.col("total") * share).alias("persons"),
            pl.when(pl.col("n") > 1).then(variance).otherwise(0.0).alias("variance"),
        )
        .sort(*keys, *STRATUM)
        .group_by(keys, maintain_order=True)
        .agg(
            pl.col("device_count").sum(),
            pl.col("persons").sum().round(3),
            pl.col("variance").sum().sqrt().round(3).alias("standard_error_persons"),
            ((pl.col("n") == 1) & (pl.col("device_count") > 0))
            .sum()
            .cast(pl.Int64)
            .alias("single_device_strata"),
        )
        .with_columns(
            pl.when(pl.col("persons") > 0)
            .then(pl.col("standard_error_persons") / pl.col("persons"))
            .round(6)
            .alias("variation_share")
        )
    )
