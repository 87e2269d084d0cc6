"""What the dbt models call: a day is the same in every window and however devices are grouped."""

from __future__ import annotations

from datetime import date, timedelta

import duckdb
import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal

from pipelines.mobility import models, population, relations
from pipelines.mobility.anchors import anchor_days
from pipelines.mobility.cleaning import clean
from pipelines.mobility.coverage import missing_carriers
from pipelines.mobility.parameters import load_parameters
from pipelines.mobility.stays import segments
from tests.mobility.diaries import cell, cells_frame, diary, events_frame

PARAMETERS = load_parameters()
MONDAY = date(2019, 12, 2)
CELLS = cells_frame(cell("H", 0), cell("W", 8, "990102"), cell("V", 16, "990103"))
WORKING = "1:00 H 7:00 H 9:00 W 12:00 W 16:00 W 19:00 H 23:00 H"


def _relation(con: duckdb.DuckDBPyConnection, frame: pl.DataFrame) -> duckdb.DuckDBPyRelation:
    return con.from_arrow(frame.to_arrow())


def _frame(reader: pa.RecordBatchReader) -> pl.DataFrame:
    found = pl.from_arrow(reader.read_all())
    assert isinstance(found, pl.DataFrame)
    return found


def _days(count: int) -> list[date]:
    return [MONDAY + timedelta(days=n) for n in range(count)]


def _tracks(window: list[date]) -> pl.DataFrame:
    con = duckdb.connect()
    rows = [
        row
        for day in _days(4)
        for person in range(20)
        for row in diary(f"d{person:02d}", WORKING, day)
    ]
    rows += diary("d01", "3:00 nowhere", MONDAY + timedelta(days=1))
    events = events_frame(rows).with_columns(
        (pl.col("event_at") + pl.duration(hours=8)).dt.date().alias("data_date"),
        pl.col(pl.Categorical).cast(pl.String),
    )
    dates = pl.DataFrame({"data_date": window})
    return _frame(
        models.track_day(_relation(con, events), _relation(con, CELLS), _relation(con, dates))
    )


def test_a_day_of_tracks_is_the_same_in_every_window() -> None:
    whole = _tracks(_days(4)[1:])
    assert whole["data_date"].unique().sort().to_list() == _days(4)
    for day in _days(4)[1:]:
        alone = _tracks([day])
        pair = whole.filter(pl.col("data_date").is_between(day - timedelta(days=1), day))
        assert_frame_equal(alone, pair)


def test_groups_of_devices_change_no_row(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = _tracks(_days(2)[1:])
    monkeypatch.setattr(relations.device_groups, "__defaults__", (30,))
    grouped = _tracks(_days(2)[1:])
    keys = ["data_date", "device_id", "error_code", "first_event_at"]
    assert_frame_equal(whole.sort(keys), grouped.sort(keys))
    assert not whole["device_id"].equals(grouped["device_id"])  # there were groups


def test_refused_events_are_rows_of_their_device_and_code() -> None:
    refused = _tracks(_days(2)[1:]).filter(pl.col("error_code").is_not_null())
    columns = ["data_date", "device_id", "error_code", "event_count", "place_id"]
    assert refused.select(columns).rows() == [
        (MONDAY + timedelta(days=1), "d01", "unknown_cell", 1, None)
    ]


def test_nights_are_of_the_civil_date_and_work_keeps_every_long_place() -> None:
    plan = "1:00 H 7:00 H 9:00 W 11:30 W 13:00 V 16:30 V 19:00 H 23:00 H"
    accepted = clean(events_frame(diary("d", plan, MONDAY)), CELLS, PARAMETERS).accepted
    found = anchor_days(segments(accepted, PARAMETERS), PARAMETERS)
    monday = found.filter(pl.col("data_date") == MONDAY)
    held = {(r["period"], r["place_id"]): r["seconds"] for r in monday.to_dicts()}
    # 00:00-08:00 and 18:00-24:00, the evening's share beginning halfway between 16:30 and 19:00
    assert held[("night", "H")] == (8 + 6) * 3600
    assert set(held) == {("night", "H"), ("work", "W"), ("work", "V")}
    # halfway from 7:00 to 9:00, but working hours begin at 8; until halfway from 11:30 to 13:00
    assert held[("work", "W")] == 4 * 3600 + 15 * 60


def _weights(strata: list[tuple[str, str, int]]) -> pl.DataFrame:
    con = duckdb.connect()
    counted = pl.DataFrame(
        strata,
        schema={"home_region_id": pl.String, "carrier": pl.String, "device_count": pl.Int64},
        orient="row",
    ).with_columns(pl.lit(MONDAY).alias("data_date"))
    census = pl.DataFrame({"region_id": ["a", "b"], "population": [300.0, 100.0]})
    shares = pl.DataFrame({"carrier": ["cmcc", "unicom"], "share": [0.75, 0.25]})
    tables = (counted, census, shares, pl.DataFrame({"data_date": [MONDAY]}))
    return _frame(population.weight_day(*(_relation(con, table) for table in tables)))


def test_weights_meet_census_and_carriers() -> None:
    found = _weights([("a", "cmcc", 10), ("a", "unicom", 10), ("b", "cmcc", 5), ("b", "unicom", 5)])
    assert set(found["margins"]) == {population.RAKED}
    assert found["persons"].to_list() == pytest.approx([225, 75, 75, 25])


@pytest.mark.parametrize(
    "strata",
    [
        # the only carrier of a would have more customers than its share allows
        [("a", "unicom", 10), ("b", "cmcc", 5)],
        # nobody knows the share of this carrier
        [("a", "cmcc", 10), ("a", "roaming", 10), ("b", "cmcc", 5)],
    ],
)
def test_weights_follow_the_census_where_carriers_cannot_be_met(
    strata: list[tuple[str, str, int]],
) -> None:
    found = _weights(strata)
    assert set(found["margins"]) == {population.CENSUS_ONLY}
    persons = dict(found.group_by("home_region_id").agg(pl.col("persons").sum()).rows())
    assert persons == pytest.approx({"a": 300, "b": 100})
    # within a region every device counts alike
    assert found.group_by("home_region_id").agg(pl.col("weight").n_unique())["weight"].max() == 1


def test_no_device_with_a_home_gives_no_weights() -> None:
    assert _weights([]).is_empty()


def test_a_carrier_far_below_its_usual_devices_is_missing_and_a_festival_is_not() -> None:
    counts = {"cmcc": [50, 50, 50, 11], "telecom": [50, 50, 50, 9], "unicom": [50, 50, 50, 0]}
    rows = [
        {"data_date": day, "carrier": carrier, "device_id": f"{carrier}{n}"}
        for carrier, by_day in counts.items()
        for day, devices in zip(_days(4), by_day, strict=True)
        for n in range(devices)
    ]
    rows += [{"data_date": _days(4)[2], "carrier": "new", "device_id": "x"}]
    found = missing_carriers(pl.DataFrame(rows), _days(4)[3], PARAMETERS)
    # a fifth of 50 is 10; a carrier of one day has no usual
    assert found.rows() == [("telecom", 9), ("unicom", 0)]
