"""Bad signaling, planted in a small city, from the files to the marts: each kind of it has its code
and its count, and missing data are never read as missing people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest
import yaml

from pipelines.build import build
from pipelines.dates import DateWindow
from pipelines.ingest import ingest
from pipelines.mobility.parameters import load_parameters
from pipelines.outcomes import new_run_id
from pipelines.settings import Settings
from pipelines.simulator import simulate
from pipelines.simulator.faults import REGISTER_KINDS

pytestmark = pytest.mark.slow

WINDOW = DateWindow(date(2019, 12, 9), date(2019, 12, 18))
FUTURE, TWO_CARRIERS, BEFORE, OUTAGE, NEW_SALT, WRONG_REGISTER = (
    date(2019, 12, day) for day in (11, 12, 13, 16, 17, 18)
)
FAULTS = [
    {"kind": "new_salt", "value": "unicom", "from_date": NEW_SALT},
    {"kind": "second_carrier", "rate": 0.1, "from_date": TWO_CARRIERS, "to_date": TWO_CARRIERS},
    {"kind": "clock_skew", "column": "event_at", "days": 9, "rate": 0.01,
     "from_date": FUTURE, "to_date": FUTURE},
    {"kind": "cells_down", "rate": 0.5, "from_date": OUTAGE, "to_date": OUTAGE},
    {"kind": "cell_without_position", "rate": 0.05, "from_date": WRONG_REGISTER},
    {"kind": "moving_cell", "rate": 0.05, "from_date": WRONG_REGISTER},
]  # fmt: skip
# the number of people in a region at an hour of a working day against the same hour of another
SAME_SHARE = 0.8


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("city")
    faults = out / "faults.yaml"
    listed = [
        {"table": f"signaling.{'cells' if fault['kind'] in REGISTER_KINDS else 'events'}", **fault}
        for fault in FAULTS
    ]
    faults.write_text(yaml.safe_dump({"faults": listed}))
    return simulate(out, WINDOW, people=1000, seed=21, faults=faults)


@pytest.fixture(scope="module")
def marts(
    tmp_path_factory: pytest.TempPathFactory, city: Path
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The marts built of the city's signaling and register of regions."""
    home = tmp_path_factory.mktemp("lake")
    settings = Settings(home=home, key_file=home / "keys" / "pseudonym.key", threads=2)
    for feed in ("signaling", "reference"):
        ingest(settings, feed, landing=city / "landing", run_id=new_run_id())
    candidate = build(settings, WINDOW, run_id=new_run_id())
    with duckdb.connect(str(candidate.database), read_only=True) as con:
        con.execute("USE marts")
        yield con


@pytest.fixture(scope="module")
def log(city: Path) -> pl.DataFrame:
    return pl.read_parquet(city / "truth" / "faults.parquet")


def counted(marts: duckdb.DuckDBPyConnection, step: str, code: str) -> dict[date, tuple[int, int]]:
    """Events and devices of a code in the mart of quality, by date."""
    rows = marts.execute(
        "SELECT data_date, event_count, device_count FROM signaling_quality_daily "
        "WHERE step = ? AND error_code = ? ORDER BY data_date",
        [step, code],
    ).fetchall()
    return {day: (events, devices) for day, events, devices in rows}


def published(marts: duckdb.DuckDBPyConnection, count: int) -> int:
    """A count as marts say it: a multiple of the base, halves upwards (docs/disclosure.md)."""
    row = marts.execute(
        "SELECT parameter_value::BIGINT FROM seeds.parameters "
        "WHERE parameter_name = 'published_count_base'"
    ).fetchone()
    assert row is not None
    base: int = row[0]
    return (2 * count + base) // (2 * base) * base


def landed(city: Path, day: date) -> pl.DataFrame:
    """The events of a day as the carrier sent them."""
    path = city / "landing" / "signaling" / f"events-{day}.csv.gz"
    return pl.read_csv(path, infer_schema=False)


def at_wrong_cells(city: Path, log: pl.DataFrame, kind: str) -> pl.DataFrame:
    """The events of the last day at the cells of which the register is wrong."""
    detail = log.filter(pl.col("kind") == kind)["detail"][0]
    cells = detail.split(": ")[1].split(", ")
    return landed(city, WRONG_REGISTER).filter(pl.col("cell_id").is_in(cells))


def test_a_device_on_two_carriers_keeps_the_one_that_saw_more_of_it(
    marts: duckdb.DuckDBPyConnection, log: pl.DataFrame
) -> None:
    planted = log.filter(pl.col("kind") == "second_carrier")["row_count"].to_list()
    assert planted[0] > 50
    # one event of each
    each = published(marts, planted[0])
    assert counted(marts, "cleaning", "second_carrier") == {TWO_CARRIERS: (each, each)}


def test_events_from_the_future_are_refused_and_counted_on_the_day_they_came(
    marts: duckdb.DuckDBPyConnection, log: pl.DataFrame
) -> None:
    planted = log.filter(pl.col("code") == "future_date")
    devices = planted["key"].str.json_path_match("$.device_id").n_unique()
    expected = {FUTURE: (published(marts, planted.height), published(marts, devices))}
    assert counted(marts, "ingest", "future_date") == expected


@pytest.mark.parametrize("kind", ["cell_without_position", "moving_cell"])
def test_events_at_cells_of_a_wrong_register_are_refused_and_counted(
    marts: duckdb.DuckDBPyConnection, city: Path, log: pl.DataFrame, kind: str
) -> None:
    events = at_wrong_cells(city, log, kind)
    assert events.height > 100
    devices = events["device_id"].n_unique()
    expected = {WRONG_REGISTER: (published(marts, events.height), published(marts, devices))}
    assert counted(marts, "cleaning", kind) == expected


def test_a_new_salt_is_seen_on_its_first_day_only(
    marts: duckdb.DuckDBPyConnection, city: Path
) -> None:
    found = counted(marts, "carrier", "identifiers_changed")
    renamed = landed(city, NEW_SALT).filter(carrier="unicom")["device_id"].n_unique()
    assert found == {NEW_SALT: (None, published(marts, renamed))}


def present(marts: duckdb.DuckDBPyConnection, day: date) -> pl.DataFrame:
    return marts.execute(
        "SELECT region_id, hour, device_count, persons, coverage_share, missing_reason "
        "FROM present_population_hourly WHERE data_date = ? AND value_date = ? ORDER BY ALL",
        [day, day],
    ).pl()


def test_half_the_cells_down_is_missing_and_not_half_the_people_gone(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    down, before = present(marts, OUTAGE), present(marts, BEFORE)
    told = down.filter(pl.col("missing_reason") == "not_collected")
    covered = down.filter(pl.col("coverage_share").is_not_null())
    # a region may keep its cells by chance; most lose half of them
    assert told.height > 0.9 * covered.height > 0.7 * down.height
    assert told["device_count"].null_count() == told["persons"].null_count() == told.height
    assert told["coverage_share"].max() < load_parameters().coverage_min_share  # type: ignore[operator]
    both = down.join(before, on=["region_id", "hour"], suffix="_before").filter(
        pl.col("device_count").is_not_null(), pl.col("device_count_before").is_not_null()
    )
    fell = both.filter(pl.col("device_count") < SAME_SHARE * pl.col("device_count_before"))
    assert fell.is_empty(), f"{fell.height} of {both.height} published counts fell"


def test_days_with_all_cells_are_published(marts: duckdb.DuckDBPyConnection) -> None:
    for day in (BEFORE, NEW_SALT):
        found = present(marts, day)
        # a cell that usually has 5 events has none in one hour of 150 (Poisson): where a region has
        # two such cells at night, chance alone is taken for an outage now and then
        wrongly = found.filter(pl.col("missing_reason") == "not_collected")
        assert wrongly.height < 0.02 * found.height
        assert wrongly.filter(pl.col("hour").is_between(8, 20)).is_empty()
        assert found["device_count"].is_not_null().sum() > 100
