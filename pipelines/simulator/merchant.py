"""Shops: listings, sales and footfall. Demand follows the people present and the epidemic.

Who gouges is planted here; honest shops pass a rise of cost on at the same or a thinner margin.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.simulator.clock import season_year
from pipelines.simulator.config import Curve, at
from pipelines.simulator.movement import HOUR_S, Day, open_venues
from pipelines.simulator.population import Bools, Floats, Ints, World
from pipelines.simulator.rng import spread, stream

_FAR_FUTURE = date.max.toordinal()


@dataclass(frozen=True)
class Listings:
    """One entry a shop x product pair; prices are for a pack. `first_day`: ordinal of the first
    listing. Gouging pairs have `gouge_from <= day < gouge_to`, others the far future."""

    shop: Ints
    product: Ints
    margin: Floats
    cost_known: Bools
    shipping_cny: Ints
    weight: Floats
    first_day: Ints
    gouge_from: Ints
    gouge_to: Ints
    gouge_factor: Floats
    gouge_rule: npt.NDArray[np.str_]


@dataclass(frozen=True)
class Shops:
    """`area` is a district."""

    shop_id: npt.NDArray[np.str_]
    area: Ints
    platform: npt.NDArray[np.str_]
    listings: Listings


@lru_cache(maxsize=4)
def shops_of(world: World) -> Shops:
    """The shops and what they list, gougers included."""
    rng = stream(world.seed, "shops")
    config = world.config
    count = max(config.shops.minimum, round(world.people.residents / config.shops.people_per_shop))
    area = spread(rng, count, [district.people_share for district in config.districts])
    platforms = np.array(config.shops.platforms)
    return Shops(
        shop_id=np.array([f"S{n:05d}" for n in range(1, count + 1)]),
        area=area,
        platform=platforms[rng.integers(0, len(platforms), count)],
        listings=_listings(world, count, rng),
    )


def _listings(world: World, shops: int, rng: np.random.Generator) -> Listings:
    config, products = world.config, len(world.config.products)
    each = min(config.shops.products_each, products)
    ranks = np.argsort(rng.random((shops, products)), axis=1, kind="stable")[:, :each]
    shop = np.repeat(np.arange(shops), each)
    product = np.sort(ranks, axis=1).ravel()
    count = len(shop)
    known_from = config.epidemic.known_from.toordinal()
    late = rng.random(count) < config.pricing.new_listing_share
    margin = rng.uniform(*config.pricing.margin_on_cost, count)
    margin = np.where(late, rng.uniform(*config.pricing.new_listing_margin, count), margin)
    first_day = np.where(late, known_from + rng.integers(1, 15, count), 0)
    gouging = _plant_gougers(world, shop, product, shops, rng)
    rules = np.array([*config.gougers.rules, ""])
    starts = known_from + rng.integers(*config.gougers.start_after_known_days, count)
    lasts = rng.integers(*config.gougers.last_days, count)
    is_gouger = gouging >= 0
    rule = rules[np.where(is_gouger, gouging, len(rules) - 1)]
    no_baseline = rule == "no_baseline_cap"
    first_day = np.where(is_gouger, np.where(no_baseline, starts, 0), first_day)
    cost_known = rng.random(count) >= config.pricing.cost_unknown_share
    cost_known = np.where(is_gouger, rule != "cost_unknown", cost_known)
    return Listings(
        shop=shop,
        product=product,
        margin=margin,
        cost_known=cost_known,
        shipping_cny=rng.choice([0, 0, 3, 6], count),
        weight=rng.gamma(4.0, 0.25, count),
        first_day=first_day,
        gouge_from=np.where(is_gouger, starts, _FAR_FUTURE),
        gouge_to=np.where(is_gouger, starts + lasts, _FAR_FUTURE),
        gouge_factor=rng.uniform(*config.gougers.price_factor, count),
        gouge_rule=rule,
    )


def _plant_gougers(
    world: World, shop: Ints, product: Ints, shops: int, rng: np.random.Generator
) -> Ints:
    """Index of the planted rule for each pair, -1 for honest ones."""
    config = world.config.gougers
    wanted = np.isin([each.category for each in world.config.products], config.categories)
    chosen = rng.permutation(shops)[: max(2, round(shops * config.shop_share))]
    pairs = np.flatnonzero(np.isin(shop, chosen) & wanted[product])
    pairs = pairs[np.argsort(rng.random(len(pairs)), kind="stable")]
    rank = np.zeros(len(pairs), dtype=np.int64)
    for one in chosen:
        mine = np.flatnonzero(shop[pairs] == one)
        rank[mine] = np.arange(len(mine))
    pairs = pairs[rank < config.pairs_each]
    planted = np.full(len(shop), -1)
    planted[pairs] = spread(rng, len(pairs), list(config.rules.values()))
    return planted


def _by_product(world: World, curves: dict[str, Curve], day: date, otherwise: float) -> Floats:
    """Each product's multiplier on `day` from its category's curve."""
    inside = season_year(day) == season_year(world.config.epidemic.closure_from)
    return np.array(
        [
            at(curves[each.category], day) if inside and each.category in curves else otherwise
            for each in world.config.products
        ]
    )


def prices(world: World, day: date) -> tuple[Floats, Floats]:
    """(pack price, pack cost) in CNY of every pair on `day`, to 0.01."""
    config, listings = world.config, shops_of(world).listings
    ordinal = day.toordinal()
    base = np.array([product.cost for product in config.products])
    rise = _by_product(world, config.epidemic_cost, day, 1.0)
    cost = np.round((base * rise)[listings.product], 2)
    crisis = ordinal > config.epidemic.known_from.toordinal()
    margin = listings.margin * (config.pricing.crisis_margin_factor if crisis else 1.0)
    honest = cost * (1 + margin)
    gouging = (listings.gouge_from <= ordinal) & (ordinal < listings.gouge_to)
    price = np.where(gouging, honest * listings.gouge_factor, honest)
    rounded: Floats = np.asarray(price, dtype=np.float64).round(2)
    return rounded, cost


def listings_frame(world: World, day: date) -> pl.DataFrame:
    """`merchant.listings`: one capture of every pair listed on `day`."""
    shops, config = shops_of(world), world.config
    listings = shops.listings
    price, cost = prices(world, day)
    rng = stream(world.seed, "listings", day)
    second = rng.integers(8 * HOUR_S, 22 * HOUR_S, len(price))
    start = np.datetime64(day.isoformat())
    products = pl.DataFrame([product.model_dump() for product in config.products])
    chosen = products[listings.product]
    number = np.char.add(shops.shop_id[listings.shop], chosen["code"].to_numpy().astype(str))
    frame = pl.DataFrame(
        {
            "listing_id": np.char.add("L", number),
            "shop_id": shops.shop_id[listings.shop],
            "platform": shops.platform[listings.shop],
            "product_id": chosen["code"],
            "category": chosen["category"],
            "title": chosen["name"] + " " + chosen["spec"],
            "description": "正品现货 " + chosen["name"],
            "spec": chosen["spec"],
            "pack_quantity": chosen["pack_quantity"],
            "pack_unit": chosen["pack_unit"],
            "price_cny": price,
            "shipping_cny": listings.shipping_cny,
            "cost_cny": pl.Series(cost).set(pl.Series(~listings.cost_known), None),
            "captured_at": pl.Series((start + second.astype("timedelta64[s]")).astype(str))
            + "+08:00",
            "region_id": world.areas.region_id[shops.area[listings.shop]],
        }
    )
    return frame.filter(pl.Series(listings.first_day <= day.toordinal()))


def sales_frame(world: World, day: date, present: Ints) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(`merchant.sales_daily`, true demand by district and category).

    `present`: people in each district on the day. Units sold never exceed what the shop has.
    """
    shops, config = shops_of(world), world.config
    listings, rng = shops.listings, stream(world.seed, "sales", day)
    area, product = shops.area[listings.shop], listings.product
    listed = listings.first_day <= day.toordinal()
    per_thousand = np.array([each.demand for each in config.products])
    surge = _by_product(world, config.epidemic_demand, day, 1.0)
    weekday = 1.12 if day.weekday() >= 5 else 1.0
    weight = np.where(listed, listings.weight, 0.0)
    group = area * len(config.products) + product
    share = weight / np.maximum(np.bincount(group, weights=weight)[group], 1e-9)
    expected = per_thousand[product] * present[area] / 1000 * share
    latent = rng.poisson(expected * surge[product] * weekday)
    supply = _by_product(world, config.epidemic_supply, day, config.ordinary_supply_days)
    available = np.ceil(expected * supply[product] * rng.uniform(0.8, 1.2, len(share))) + 2
    units = np.minimum(latent, available.astype(np.int64))
    price, _ = prices(world, day)
    frame = pl.DataFrame(
        {
            "shop_id": shops.shop_id[listings.shop],
            "product_id": np.array([each.code for each in config.products])[product],
            "data_date": pl.Series([day]).new_from_index(0, len(share)),
            "units": units,
            "revenue_cny": np.round(units * price, 2),
            "stock_units": available.astype(np.int64) - units,
        }
    ).filter(pl.Series(listed))
    category = np.array([each.category for each in config.products])[product]
    demand = pl.DataFrame(
        {"region_id": world.areas.region_id[area], "category": category, "demand_units": latent}
    )
    truth = (
        demand.with_columns(pl.Series("sold_units", units))
        .group_by("region_id", "category")
        .agg(pl.col("demand_units", "sold_units").sum())
        .sort("region_id", "category")
        .select(pl.lit(day).alias("data_date"), pl.all())
    )
    return frame, truth


def footfall_frame(world: World, day: Day) -> pl.DataFrame:
    """`merchant.footfall_daily` of every venue: the people who really went there."""
    venues = world.venues
    visitors = np.bincount(day.venue[day.venue >= 0], minlength=len(venues.venue_id))
    return pl.DataFrame(
        {
            "venue_id": venues.venue_id,
            "data_date": pl.Series([day.date]).new_from_index(0, len(venues.venue_id)),
            "visitors": visitors,
            "is_open": open_venues(world, day.date),
        }
    )


def gougers_frame(world: World) -> pl.DataFrame:
    """Truth: the planted gougers, first and last day, rule and price factor."""
    shops = shops_of(world)
    listings = shops.listings
    pairs = np.flatnonzero(listings.gouge_from < _FAR_FUTURE)
    codes = np.array([each.code for each in world.config.products])
    return pl.DataFrame(
        {
            "shop_id": shops.shop_id[listings.shop[pairs]],
            "product_id": codes[listings.product[pairs]],
            "region_id": world.areas.region_id[shops.area[listings.shop[pairs]]],
            "from_date": [date.fromordinal(n) for n in listings.gouge_from[pairs].tolist()],
            "to_date": [date.fromordinal(n - 1) for n in listings.gouge_to[pairs].tolist()],
            "rule": listings.gouge_rule[pairs],
            "price_factor": listings.gouge_factor[pairs],
        }
    ).sort("shop_id", "product_id")
