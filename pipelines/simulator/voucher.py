"""Consumption vouchers: a lottery, redemptions, weekly spending with a true effect, fraud rings.

A campaign is drawn as a whole from its own stream and each day's files are cuts of it, so any
window shows the same campaign.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

import numpy as np
import polars as pl

from pipelines.simulator.clock import lunar_new_year, season_year
from pipelines.simulator.config import Campaign
from pipelines.simulator.merchant import shops_of
from pipelines.simulator.population import World
from pipelines.simulator.rng import stream

_ISO = "%Y-%m-%dT%H:%M:%S+08:00"
_DAY_S = 86_400


@dataclass(frozen=True)
class CampaignData:
    """One campaign's tables, times as naive local datetimes (`*_at`)."""

    campaign: pl.DataFrame
    applications: pl.DataFrame
    issues: pl.DataFrame
    redemptions: pl.DataFrame
    fraud: pl.DataFrame


def campaign_id(config: Campaign, year: int) -> str:
    """E.g. VC2020-SPRING."""
    return f"VC{year}-{config.name}"


def campaigns_of(world: World, year: int) -> list[CampaignData]:
    """The campaigns of the season of `year`."""
    return [_campaign(world, year, index) for index in range(len(world.config.campaigns))]


def _device_of_person(world: World) -> np.ndarray:
    """First device of each person, '' without one."""
    devices = np.full(len(world.people), "", dtype=world.devices.device_id.dtype)
    first = np.unique(world.devices.person, return_index=True)
    devices[first[0]] = world.devices.device_id[first[1]]
    return devices


@lru_cache(maxsize=64)
def _campaign(world: World, year: int, index: int) -> CampaignData:
    config, rules = world.config.campaigns[index], world.config.vouchers
    name = campaign_id(config, year)
    rng = stream(world.seed, "campaign", name)
    start = lunar_new_year(year) + timedelta(days=config.k)
    quantity = max(20, round(world.people.residents * config.per_person))
    owners = np.flatnonzero(_device_of_person(world)[: world.people.residents] != "")
    wanted = min(round(quantity * rules.applicants_per_quantity), len(owners))
    applicants = rng.permutation(owners)[:wanted]
    won = np.zeros(wanted, dtype=np.bool_)
    won[rng.permutation(wanted)[: min(quantity, wanted)]] = True
    applied = np.datetime64(start.isoformat(), "us") + rng.integers(
        8 * 3600, rules.issue_days * _DAY_S, wanted
    ).astype("timedelta64[s]")
    applications = pl.DataFrame(
        {
            "campaign_id": [name] * wanted,
            "person": applicants,
            "user_id": np.char.add("U", np.char.lstrip(world.people.person_id[applicants], "P")),
            "applied_at": applied,
            "won": won,
        }
    )
    issues = _issues(applications.filter("won"), config, name, rng)
    redemptions = _redemptions(world, issues, config, rng)
    fraud = _fraud(world, config, name, start, rng)
    expires = timedelta(days=config.valid_days)
    fraud_issues = fraud.select(
        "voucher_id", "campaign_id", "user_id", "issued_at",
        (pl.col("issued_at") + expires).alias("expires_at"),
    )  # fmt: skip
    fraud_applications = fraud.select(
        "campaign_id", "user_id",
        (pl.col("issued_at") - timedelta(minutes=1)).alias("applied_at"),
        pl.lit(True).alias("won"),
    )  # fmt: skip
    end = start + timedelta(days=rules.issue_days - 1)
    return CampaignData(
        campaign=pl.DataFrame(
            {
                "campaign_id": [name],
                "region_id": [world.config.city.region_id],
                "face_value_cny": [config.face],
                "threshold_cny": [config.threshold],
                "issued_from_date": [start],
                "issued_to_date": [end],
                "valid_days": [config.valid_days],
                "quantity": [issues.height + fraud.height],
                "discount_share": pl.Series([None], dtype=pl.Float64),
            }
        ),
        applications=pl.concat([applications.drop("person"), fraud_applications]),
        issues=pl.concat([issues.drop("person"), fraud_issues]),
        redemptions=pl.concat([redemptions, fraud.drop("issued_at", "ring")]),
        fraud=fraud.select("user_id", "campaign_id", "ring"),
    )


def _issues(
    winners: pl.DataFrame, config: Campaign, name: str, rng: np.random.Generator
) -> pl.DataFrame:
    """A voucher a winner, some minutes after applying."""
    wait = pl.Series(rng.integers(60, 5400, winners.height) * 1_000_000).cast(pl.Duration("us"))
    issued = (winners["applied_at"].cast(pl.Datetime("us")) + wait).dt.truncate("1s")
    return winners.select(
        pl.Series("voucher_id", [f"{name}-{n:06d}" for n in range(1, winners.height + 1)]),
        "campaign_id",
        "user_id",
        issued.cast(winners["applied_at"].dtype).alias("issued_at"),
        (issued + timedelta(days=config.valid_days))
        .cast(winners["applied_at"].dtype)
        .alias("expires_at"),
        "person",
    )


def _redemptions(
    world: World, issues: pl.DataFrame, config: Campaign, rng: np.random.Generator
) -> pl.DataFrame:
    """Honest redemptions within the validity; orders a little to a lot above the threshold."""
    rules, shops = world.config.vouchers, shops_of(world)
    days = rng.exponential(rules.redemption_mean_days, issues.height)
    happens = (rng.random(issues.height) < rules.redemption_share) & (days < config.valid_days)
    used = issues.filter(pl.Series(happens))
    count = used.height
    after = pl.Series(((days[happens] * _DAY_S).astype(np.int64) + 600) * 1_000_000)
    redeemed = used["issued_at"] + after.cast(pl.Duration("us"))
    redeemed = pl.Series(np.minimum(redeemed.to_numpy(), used["expires_at"].to_numpy()))
    order = np.round(config.threshold * (1.02 + rng.gamma(1.6, 0.35, count)), 2)
    person = used["person"].to_numpy()
    district = world.home_area[person]
    shop = _shop_in(rng, shops.area, district)
    refunded = rng.random(count) < rules.refund_share
    refund_at = redeemed + pl.Series(rng.integers(1, 48, count) * 3_600_000_000).cast(
        pl.Duration("us")
    )
    return pl.DataFrame(
        {
            "voucher_id": used["voucher_id"],
            "user_id": used["user_id"],
            "merchant_id": shops.shop_id[shop],
            "redeemed_at": redeemed,
            "order_cny": order,
            "subsidy_cny": np.full(count, float(config.face)),
            "device_id": _device_of_person(world)[person],
            "region_id": world.areas.region_id[district],
            "refunded_at": refund_at.set(pl.Series(~refunded), None),
            "campaign_id": used["campaign_id"],
        }
    )


def _shop_in(rng: np.random.Generator, shop_area: np.ndarray, area: np.ndarray) -> np.ndarray:
    """A random shop of each area, anywhere where the area has none."""
    order = np.argsort(shop_area, kind="stable")
    first = np.searchsorted(shop_area[order], area, side="left")
    last = np.searchsorted(shop_area[order], area, side="right")
    empty = last == first
    first, last = np.where(empty, 0, first), np.where(empty, len(order), last)
    chosen: np.ndarray = order[first + (rng.random(len(area)) * (last - first)).astype(np.int64)]
    return chosen


def _fraud(
    world: World, config: Campaign, name: str, start: date, rng: np.random.Generator
) -> pl.DataFrame:
    """Rings of false accounts: one device, one merchant, redeemed within two minutes of issue at
    an order just over the threshold, half of them refunded."""
    rules, shops = world.config.vouchers, shops_of(world)
    size = rules.fraud_ring_users
    ring = np.repeat(np.arange(rules.fraud_rings), size)
    count = len(ring)
    device = rng.permutation(world.devices.device_id)[: rules.fraud_rings][ring]
    shop = rng.permutation(len(shops.area))[: rules.fraud_rings][ring]
    issued = np.datetime64(start.isoformat(), "us") + rng.integers(
        9 * 3600, rules.issue_days * _DAY_S - 7200, count
    ).astype("timedelta64[s]")
    redeemed = issued + rng.integers(20, 110, count).astype("timedelta64[s]")
    refunded = pl.Series(redeemed + np.timedelta64(1, "h"))
    return pl.DataFrame(
        {
            "voucher_id": [f"{name}-F{n:05d}" for n in range(1, count + 1)],
            "user_id": [
                f"UX{index:04d}{n:05d}" for index, n in zip(ring, range(count), strict=True)
            ],
            "merchant_id": shops.shop_id[shop],
            "redeemed_at": redeemed,
            "order_cny": np.round(config.threshold * rng.uniform(1.0, 1.02, count), 2),
            "subsidy_cny": np.full(count, float(config.face)),
            "device_id": device,
            "region_id": world.areas.region_id[shops.area[shop]],
            "refunded_at": refunded.set(pl.Series(rng.random(count) < 0.5), None),
            "campaign_id": [name] * count,
            "issued_at": issued,
            "ring": [f"{name}-R{index}" for index in ring],
        }
    )


def _on(frame: pl.DataFrame, column: str, day: date) -> pl.DataFrame:
    """The rows of one local day, instants as ISO text."""
    found = frame.filter(pl.col(column).dt.date() == day).sort(column, maintain_order=True)
    instants = [name for name, kind in found.schema.items() if isinstance(kind, pl.Datetime)]
    return found.with_columns(pl.col(name).dt.strftime(_ISO) for name in instants)


def _seasons(day: date) -> list[int]:
    """Seasons whose campaigns may touch `day`."""
    year = season_year(day)
    return [year - 1, year, year + 1]


def day_frames(world: World, day: date) -> dict[str, pl.DataFrame]:
    """`voucher.applications`, `issues` and `redemptions` of the day; absent when there are none."""
    dated = {"applications": "applied_at", "issues": "issued_at", "redemptions": "redeemed_at"}
    frames: dict[str, pl.DataFrame] = {}
    for table, column in dated.items():
        parts = [
            _on(getattr(campaign, table), column, day)
            for year in _seasons(day)
            for campaign in campaigns_of(world, year)
        ]
        found = pl.concat([part for part in parts if part.height] or parts[:1])
        if found.height:
            frames[table] = found
    return frames


def campaigns_frame(world: World, days: tuple[date, date]) -> pl.DataFrame:
    """`voucher.campaigns` of the seasons that `days` (first, last) belong to."""
    years = range(season_year(days[0]), season_year(days[1]) + 1)
    return pl.concat([c.campaign for year in years for c in campaigns_of(world, year)])


def spend_week_frame(world: World, sunday: date) -> pl.DataFrame | None:
    """`voucher.spend_weekly` of the week ending on `sunday`, for applicants of the season.

    Weekly spending = the user's usual x noise + mpc x subsidy redeemed in the week. None in a
    season without applicants yet.
    """
    monday, rules = sunday - timedelta(days=6), world.config.vouchers
    campaigns = [c for year in _seasons(sunday) for c in campaigns_of(world, year)]
    campaigns = [
        c for c in campaigns if abs((c.campaign["issued_from_date"][0] - sunday).days) < 70
    ]
    if not campaigns:
        return None
    applicants = pl.concat([c.applications for c in campaigns])
    users = applicants.filter(~pl.col("user_id").str.starts_with("UX")).get_column("user_id")
    users = users.unique().sort()
    usual_of = _usual_spend(world)
    number = users.str.slice(1).cast(pl.Int64).to_numpy() - 1
    noise = stream(world.seed, "spend", monday).standard_normal(world.people.residents)[number]
    usual = usual_of[number] * np.exp(rules.weekly_noise_sigma * noise)
    start, end = datetime.combine(monday, datetime.min.time()), timedelta(days=7)
    redeemed = (
        pl.concat([c.redemptions for c in campaigns])
        .filter(pl.col("redeemed_at").is_between(start, start + end, closed="left"))
        .group_by("user_id")
        .agg(pl.col("subsidy_cny").sum())
    )
    frame = pl.DataFrame({"user_id": users, "usual": usual}).join(
        redeemed, on="user_id", how="left", maintain_order="left"
    )
    spend = pl.col("usual") + rules.mpc * pl.col("subsidy_cny").fill_null(0)
    return frame.select(
        "user_id", pl.lit(monday).alias("week_start_date"), spend.round(2).alias("spend_cny")
    )


def _usual_spend(world: World) -> np.ndarray:
    median, sigma = world.config.vouchers.weekly_spend
    draws = stream(world.seed, "usual spend").standard_normal(world.people.residents)
    return median * np.exp(sigma * draws)


def effect_frame(world: World, days: tuple[date, date]) -> pl.DataFrame:
    """Truth: every application's group (winner, control) and the effect planted."""
    years = range(season_year(days[0]), season_year(days[1]) + 1)
    parts = [c.applications for year in years for c in campaigns_of(world, year)]
    return (
        pl.concat(parts)
        .filter(~pl.col("user_id").str.starts_with("UX"))
        .select(
            "campaign_id",
            "user_id",
            pl.col("won").alias("winner"),
            pl.lit(world.config.vouchers.mpc).alias("mpc"),
        )
        .sort("campaign_id", "user_id")
    )


def fraud_frame(world: World, days: tuple[date, date]) -> pl.DataFrame:
    """Truth: the false accounts and their ring."""
    years = range(season_year(days[0]), season_year(days[1]) + 1)
    parts = [c.fraud for year in years for c in campaigns_of(world, year)]
    return pl.concat(parts).sort("campaign_id", "user_id")
