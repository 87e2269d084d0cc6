"""Raking and standard errors against results known in closed form, and a sampling experiment."""

from __future__ import annotations

from math import sqrt

import numpy as np
import polars as pl
import pytest

from pipelines.mobility.parameters import load_parameters
from pipelines.mobility.weights import (
    MarginsContradict,
    RakedWeights,
    device_weights,
    estimate,
    rake_weights,
)

PARAMETERS = load_parameters()
SHARES = pl.DataFrame({"carrier": ["cmcc", "unicom"], "share": [0.6, 0.4]})
CENSUS = pl.DataFrame({"region_id": ["1", "2"], "population": [1000, 3000]})


def homes(**devices: int) -> pl.DataFrame:
    """`r1_cmcc=3`: three devices of the carrier with a home in region 1."""
    rows = []
    for name, count in devices.items():
        region, carrier = name.removeprefix("r").split("_")
        rows += [(f"{name}{n}", region, carrier) for n in range(count)]
    return pl.DataFrame(rows, schema=["device_id", "home_region_id", "carrier"], orient="row")


def test_districts_meet_the_census_and_carriers_their_shares() -> None:
    raked = rake_weights(
        homes(r1_cmcc=50, r1_unicom=10, r2_cmcc=30, r2_unicom=40), CENSUS, SHARES, PARAMETERS
    )
    by_region = raked.strata.group_by("home_region_id").agg(pl.col("persons").sum())
    assert dict(by_region.rows()) == pytest.approx({"1": 1000, "2": 3000}, rel=1e-8)
    by_carrier = raked.strata.group_by("carrier").agg(pl.col("persons").sum())
    assert dict(by_carrier.rows()) == pytest.approx({"cmcc": 2400, "unicom": 1600}, rel=1e-8)
    # IPF keeps the odds ratio of the seed: (50 * 40) / (10 * 30)
    persons = raked.strata["persons"].to_list()
    assert persons[0] * persons[3] / (persons[1] * persons[2]) == pytest.approx(20 / 3)


def test_a_sample_in_proportion_gets_equal_weights() -> None:
    raked = rake_weights(
        homes(r1_cmcc=6, r1_unicom=4, r2_cmcc=18, r2_unicom=12), CENSUS, SHARES, PARAMETERS
    )
    assert raked.strata["weight"].to_list() == pytest.approx([100] * 4)


def test_devices_carry_the_weight_of_their_stratum() -> None:
    found = homes(r1_cmcc=6, r1_unicom=4, r2_cmcc=18, r2_unicom=12)
    weights = device_weights(found, rake_weights(found, CENSUS, SHARES, PARAMETERS))
    assert weights["device_id"].is_sorted()
    assert weights["weight"].sum() == pytest.approx(4000)


def test_a_district_without_homes_is_named_not_lost() -> None:
    raked = rake_weights(homes(r2_cmcc=6, r2_unicom=6), CENSUS, SHARES, PARAMETERS)
    assert raked.unreached.rows() == [("1", 1000, "no_homes")]
    assert raked.strata["persons"].sum() == pytest.approx(3000)


def test_margins_that_contradict_are_refused_in_one_sentence() -> None:
    # unicom alone serves district 2 with 3,000 people, but has 40 % of 4,000
    with pytest.raises(MarginsContradict, match=r"carrier .* off its share"):
        rake_weights(homes(r1_cmcc=5, r2_unicom=5), CENSUS, SHARES, PARAMETERS)


def test_order_of_homes_does_not_matter() -> None:
    found = homes(r1_cmcc=7, r1_unicom=3, r2_cmcc=8, r2_unicom=13)
    one = rake_weights(found, CENSUS, SHARES, PARAMETERS)
    two = rake_weights(found.reverse(), CENSUS.reverse(), SHARES.reverse(), PARAMETERS)
    assert one.strata.equals(two.strata)


def one_stratum(n: int, total: float) -> RakedWeights:
    strata = pl.DataFrame(
        {
            "home_region_id": ["1"],
            "carrier": ["cmcc"],
            "device_count": [n],
            "persons": [total],
            "weight": [total / n],
        }
    )
    return RakedWeights(strata, CENSUS.clear())


def in_domain(count: int) -> pl.DataFrame:
    return pl.DataFrame(
        {"hour": [8], "home_region_id": ["1"], "carrier": ["cmcc"], "device_count": [count]}
    )


def test_standard_error_of_one_stratum_is_the_textbook_formula() -> None:
    found = estimate(in_domain(25), one_stratum(100, 1000), ["hour"]).to_dicts()[0]
    assert found["persons"] == 250
    expected = 1000 * sqrt((1 - 0.1) * 0.25 * 0.75 / 99)
    assert found["standard_error_persons"] == pytest.approx(expected, abs=1e-3)
    assert found["variation_share"] == pytest.approx(expected / 250, abs=1e-6)


def test_everybody_observed_leaves_no_error_and_one_device_is_reported() -> None:
    whole = estimate(in_domain(25), one_stratum(100, 100), ["hour"])
    assert whole["standard_error_persons"].to_list() == [0]
    single = estimate(in_domain(1), one_stratum(1, 1000), ["hour"])
    assert single["single_device_strata"].to_list() == [1]


def test_the_error_is_what_repeated_sampling_shows() -> None:
    rng = np.random.default_rng(7)
    present = np.zeros(2000, dtype=bool)
    present[:600] = True
    estimates, errors = [], []
    for _ in range(300):
        seen = int(rng.choice(present, 200, replace=False).sum())
        row = estimate(in_domain(seen), one_stratum(200, 2000), ["hour"]).to_dicts()[0]
        estimates.append(row["persons"])
        errors.append(row["standard_error_persons"])
    assert np.mean(estimates) == pytest.approx(600, rel=0.02)
    assert np.mean(errors) == pytest.approx(np.std(estimates), rel=0.15)
