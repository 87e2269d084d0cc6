"""Thousands of rides of a city of 20,000: the rules agree with the truth, written apart."""

from __future__ import annotations

from datetime import date

import polars as pl

from pipelines.dates import DateWindow
from pipelines.investigate.fellow_travellers import fellow_travellers
from pipelines.investigate.rules import load_rules
from pipelines.simulator.movement import simulate_day
from pipelines.simulator.population import World, build_world
from pipelines.simulator.ticketing import fellows_of, trips_frame

WINDOW = DateWindow(date(2020, 1, 13), date(2020, 1, 16))
PAIR = ["passenger_id", "contact_passenger_id", "mode", "service_no", "service_date"]


def tickets(world: World) -> pl.DataFrame:
    """The window's tickets as the simulator has them."""
    return pl.concat(trips_frame(world, simulate_day(world, day)) for day in WINDOW)


def as_bronze(trips: pl.DataFrame) -> pl.DataFrame:
    instants = pl.col("depart_at", "arrive_at").str.to_datetime(time_zone="UTC")
    return trips.with_columns(
        instants.dt.replace_time_zone(None), pl.col("carriage").cast(pl.String)
    )


def test_the_rules_agree_with_the_planted_truth() -> None:
    world = build_world(20_000, seed=3)
    trips = tickets(world)
    index = world.people.person_id[::7]
    planted = fellows_of(trips, index).rename({"passenger_id_contact": "contact_passenger_id"})
    everybody = pl.DataFrame({"passenger_id": index}).with_columns(
        pl.lit(WINDOW.start).alias("first_date"), pl.lit(WINDOW.end).alias("last_date")
    )
    found = fellow_travellers(as_bronze(trips), everybody, load_rules().fellow_travellers)
    true = planted.select(PAIR).unique()
    assert true.height > 1000
    assert set(true["mode"]) == {"rail", "coach", "flight"}
    assert set(planted.filter(pl.col("mode") == "rail")["sealed"]) == {True, False}
    assert found.select(PAIR).sort(PAIR).equals(true.sort(PAIR))
    assert set(found["basis"]) == {"rule"}
