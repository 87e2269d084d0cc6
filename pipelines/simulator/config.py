"""The city's configuration: `city.yaml` read into typed sections, and the linear curves in it."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict

CITY_FILE = Path(__file__).with_name("city.yaml")

Curve = dict[date, float]
Range = tuple[float, float]
IntRange = tuple[int, int]


def at(curve: Curve | None, day: date) -> float:
    """The curve's value on `day`: linear between its dates, flat beyond the last; 1 before."""
    if not curve or day <= min(curve):
        return next(iter(curve.values())) if curve else 1.0
    points = sorted(curve)
    ordinals = [point.toordinal() for point in points]
    return float(np.interp(day.toordinal(), ordinals, [curve[point] for point in points]))


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Place(_Section):
    region_id: str
    name_zh: str
    name_en: str


class CityCentre(Place):
    latitude: float
    longitude: float


class District(Place):
    offset: Range
    people_share: float
    enterprise_share: float


class Neighbour(Place):
    offset: Range
    hometown_share: float
    travel_hours: float
    flight: bool


class People(_Section):
    outsider_share: float
    no_device_share: float
    two_device_share: float
    worker_share: float
    works_in_home_district_share: float
    migrant_share: float
    metro_user_share: float
    carriers: dict[str, float]


class Cells(_Section):
    people_per_cell: int
    minimum: int
    per_neighbour: int
    spread_degrees: float
    neighbour_event_share: float


class Signaling(_Section):
    events_per_device: int
    night_share: float
    event_types: dict[str, float]


class DailyLife(_Section):
    attendance: float
    after_work_leisure: float
    day_off_leisure: float
    day_trip: float
    outsider_day_trip: float


class EnterpriseNumbers(_Section):
    people_per_enterprise: int
    minimum: int
    above_scale_kwh: float


class Industry(_Section):
    share: float
    median_kwh: float
    sigma: float
    weekend: float
    essential: float
    resume_after: float
    works_weekends: float


class Power(_Section):
    idle_share: Range
    load_without_staff: float
    noise_sigma: float
    grid_districts: list[str]


class SpringFestival(_Section):
    leave_k: IntRange
    return_k: IntRange
    close_k: IntRange
    reopen_k: IntRange
    ramp_days: IntRange


class DefinitionJump(_Section):
    date: date
    backlog_share: float


class Revision(_Section):
    date: date
    region_id: str
    confirmed: int


class Epidemic(_Section):
    known_from: date
    closure_from: date
    reopening_from: date
    normal_from: date
    resume_sigma: float
    ramp_days: IntRange
    outings: Curve
    metro_suspended: tuple[date, date]
    attack_rate: float
    neighbour_attack_rate: float
    infection_peak: date
    infection_sd_days: float
    report_delay_days: Range
    reported_share: float
    definition_jump: DefinitionJump
    revision: Revision
    cure_days: Range
    death_days: Range
    fatality_share: float

    def restricts(self, day: date) -> bool:
        """Whether daily life is under restrictions on `day`."""
        return self.closure_from <= day < self.normal_from


class Ticketing(_Section):
    mode_shares: dict[str, float]
    departures_hour: list[int]
    sealed_train_share: float
    metro_lines: dict[str, int]


class Venues(_Section):
    people_per_venue: int
    minimum: int
    mall_share: float
    closed_in_epidemic_share: float
    reopen_after_days: IntRange


class Shops(_Section):
    people_per_shop: int
    minimum: int
    products_each: int
    platforms: list[str]


class Product(_Section):
    code: str
    category: str
    name: str
    spec: str
    pack_quantity: int
    pack_unit: str
    cost: float
    demand: float


class Pricing(_Section):
    margin_on_cost: Range
    crisis_margin_factor: float
    cost_unknown_share: float
    new_listing_share: float
    new_listing_margin: Range


class Gougers(_Section):
    shop_share: float
    pairs_each: int
    categories: list[str]
    start_after_known_days: IntRange
    last_days: IntRange
    price_factor: Range
    rules: dict[str, float]


class Campaign(_Section):
    name: str
    k: int
    face: int
    threshold: int
    valid_days: int
    per_person: float


class Vouchers(_Section):
    applicants_per_quantity: float
    issue_days: int
    redemption_share: float
    redemption_mean_days: float
    refund_share: float
    mpc: float
    weekly_spend: Range
    weekly_noise_sigma: float
    fraud_rings: int
    fraud_ring_users: int


class CityConfig(_Section):
    """Everything `city.yaml` says."""

    province: Place
    city: CityCentre
    districts: list[District]
    neighbours: list[Neighbour]
    people: People
    cells: Cells
    signaling: Signaling
    daily_life: DailyLife
    enterprises: EnterpriseNumbers
    industries: dict[str, Industry]
    power: Power
    spring_festival: SpringFestival
    epidemic: Epidemic
    ticketing: Ticketing
    venues: Venues
    shops: Shops
    products: list[Product]
    epidemic_demand: dict[str, Curve]
    epidemic_supply: dict[str, Curve]
    ordinary_supply_days: float
    epidemic_cost: dict[str, Curve]
    pricing: Pricing
    gougers: Gougers
    sites: dict[str, int]
    site_products: dict[str, list[str]]
    ordinary_cover_days: float
    site_cover_days: dict[str, Curve]
    campaigns: list[Campaign]
    vouchers: Vouchers


@cache
def city_config() -> CityConfig:
    """The configuration beside this module."""
    return CityConfig.model_validate(yaml.safe_load(CITY_FILE.read_text(encoding="utf-8")))
