"""Simulate a window: the files providers drop and the truth beside them, a day at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from pipelines.dates import DateWindow
from pipelines.simulator import (
    epidemic,
    merchant,
    power,
    signaling,
    supplies,
    ticketing,
    truth,
    voucher,
    whereabouts,
)
from pipelines.simulator.delivery import Delivery, as_text, canonical, grid_energy, mall_footfall
from pipelines.simulator.faults import FAULT_SCHEMA, Fault, drop, load_faults
from pipelines.simulator.movement import Day, main_area, simulate_day
from pipelines.simulator.network_faults import strike_network, strike_register
from pipelines.simulator.population import Ints, World, build_world

Progress = Callable[[int, int, str], None]

_SUNDAY = 6
VOUCHER_KEYS = {
    "applications": ("campaign_id", "user_id"),
    "issues": ("voucher_id",),
    "redemptions": ("voucher_id",),
}


def simulate(
    out: Path,
    window: DateWindow,
    *,
    people: int = 20_000,
    seed: int = 1,
    faults: str | Path = "default",
    progress: Progress | None = None,
) -> Path:
    """Write the city's files of `window` into `<out>/landing` and the truth into `<out>/truth`.

    `people`: residents. `faults`: `default`, `none` or a YAML file. A day's files depend on the
    seed, the people and the day only, so windows can be simulated in any pieces into one folder.
    Returns `out`; raises `FaultsError` for a bad faults file and `TruthMismatch` when `out` holds
    another city.
    """
    chosen = load_faults(faults)
    arguments: dict[str, object] = {"people": people, "seed": seed, "faults": str(faults)}
    whole = truth.extend_manifest(out, window, arguments)
    world = build_world(people, seed)
    register, wrong_cells = strike_register(_register(world), chosen, seed)
    _write_dimensions(world, register, out / "landing", whole)
    yesterday = main_area(world, simulate_day(world, window.start - timedelta(days=1)))
    for number, date_ in enumerate(window):
        if progress is not None:
            progress(number, len(window), f"simulating {date_}")
        log = [entry for entry in wrong_cells if entry["data_date"] == date_]
        yesterday = _simulate_one(world, out, date_, yesterday, chosen, log)
    _write_whole_truth(world, out, whole)
    if progress is not None:
        progress(len(window), len(window), "simulated")
    return out


def _simulate_one(
    world: World,
    out: Path,
    date_: date,
    yesterday: Ints,
    faults: list[Fault],
    log: list[dict[str, object]],
) -> Ints:
    """Write one day, with what is in `log` of it already; return everybody's main area."""
    day = simulate_day(world, date_)
    today = main_area(world, day)
    rows: list[dict[str, object]] = []
    for whole in _deliveries(world, out, day, today):
        delivery, of_network = strike_network(whole, date_, faults, world.seed)
        dropped = drop(delivery, date_, faults, world.seed)
        folder = delivery.folder(out / "landing")
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in dropped.files.items():
            (folder / name).write_bytes(content)
        log += of_network + dropped.log
        rows.append(_rows_to_keep(delivery, date_, dropped.log))
    truth.write_part(out, "faults", date_, pl.DataFrame(log, schema=FAULT_SCHEMA))
    truth.write_part(out, "rows_daily", date_, pl.DataFrame(rows))
    for table, frame in {
        "od_daily": truth.origin_destination(world, date_, yesterday, today),
        "trips_daily": truth.trips(world, day),
        "main_region_daily": truth.main_regions(world, date_, today),
        "present_hourly": truth.present_population(world, day),
        "mobility_daily": truth.mobility(world, day),
        "whereabouts_daily": whereabouts.whereabouts_frame(world, day),
        "infections_daily": epidemic.infections_frame(world, date_),
        "cases_daily": epidemic.cases_frame(world, date_),
    }.items():
        truth.write_part(out, table, date_, frame)
    return today


def _rows_to_keep(delivery: Delivery, day: date, log: list[dict[str, object]]) -> dict[str, object]:
    """How many rows of the delivery must end up in the lake once its faults are dealt with."""
    lost = any(entry["is_lost"] for entry in log)
    refused = sum(entry["expected"] == "quarantine_row" for entry in log)
    corrected = sum(entry["kind"] == "correction" for entry in log)
    return {
        "data_date": day,
        "feed": delivery.feed,
        "table_name": delivery.table,
        "provider": delivery.provider,
        "rows_delivered": delivery.rows,
        "rows_to_keep": 0 if lost else delivery.rows - refused + corrected,
    }


def _deliveries(world: World, out: Path, day: Day, today: Ints) -> Iterator[Delivery]:
    """Every file of the day; truth that only exists while a feed is made is written on the way."""
    yield from _signaling(world, day)
    yield from _power(world, out, day)
    yield from _ticketing(world, out, day)
    yield from _merchant(world, out, day, today)
    yield from _vouchers(world, out, day.date)
    stock = supplies.stock_frame(world, day.date)
    truth.write_part(out, "site_demand_daily", day.date, supplies.demand_frame(stock))
    yield canonical("supplies", "stock_daily", stock, ("site_id", "product_code", "data_date"))
    cases = epidemic.cases_frame(world, day.date)
    yield canonical("epidemic", "cases_daily", cases, ("region_id", "data_date"))


def _signaling(world: World, day: Day) -> Iterator[Delivery]:
    for part, frame in enumerate(signaling.events_frames(world, day)):
        suffix = f"-part{part + 1}" if part else ""
        yield Delivery(
            "signaling", "events", "canonical", frame, f"events-{{date}}{suffix}.csv.gz",
            ("device_id", "event_at"),
        )  # fmt: skip


def _power(world: World, out: Path, day: Day) -> Iterator[Delivery]:
    energy = power.energy_frame(world, day)
    truth.write_part(out, "energy_daily", day.date, energy)
    grid = power.metered_by_grid(world)
    regions = power.enterprises_frame(world)["region_id"]
    yield canonical("power", "energy_daily", energy.filter(~grid), ("enterprise_id", "data_date"))
    if grid.any():
        yield grid_energy(energy.filter(grid), regions.filter(grid))


def _ticketing(world: World, out: Path, day: Day) -> Iterator[Delivery]:
    trips = ticketing.trips_frame(world, day)
    fellows = ticketing.fellow_travellers_frame(world, trips, day.date)
    truth.write_part(out, "fellow_travellers", day.date, fellows)
    yield canonical("ticketing", "trips", trips, ("ticket_id",))
    counts = ticketing.station_counts_frame(world, day)
    truth.write_part(out, "station_counts_daily", day.date, counts)
    yield canonical(
        "ticketing", "station_counts", counts, ("data_date", "mode", "line", "station_id")
    )


def _merchant(world: World, out: Path, day: Day, today: Ints) -> Iterator[Delivery]:
    listings = merchant.listings_frame(world, day.date)
    yield canonical("merchant", "listings", listings, ("listing_id", "captured_at"))
    sales, demand = merchant.sales_frame(world, day.date, truth.people_by_area(world, today))
    truth.write_part(out, "demand_daily", day.date, demand)
    yield canonical("merchant", "sales_daily", sales, ("shop_id", "product_id", "data_date"))
    footfall = merchant.footfall_frame(world, day)
    truth.write_part(out, "footfall_daily", day.date, footfall)
    mall = pl.Series(world.venues.mall)
    yield canonical("merchant", "footfall_daily", footfall.filter(~mall), ("venue_id", "data_date"))
    yield mall_footfall(footfall.filter(mall))


def _vouchers(world: World, out: Path, day: date) -> Iterator[Delivery]:
    frames = voucher.day_frames(world, day)
    truth.write_part(out, "voucher_daily", day, truth.voucher_day(frames, day))
    for table, frame in frames.items():
        yield canonical("voucher", table, frame, VOUCHER_KEYS[table])
    if day.weekday() == _SUNDAY:
        spend = voucher.spend_week_frame(world, day)
        if spend is not None:
            yield canonical("voucher", "spend_weekly", spend, ("user_id", "week_start_date"))


def _register(world: World) -> Delivery:
    """`signaling.cells` as the carriers hand it over."""
    frame = as_text(signaling.cells_frame(world))
    return Delivery("signaling", "cells", "canonical", frame, "cells.csv", ("cell_id",))


def _write_dimensions(world: World, register: Delivery, landing: Path, whole: DateWindow) -> None:
    """The undated tables; a file that would not change is left alone."""
    for path, frame in {
        "signaling/cells.csv": register.frame,
        "power/enterprises.csv": power.enterprises_frame(world),
        "voucher/campaigns.csv": voucher.campaigns_frame(world, (whole.start, whole.end)),
        "reference/regions.csv": truth.regions_frame(world),
    }.items():
        content = Delivery("", "", "canonical", frame, "", ()).content()
        target = landing / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.is_file() or target.read_bytes() != content:
            target.write_bytes(content)


def _write_whole_truth(world: World, out: Path, whole: DateWindow) -> None:
    tables = sorted(folder.name for folder in truth.parts_folder(out).iterdir())
    truth.consolidate(out, tables)
    statics = truth.static_tables(world, whole)
    energy = pl.read_parquet(out / "truth" / "energy_daily.parquet")
    statics["power_index_daily"] = truth.power_index(energy, statics["enterprises"])
    for table, frame in statics.items():
        frame.write_parquet(out / "truth" / f"{table}.parquet")
