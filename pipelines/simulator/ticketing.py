"""Tickets of journeys between cities, metro counts by station, and who shared a carriage."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from pipelines.simulator.epidemic import infectious
from pipelines.simulator.movement import DAY_S, Day
from pipelines.simulator.population import Bools, Ints, World
from pipelines.simulator.rng import pick, spread, stream

SEATS_PER_CARRIAGE = 80
SEAT_LETTERS = np.array(list("ABCDF"))
FARE_CNY_PER_HOUR = {"rail": 62, "coach": 34, "flight": 260}
# who counts as a fellow traveller, written apart from the rules that are scored against it
_FELLOW_ROWS = 3
_FELLOW_BAYS = 1


def _modes(world: World, day: Day, rng: np.random.Generator) -> np.ndarray:
    """Mode of each journey; 'car' buys no ticket."""
    shares = world.config.ticketing.mode_shares
    mode = np.array(list(shares))[pick(rng, list(shares.values()), len(day.journeys.person))]
    flies = np.array([neighbour.flight for neighbour in world.config.neighbours])
    return np.where(flies[day.journeys.neighbour] & (mode == "rail"), "flight", mode)


def _instants(day: date, second: Ints) -> pl.Series:
    """ISO 8601 local text of seconds after midnight (past midnight: the next day)."""
    start = np.datetime64(day.isoformat())
    return pl.Series((start + second.astype("timedelta64[s]")).astype(str)) + "+08:00"


def trips_frame(world: World, day: Day) -> pl.DataFrame:
    """`ticketing.trips` of the service date.

    A line has five stops: the city's main and east stations, one between, the other city's main
    station, and one beyond it.
    """
    rng = stream(world.seed, "ticketing", day.date)
    mode = _modes(world, day, rng)
    kept = np.flatnonzero(mode != "car")
    journeys, mode = day.journeys, mode[kept]
    neighbour, outbound = journeys.neighbour[kept], journeys.outbound[kept]
    depart, arrive = journeys.depart_s[kept], journeys.arrive_s[kept]
    count = len(kept)

    first = np.where(rng.random(count) < 0.75, 1, 2)
    last = np.where(rng.random(count) < 0.85, 4, 5)
    stops = np.array(
        [
            [world.config.city.name_zh[:2] + "站", world.config.city.name_zh[:2] + "东站",
             each.name_zh[:2] + "西站", each.name_zh[:2] + "站", each.name_zh[:2] + "北站"]
            for each in world.config.neighbours
        ]
    )  # fmt: skip
    # the way back counts its stops from the other end
    from_seq, to_seq = np.where(outbound, first, 6 - last), np.where(outbound, last, 6 - first)
    from_stop = np.where(outbound, first, last) - 1
    to_stop = np.where(outbound, last, first) - 1

    service = _service_numbers(mode, neighbour, outbound, depart)
    carriage, seat = _seats(service)
    sealed_line = stream(world.seed, "sealed lines").random((len(world.config.neighbours), 24)) < (
        world.config.ticketing.sealed_train_share
    )
    sealed = (mode == "flight") | ((mode == "rail") & sealed_line[neighbour, depart // 3600])
    per_hour = np.array([FARE_CNY_PER_HOUR[each] for each in mode], dtype=np.float64)
    code = f"T{day.date:%Y%m%d}"
    return pl.DataFrame(
        {
            "ticket_id": np.array([f"{code}{n:06d}" for n in range(1, count + 1)], dtype=str),
            "passenger_id": world.people.person_id[journeys.person[kept]],
            "mode": mode,
            "service_no": service,
            "service_date": pl.Series([day.date], dtype=pl.Date).new_from_index(0, count),
            "carriage": carriage,
            "seat": seat,
            "sealed": sealed,
            "from_station": stops[neighbour, from_stop],
            "to_station": stops[neighbour, to_stop],
            "from_seq": from_seq,
            "to_seq": to_seq,
            "depart_at": _instants(day.date, depart),
            "arrive_at": _instants(day.date, arrive),
            "fare_cny": np.round(per_hour * (arrive - depart) / 3600, 1),
        }
    )


def _service_numbers(
    mode: np.ndarray, neighbour: Ints, outbound: Bools, depart: Ints
) -> np.ndarray:
    """One service a mode, line, direction and departure hour, e.g. G2071: odd outbound."""
    letter = {"rail": "G", "flight": "LJ", "coach": "K"}
    number = 1000 * (neighbour + 1) + 2 * (depart // 3600) + outbound
    return np.array([letter[m] + str(n) for m, n in zip(mode, number, strict=True)], dtype=str)


def _seats(service: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(carriage, seat) in order of booking: a carriage fills before the next opens."""
    count = len(service)
    order = np.argsort(service, kind="stable")
    ordered = service[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])[:count])
    lengths = np.diff(np.append(starts, count))
    rank = np.empty(count, dtype=np.int64)
    rank[order] = np.arange(count) - np.repeat(starts, lengths)
    row, letter = np.divmod(rank % SEATS_PER_CARRIAGE, len(SEAT_LETTERS))
    seat = np.char.add((row + 1).astype(str), SEAT_LETTERS[letter])
    return rank // SEATS_PER_CARRIAGE + 1, seat


def station_counts_frame(world: World, day: Day) -> pl.DataFrame:
    """`ticketing.station_counts` of the metro: rides between the places people really were."""
    rng = stream(world.seed, "metro", day.date)
    stations, station_of_cell = _metro(world)
    boardings = np.zeros(len(stations), dtype=np.int64)
    alightings = np.zeros(len(stations), dtype=np.int64)
    start, end = world.config.epidemic.metro_suspended
    running = not start <= day.date <= end
    for segment in range(day.place.shape[1] - 1):
        before, after = day.place[:, segment], day.place[:, segment + 1]
        area_before, area_after = world.area_of_cell(before), world.area_of_cell(after)
        in_city = (area_before >= 0) & (area_after >= 0)
        in_city &= (area_before < world.areas.districts) & (area_after < world.areas.districts)
        rides = running & in_city & (before != after) & world.people.metro_user
        rides &= (rng.random(len(before)) < 0.9) & (day.until[:, segment] < DAY_S)
        boardings += np.bincount(station_of_cell[before[rides]], minlength=len(stations))
        alightings += np.bincount(station_of_cell[after[rides]], minlength=len(stations))
    return stations.select(
        pl.lit(day.date).alias("data_date"),
        pl.lit("metro").alias("mode"),
        "line",
        "station_id",
        "station",
        pl.Series("boardings", boardings),
        pl.Series("alightings", alightings),
    )


def _metro(world: World) -> tuple[pl.DataFrame, Ints]:
    """The stations, each at a cell of some district, and the station nearest to each cell."""
    rng = stream(world.seed, "metro")
    lines = [
        line for line, stops in world.config.ticketing.metro_lines.items() for _ in range(stops)
    ]
    area = spread(rng, len(lines), [district.people_share for district in world.config.districts])
    names = [f"{world.config.districts[a].name_zh[:2]}{n}站" for n, a in enumerate(area, 1)]
    stations = pl.DataFrame(
        {"line": lines, "station_id": [f"M{n:03d}" for n in range(1, len(lines) + 1)],
         "station": names}
    )  # fmt: skip
    cells, spread_degrees = world.cells, world.config.cells.spread_degrees
    latitude = world.areas.latitude[area] + rng.normal(0, spread_degrees, len(area))
    longitude = world.areas.longitude[area] + rng.normal(0, spread_degrees, len(area))
    distance = np.hypot(cells.latitude[:, None] - latitude, cells.longitude[:, None] - longitude)
    return stations, np.argmin(distance, axis=1)


def fellow_travellers_frame(world: World, trips: pl.DataFrame, day: date) -> pl.DataFrame:
    """Truth: `fellows_of` everybody whose contacts on `day` are traced (`epidemic.infectious`)."""
    return fellows_of(trips, world.people.person_id[infectious(world, day)])


def fellows_of(trips: pl.DataFrame, passengers: np.ndarray) -> pl.DataFrame:
    """The fellow travellers of these passengers by the rules of 2020 (domain reference 4).

    Same service, date and carriage with overlapping stops, and: on a flight or a ventilated coach
    at most three rows apart; in a sealed train anywhere in the carriage; in an unsealed one in the
    same or an adjacent bay of two rows. One row an (index passenger, contact passenger, service).
    """
    where = ["mode", "service_no", "service_date", "carriage"]
    row = pl.col("seat").str.extract(r"^(\d+)").cast(pl.Int64)
    seated = trips.select(
        "passenger_id", *where, "sealed", "from_seq", "to_seq", row.alias("row"),
        ((row + 1) // 2).alias("bay"),
    )  # fmt: skip
    index = pl.Series(passengers, dtype=pl.String).implode()
    pairs = seated.filter(pl.col("passenger_id").is_in(index)).join(
        seated, on=where, suffix="_contact"
    )
    rail = pl.col("mode") == "rail"
    near_row = (pl.col("row") - pl.col("row_contact")).abs() <= _FELLOW_ROWS
    near_bay = (pl.col("bay") - pl.col("bay_contact")).abs() <= _FELLOW_BAYS
    near = pl.when(~rail).then(near_row).when("sealed").then(statement=True).otherwise(near_bay)
    return (
        pairs.filter(
            pl.col("passenger_id") != pl.col("passenger_id_contact"),
            pl.max_horizontal("from_seq", "from_seq_contact")
            < pl.min_horizontal("to_seq", "to_seq_contact"),
            near,
        )
        .select("passenger_id", "passenger_id_contact", *where, "sealed")
        .sort("passenger_id", "passenger_id_contact", "service_no")
    )
