"""Stock of medical goods and food at hospitals, warehouses, manufacturers and markets.

A site's stock on a day is a function of that day alone (days of cover x usual use), and what came
in is what makes the balance foot: stock = stock before + output + received - used.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.simulator.clock import season_year
from pipelines.simulator.config import at
from pipelines.simulator.population import Floats, Ints, World
from pipelines.simulator.rng import spread, stream


@dataclass(frozen=True)
class Shelves:
    """One entry a site x product."""

    site_id: npt.NDArray[np.str_]
    site_type: npt.NDArray[np.str_]
    area: Ints
    product: Ints
    base_use: Floats
    capacity: Ints


@lru_cache(maxsize=4)
def shelves_of(world: World) -> Shelves:
    """Every site's shelves."""
    rng = stream(world.seed, "sites")
    config = world.config
    codes = [product.code for product in config.products]
    kinds = [kind for kind, count in config.sites.items() for _ in range(count)]
    site_area = spread(rng, len(kinds), [district.people_share for district in config.districts])
    site, product = [], []
    for number, kind in enumerate(kinds):
        for code in config.site_products[kind]:
            site.append(number)
            product.append(codes.index(code))
    sites, products = np.array(site), np.array(product)
    demand = np.array([each.demand for each in config.products])[products]
    # a site serves a sixth of the city's need of a product, give or take [choice]
    size = rng.gamma(5.0, 0.2, len(kinds))[sites] / 6
    base_use = np.maximum(demand * world.people.residents / 1000 * size, 1.0)
    makes = np.array(kinds)[sites] == "manufacturer"
    return Shelves(
        site_id=np.array([f"W{n + 1:03d}" for n in sites]),
        site_type=np.array(kinds)[sites],
        area=site_area[sites],
        product=products,
        base_use=base_use,
        capacity=np.where(makes, np.ceil(base_use * 4), 0).astype(np.int64),
    )


def _surge(world: World, day: date) -> Floats:
    """Each product's demand multiplier at sites (milder than in shops)."""
    config = world.config
    inside = season_year(day) == season_year(config.epidemic.closure_from)
    factor = [
        at(config.epidemic_demand.get(each.category), day) if inside else 1.0
        for each in config.products
    ]
    surge: Floats = np.sqrt(np.array(factor))
    return surge


def _stock(world: World, day: date) -> Ints:
    """Units on every shelf at the end of `day`."""
    config, shelves = world.config, shelves_of(world)
    inside = season_year(day) == season_year(config.epidemic.closure_from)
    usual = config.ordinary_cover_days
    cover = np.array(
        [
            at(config.site_cover_days[each.category], day)
            if inside and each.category in config.site_cover_days
            else usual
            for each in config.products
        ]
    )[shelves.product]
    noise = stream(world.seed, "stock", day).uniform(0.97, 1.03, len(cover))
    units: Ints = np.rint(shelves.base_use * cover * noise).astype(np.int64)
    return units


def stock_frame(world: World, day: date) -> pl.DataFrame:
    """`supplies.stock_daily`."""
    shelves, config = shelves_of(world), world.config
    rng = stream(world.seed, "supplies", day)
    wanted = rng.poisson(shelves.base_use * _surge(world, day)[shelves.product])
    change = _stock(world, day) - _stock(world, day - timedelta(days=1))
    needed = np.maximum(change + wanted, 0)
    output = np.minimum(needed, shelves.capacity)
    codes = np.array([each.code for each in config.products])
    categories = np.array([each.category for each in config.products])
    return pl.DataFrame(
        {
            "site_id": shelves.site_id,
            "site_type": shelves.site_type,
            "product_code": codes[shelves.product],
            "category": categories[shelves.product],
            "data_date": pl.Series([day]).new_from_index(0, len(wanted)),
            "capacity_units": shelves.capacity,
            "output_units": output,
            "received_units": needed - output,
            # a shelf emptied faster than the wish is emptied by transfers out: they count as used
            "used_units": needed - change,
            "stock_units": _stock(world, day),
            "region_id": world.areas.region_id[shelves.area],
        }
    )


def demand_frame(stock: pl.DataFrame) -> pl.DataFrame:
    """Truth: units used at sites by region and category."""
    return (
        stock.group_by("data_date", "region_id", "category")
        .agg(pl.col("used_units", "stock_units").sum())
        .sort("data_date", "region_id", "category")
    )
