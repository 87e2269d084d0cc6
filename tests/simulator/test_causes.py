"""One cause shows in several feeds, and the truth agrees with the files."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pipelines.simulator.clock import is_workday, lunar_new_year, lunar_offset, season_year
from pipelines.simulator.epidemic import cases_frame
from pipelines.simulator.merchant import listings_frame, shops_of
from pipelines.simulator.movement import DAY_S, main_area, simulate_day
from pipelines.simulator.population import World, build_world
from pipelines.simulator.power import energy_frame
from pipelines.simulator.season import season_of
from pipelines.simulator.supplies import stock_frame
from pipelines.simulator.truth import power_index
from pipelines.simulator.voucher import campaigns_of, spend_week_frame


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(4000, 11)


def kwh(world: World, day: date) -> pl.DataFrame:
    return energy_frame(world, simulate_day(world, day))


def test_power_collapses_over_the_closure_and_comes_back(world: World) -> None:
    december = kwh(world, date(2019, 12, 10))["energy_kwh"].sum()
    closure = kwh(world, date(2020, 1, 28))["energy_kwh"].sum()
    march = kwh(world, date(2020, 3, 25))["energy_kwh"].sum()
    assert closure < 0.4 * december
    assert 0.7 * december < march < 1.05 * december


def test_an_ordinary_spring_festival_is_over_after_the_lantern_festival(world: World) -> None:
    before = kwh(world, date(2020, 12, 10))["energy_kwh"].sum()
    after = kwh(world, date(2021, 3, 10))["energy_kwh"].sum()
    assert 0.9 * before < after < 1.1 * before


def test_an_enterprise_resumes_when_the_truth_says(world: World) -> None:
    season = season_of(world, date(2020, 2, 20))
    resume = date(2020, 2, 20).toordinal()
    back = np.flatnonzero((season.resume == resume) & (season.close < resume - 1))
    assert len(back) > 3
    day_before = kwh(world, date(2020, 2, 19))["energy_kwh"].to_numpy()[back]
    first_day = kwh(world, date(2020, 2, 20))["energy_kwh"].to_numpy()[back]
    baseline = world.enterprises.baseline_kwh[back]
    assert (day_before < 0.3 * baseline).all()
    assert np.median(first_day / baseline) > 0.3


def test_nobody_works_at_a_closed_enterprise(world: World) -> None:
    day = simulate_day(world, date(2020, 1, 28))
    firms = np.unique(world.people.enterprise[day.at_work])
    assert season_of(world, day.date).is_open(day.date)[firms].all()


def test_segments_of_a_day_are_in_order(world: World) -> None:
    for date_ in (date(2019, 12, 10), date(2020, 1, 22), date(2020, 2, 12)):
        until = simulate_day(world, date_).until
        assert (np.diff(until, axis=1) >= 0).all()
        assert until.max() < DAY_S


def test_migrants_leave_and_return(world: World) -> None:
    migrants = world.people.hometown_cell >= 0
    in_december = main_area(world, simulate_day(world, date(2019, 12, 10)))
    at_new_year = main_area(world, simulate_day(world, date(2020, 1, 26)))
    outside = world.areas.districts
    assert (in_december[migrants] < outside).all()
    assert (at_new_year[migrants] >= outside).mean() > 0.7


def test_cases_are_zero_before_and_cumulative_after(world: World) -> None:
    assert cases_frame(world, date(2019, 12, 31))["confirmed"].sum() == 0
    totals = [
        cases_frame(world, date(2020, 1, 20) + timedelta(days=n))["confirmed"].sum()
        for n in range(40)
    ]
    falls = [n for n in range(1, 40) if totals[n] < totals[n - 1]]
    assert falls == [31]  # the revision of 2020-02-20
    assert totals[24] - totals[23] > totals[23] - totals[22]  # the definition of 2020-02-13


def test_honest_margins_never_rise_and_gougers_do(world: World) -> None:
    listings = shops_of(world).listings
    before = listings_frame(world, date(2020, 1, 19)).drop_nulls("cost_cny")
    after = listings_frame(world, date(2020, 2, 3)).drop_nulls("cost_cny")
    both = before.join(after, on="listing_id", suffix="_after")
    margin = pl.col("price_cny") / pl.col("cost_cny")
    after_margin = pl.col("price_cny_after") / pl.col("cost_cny_after")
    rise = both.select("shop_id", "product_id", (after_margin - margin).alias("rise"))
    active = (listings.gouge_from <= date(2020, 2, 3).toordinal()) & (
        listings.gouge_to > date(2020, 2, 3).toordinal()
    )
    codes = np.array([p.code for p in world.config.products])[listings.product[active]]
    gouging = set(zip(shops_of(world).shop_id[listings.shop[active]], codes, strict=True))
    risen = set(rise.filter(pl.col("rise") > 0.01).select("shop_id", "product_id").rows())
    assert risen
    assert risen <= gouging
    # the market-wide rise is real all the same
    masks = both.filter(pl.col("product_id") == "P01")
    assert (masks["price_cny_after"] > 1.3 * masks["price_cny"]).all()


def test_stock_balances(world: World) -> None:
    today, tomorrow = (stock_frame(world, date(2020, 1, n)) for n in (27, 28))
    balance = (
        today["stock_units"] + tomorrow["output_units"] + tomorrow["received_units"]
        - tomorrow["used_units"]
    )  # fmt: skip
    assert (balance == tomorrow["stock_units"]).all()
    assert tomorrow["used_units"].min() >= 0


def test_vouchers_follow_their_issue_and_spending_follows_them(world: World) -> None:
    campaign = campaigns_of(world, 2020)[1]
    joined = campaign.redemptions.join(campaign.issues, on="voucher_id")
    assert joined.height == campaign.redemptions.height
    assert (joined["redeemed_at"] >= joined["issued_at"]).all()
    assert (joined["redeemed_at"] <= joined["expires_at"]).all()
    assert (joined["order_cny"] >= campaign.campaign["threshold_cny"][0]).all()
    # the effect is found again: spending of redeemers over their own usual week
    sunday = date(2020, 1, 12)
    spend, usual = spend_week_frame(world, sunday), spend_week_frame(world, date(2019, 12, 29))
    assert spend is not None
    assert usual is not None
    week = campaign.redemptions.filter(
        pl.col("redeemed_at").dt.date().is_between(date(2020, 1, 6), sunday)
    )
    both = spend.join(usual, on="user_id", suffix="_usual").with_columns(
        (pl.col("spend_cny") - pl.col("spend_cny_usual")).alias("more")
    )
    with_voucher = both.join(week, on="user_id", how="semi")["more"].mean()
    without = both.join(week, on="user_id", how="anti")["more"].mean()
    face = campaign.campaign["face_value_cny"][0]
    assert (with_voucher - without) / face == pytest.approx(3.5, abs=1.5)


def test_the_true_index_is_the_published_formula() -> None:
    enterprises = pl.DataFrame(
        {"enterprise_id": ["a", "b"], "region_id": ["r", "r"], "industry_code": ["C", "F"]}
    )
    energy = pl.DataFrame(
        {
            "enterprise_id": ["a", "b"] * 3,
            "data_date": [date(2019, 12, 1)] * 2 + [date(2019, 12, 2)] * 2 + [date(2020, 1, 5)] * 2,
            "energy_kwh": [100.0, 20.0, 300.0, 20.0, 60.0, 10.0],
        }
    )
    index = power_index(energy, enterprises)
    city = index.filter(pl.col("region_id") == "all", pl.col("industry_code") == "all")
    assert city["data_date"].to_list() == [date(2020, 1, 5)]
    # a: 60 is exactly 0.30 x 200, not above; b: 10 > 0.30 x 20
    assert city["resumption_rate_pct"][0] == 50.0
    assert city["recovery_rate_pct"][0] == pytest.approx(100 * 70 / 220)
    assert city["index_value"][0] == pytest.approx((50.0 + 100 * 70 / 220) / 2)


def test_truth_agrees_with_the_files(city: Path) -> None:
    day = date(2020, 1, 16)
    truth = pl.read_parquet(city / "truth" / "energy_daily.parquet").filter(data_date=day)
    file = pl.read_csv(
        city / "landing" / "power" / f"energy_daily-{day}.csv", truncate_ragged_lines=True
    )
    both = truth.join(file, on="enterprise_id", how="inner", suffix="_file")
    assert (both["energy_kwh"] == both["energy_kwh_file"]).mean() > 0.95
    od = pl.read_parquet(city / "truth" / "od_daily.parquet").filter(data_date=day)
    main = pl.read_parquet(city / "truth" / "main_region_daily.parquet").filter(data_date=day)
    assert od["devices"].sum() == main.drop_nulls().height


@pytest.mark.parametrize(
    ("day", "workday", "k", "year"),
    [
        (date(2020, 1, 25), False, 0, 2020),
        (date(2020, 1, 19), True, -6, 2020),  # a Sunday worked in exchange
        (date(2016, 2, 8), False, 0, 2016),
        (date(2019, 9, 15), False, -132, 2020),
        (date(2033, 1, 31), False, 0, 2033),  # beyond the published calendars
    ],
)
def test_calendar(day: date, workday: bool, k: int, year: int) -> None:
    assert is_workday(day) == workday
    assert lunar_offset(day) == k
    assert season_year(day) == year
    assert lunar_new_year(2020) == date(2020, 1, 25)
