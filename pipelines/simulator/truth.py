"""What the simulator knows and the pipeline must find: written beside the drop as Parquet.

Daily tables are kept a file a day under `truth/parts/<table>/` and joined into
`truth/<table>.parquet` after each run, so a city simulated in pieces ends with the same truth as
one simulated in one go.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from pipelines.dates import DateWindow
from pipelines.errors import CityPulseError
from pipelines.simulator import merchant, voucher
from pipelines.simulator.clock import lunar_new_year, season_year
from pipelines.simulator.config import Place
from pipelines.simulator.epidemic import cases_of
from pipelines.simulator.movement import DAY_S, HOUR_S, Day
from pipelines.simulator.population import NONE, Ints, World
from pipelines.simulator.season import season_of

# domain.md section 1: resumed above 30 % of the December mean, both rates with equal weight [src]
RESUMPTION_THRESHOLD_SHARE = 0.30
WEIGHT_RESUMPTION = 0.5
DECEMBER = 12
# shorter than this nobody has stayed anywhere (Eurostat multimno, domain.md section 3)
STAY_MIN_S = 900


_VOUCHER_DAY = pl.DataFrame(
    schema={
        "campaign_id": pl.String,
        "issued": pl.UInt32,
        "redeemed": pl.UInt32,
        "subsidy_cny": pl.Float64,
        "order_cny": pl.Float64,
    }
)


class TruthMismatch(CityPulseError):
    """The folder holds another city."""


def parts_folder(out: Path) -> Path:
    """Where daily truth is kept a file a day."""
    return out / "truth" / "parts"


def write_part(out: Path, table: str, day: date, frame: pl.DataFrame) -> None:
    """One day's rows of a daily truth table."""
    folder = parts_folder(out) / table
    folder.mkdir(parents=True, exist_ok=True)
    frame.write_parquet(folder / f"{day}.parquet")


def read_manifest(out: Path) -> dict[str, object] | None:
    """The manifest of what was simulated into `out` so far, or None."""
    path = out / "truth" / "manifest.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def extend_manifest(out: Path, window: DateWindow, arguments: dict[str, object]) -> DateWindow:
    """Record the arguments; return the window of all runs into `out` so far.

    Raises `TruthMismatch` when `out` was simulated with other arguments.
    """
    known = read_manifest(out)
    whole = window
    if known is not None:
        different = [name for name, value in arguments.items() if known[name] != value]
        if different:
            raise TruthMismatch(
                f"{out} holds a city simulated with another {' and '.join(different)} "
                f"({', '.join(f'{n}={known[n]}' for n in different)}): choose another --out."
            )
        start = min(window.start, date.fromisoformat(str(known["start"])))
        whole = DateWindow(start, max(window.end, date.fromisoformat(str(known["end"]))))
    (out / "truth").mkdir(parents=True, exist_ok=True)
    manifest = {**arguments, "start": str(whole.start), "end": str(whole.end)}
    text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
    (out / "truth" / "manifest.json").write_text(text, encoding="utf-8")
    return whole


def origin_destination(world: World, day: date, before: Ints, after: Ints) -> pl.DataFrame:
    """People and devices by (main area of the day before, main area of `day`), stays included."""
    size = len(world.areas)
    seen = (before != NONE) & (after != NONE)
    pair = before * size + after
    people = np.bincount(pair[seen], minlength=size * size)
    owner = world.devices.person
    devices = np.bincount(pair[owner][seen[owner]], minlength=size * size)
    found = np.flatnonzero(people)
    return pl.DataFrame(
        {
            "data_date": pl.Series([day], dtype=pl.Date).new_from_index(0, len(found)),
            "from_region_id": world.areas.region_id[found // size],
            "to_region_id": world.areas.region_id[found % size],
            "people": people[found],
            "devices": devices[found],
        }
    )


def trips(world: World, day: Day) -> pl.DataFrame:
    """Trips between areas and the devices that make them: from a stay to the next one elsewhere.

    Both on the day; nobody in this city travels over midnight.
    """
    owner, area = world.devices.person, world.area_of_cell(day.place)
    begin = np.concatenate([np.zeros((len(area), 1), dtype=np.int64), day.until], axis=1)
    end = np.concatenate([day.until, np.full((len(area), 1), DAY_S)], axis=1)
    stays = (area != NONE) & (end - begin >= STAY_MIN_S)
    last, moves = np.full(len(area), NONE), []
    for segment in range(area.shape[1]):
        here = np.where(stays[:, segment], area[:, segment], last)
        moved = np.flatnonzero(((last != NONE) & (here != last))[owner])
        places = (world.areas.region_id[each[owner[moved]]] for each in (last, here))
        columns = dict(zip(("from_region_id", "to_region_id"), places, strict=True))
        moves.append(pl.DataFrame({"device": moved, **columns}))
        last = here
    return (
        pl.concat(moves, how="vertical_relaxed")
        .group_by("from_region_id", "to_region_id")
        .agg(pl.len().alias("trips"), pl.col("device").n_unique().alias("devices"))
        .sort("from_region_id", "to_region_id")
        .select(pl.lit(day.date).alias("data_date"), pl.all())
    )


def main_regions(world: World, day: date, area: Ints) -> pl.DataFrame:
    """Main region of every device on the day (null: nowhere in coverage)."""
    owner = world.devices.person
    region = pl.Series(world.areas.region_id[area[owner]]).set(pl.Series(area[owner] == NONE), None)
    return pl.DataFrame({"device_id": world.devices.device_id, "region_id": region}).select(
        pl.lit(day).alias("data_date"), pl.all()
    )


def present_population(world: World, day: Day) -> pl.DataFrame:
    """People and devices in each region in the middle of each hour."""
    rows, owner = [], world.devices.person
    for hour in range(24):
        area = world.area_of_cell(day.place_at(hour * HOUR_S + HOUR_S // 2))
        people = np.bincount(area[area >= 0], minlength=len(world.areas))
        seen = area[owner]
        devices = np.bincount(seen[seen >= 0], minlength=len(world.areas))
        rows.append(
            pl.DataFrame(
                {
                    "hour": pl.Series([hour]).new_from_index(0, len(people)),
                    "region_id": world.areas.region_id,
                    "people": people,
                    "devices": devices,
                }
            )
        )
    return pl.concat(rows).select(pl.lit(day.date).alias("data_date"), pl.all())


def mobility(world: World, day: Day) -> pl.DataFrame:
    """People at their workplace and residents present, by region of work and of home."""
    areas = world.areas.districts
    at_work = world.enterprises.area[world.people.enterprise[day.at_work]]
    return pl.DataFrame(
        {
            "region_id": world.areas.region_id[:areas],
            "people_at_work": np.bincount(at_work, minlength=areas),
            "residents_present": np.bincount(world.home_area[day.present], minlength=areas),
        }
    ).select(pl.lit(day.date).alias("data_date"), pl.all())


def voucher_day(frames: dict[str, pl.DataFrame], day: date) -> pl.DataFrame:
    """Issued and redeemed vouchers, order and subsidy sums of the day by campaign."""
    issues, redemptions = frames.get("issues"), frames.get("redemptions")
    parts = [_VOUCHER_DAY]
    if issues is not None:
        parts.append(issues.group_by("campaign_id").agg(pl.len().alias("issued")))
    if redemptions is not None:
        sums = [pl.col("subsidy_cny").sum(), pl.col("order_cny").sum()]
        parts.append(redemptions.group_by("campaign_id").agg(pl.len().alias("redeemed"), *sums))
    return (
        pl.concat(parts, how="diagonal_relaxed")
        .group_by("campaign_id")
        .agg(pl.all().sum())
        .with_columns(pl.col("subsidy_cny", "order_cny").round(2))
        .sort("campaign_id")
        .select(pl.lit(day).alias("data_date"), *_VOUCHER_DAY.columns)
    )


def people_by_area(world: World, area: Ints) -> Ints:
    """People whose main area is each area."""
    return np.bincount(area[area >= 0], minlength=len(world.areas))


def regions_frame(world: World) -> pl.DataFrame:
    """`reference.regions`: province, its cities, the districts; population = who lives there."""
    config = world.config
    dwellers = np.bincount(world.home_area, minlength=len(world.areas)).tolist()
    districts, neighbours = dwellers[: world.areas.districts], dwellers[world.areas.districts :]
    province, city = config.province.region_id, config.city.region_id
    rows: list[tuple[Place, str, str | None, int]] = [
        (config.province, "province", None, sum(dwellers)),
        (config.city, "city", province, sum(districts)),
        *(
            (place, "district", city, count)
            for place, count in zip(config.districts, districts, strict=True)
        ),
        *(
            (place, "city", province, count)
            for place, count in zip(config.neighbours, neighbours, strict=True)
        ),
    ]
    return pl.DataFrame(
        {
            "region_id": [place.region_id for place, *_ in rows],
            "name_zh": [place.name_zh for place, *_ in rows],
            "name_en": [place.name_en for place, *_ in rows],
            "level": [level for _, level, *_ in rows],
            "parent_id": [parent for *_, parent, _ in rows],
            "population": [count for *_, count in rows],
        }
    )


def static_tables(world: World, whole: DateWindow) -> dict[str, pl.DataFrame]:
    """Truth that does not change from day to day; seasons are those of the whole window."""
    days = (whole.start, whole.end)
    return {
        "people": _people(world),
        "enterprises": _enterprises(world),
        "gougers": merchant.gougers_frame(world),
        "voucher_effect": voucher.effect_frame(world, days),
        "campaigns": voucher.campaigns_frame(world, days),
        "fraud_users": voucher.fraud_frame(world, days),
        "infected": _infected(world),
        "resume_dates": pl.concat(
            _resume_dates(world, year)
            for year in range(season_year(whole.start), season_year(whole.end) + 1)
        ),
    }


def _regions_of(world: World, area: Ints) -> pl.Series:
    return pl.Series(world.areas.region_id[area]).set(pl.Series(area < 0), None)


def _people(world: World) -> pl.DataFrame:
    """A row a device: its owner, home, work and hometown."""
    people, firms, owner = world.people, world.enterprises, world.devices.person
    firm = people.enterprise[owner]
    works = pl.Series(firm >= 0)
    cell_id = world.cells.cell_id
    return pl.DataFrame(
        {
            "device_id": world.devices.device_id,
            "person_id": people.person_id[owner],
            "carrier": world.devices.carrier,
            "is_resident": owner < people.residents,
            "home_region_id": world.areas.region_id[world.home_area[owner]],
            "home_cell_id": cell_id[people.home_cell[owner]],
            "work_region_id": _regions_of(world, np.where(firm >= 0, firms.area[firm], NONE)),
            "work_cell_id": pl.Series(cell_id[firms.cell[firm]]).set(~works, None),
            "enterprise_id": pl.Series(firms.enterprise_id[firm]).set(~works, None),
            "hometown_region_id": _regions_of(
                world, world.area_of_cell(people.hometown_cell[owner])
            ),
        }
    )


def _enterprises(world: World) -> pl.DataFrame:
    firms = world.enterprises
    return pl.DataFrame(
        {
            "enterprise_id": firms.enterprise_id,
            "region_id": world.areas.region_id[firms.area],
            "industry_code": world.industry_codes[firms.industry],
            "workday_kwh": firms.baseline_kwh,
            "is_essential": firms.essential,
        }
    )


def _resume_dates(world: World, year: int) -> pl.DataFrame:
    season, firms = season_of(world, lunar_new_year(year)), world.enterprises
    closes = season.close < season.resume
    return pl.DataFrame(
        {
            "lunar_year": pl.Series([year]).new_from_index(0, len(closes)),
            "enterprise_id": firms.enterprise_id,
            "close_date": [date.fromordinal(n) for n in season.close.tolist()],
            "resume_date": [date.fromordinal(n) for n in season.resume.tolist()],
        }
    ).filter(pl.Series(closes))


def _infected(world: World) -> pl.DataFrame:
    cases, never = cases_of(world), date.max.toordinal()

    def dates(ordinals: Ints) -> list[date | None]:
        return [None if n == never else date.fromordinal(n) for n in ordinals.tolist()]

    return pl.DataFrame(
        {
            "person_id": world.people.person_id[cases.person],
            "region_id": world.areas.region_id[cases.area],
            "infected_date": dates(cases.infected),
            "confirmed_date": dates(cases.confirmed),
            "cured_date": dates(cases.cured),
            "dead_date": dates(cases.dead),
        }
    )


def consolidate(out: Path, tables: Iterable[str]) -> None:
    """Join the daily parts of every table, oldest first."""
    for table in tables:
        parts = sorted((parts_folder(out) / table).glob("*.parquet"))
        if parts:
            frames = pl.concat([pl.scan_parquet(part) for part in parts])
            frames.collect().write_parquet(out / "truth" / f"{table}.parquet")


def power_index(energy: pl.DataFrame, enterprises: pl.DataFrame) -> pl.DataFrame:
    """The true index by day for the city (`all`), its districts, industries and their cells.

    `energy`: every enterprise's true kWh a day (enterprise_id, data_date, energy_kwh).
    b = mean over the December days of the previous year that were simulated; RW = share with
    kWh > 0.30 b, RP = sum kWh / sum b, index = 0.5 RW + 0.5 RP, in per cent. Days whose previous
    December was not simulated have no row.
    """
    year = pl.col("data_date").dt.year()
    baseline = (
        energy.filter(pl.col("data_date").dt.month() == DECEMBER)
        .group_by("enterprise_id", (year + 1).alias("year"))
        .agg(pl.col("energy_kwh").mean().alias("baseline_kwh"))
    )
    rows = (
        energy.with_columns(year.alias("year"))
        .join(baseline, on=["enterprise_id", "year"])
        .join(enterprises.select("enterprise_id", "region_id", "industry_code"), on="enterprise_id")
        .with_columns(
            (pl.col("energy_kwh") > RESUMPTION_THRESHOLD_SHARE * pl.col("baseline_kwh")).alias("up")
        )
    )
    everything = pl.lit("all")
    levels = [
        (everything, everything),
        (pl.col("region_id"), everything),
        (everything, pl.col("industry_code")),
        (pl.col("region_id"), pl.col("industry_code")),
    ]
    resumption = 100 * pl.col("up").sum() / pl.len()
    recovery = 100 * pl.col("energy_kwh").sum() / pl.col("baseline_kwh").sum()
    parts = [
        rows.group_by("data_date", region.alias("region_id"), industry.alias("industry_code")).agg(
            pl.len().alias("enterprise_count"),
            resumption.alias("resumption_rate_pct"),
            recovery.alias("recovery_rate_pct"),
            (WEIGHT_RESUMPTION * resumption + (1 - WEIGHT_RESUMPTION) * recovery).alias(
                "index_value"
            ),
        )
        for region, industry in levels
    ]
    return pl.concat(parts).sort("data_date", "region_id", "industry_code")
