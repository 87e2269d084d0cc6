"""Real positions (GeoLife) through the same code: a grid square stands where a cell would."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import polars as pl
import pytest

from pipelines.mobility.anchors import anchor_days
from pipelines.mobility.cleaning import clean
from pipelines.mobility.flows import trips
from pipelines.mobility.homes import home_and_work
from pipelines.mobility.parameters import load_position_parameters
from pipelines.mobility.stays import segments, stays

POSITIONS = load_position_parameters()
PEOPLE = 20


@pytest.fixture(scope="module")
def geolife(shared_data: Path) -> pl.DataFrame:
    """The positions of the first people in the archive."""
    archive = shared_data / "signaling" / "geolife_2008-12.tar.gz"
    if not archive.is_file():
        pytest.skip("needs signaling/geolife_2008-12.tar.gz in the real data sets")
    names = [f"column_{n}" for n in range(1, 8)]
    parts, people = [], set()
    with tarfile.open(archive) as tar:
        for member in tar:
            if not member.name.endswith(".plt"):
                continue
            person = member.name.split("/")[-3]
            people.add(person)
            if len(people) > PEOPLE:
                break
            content = tar.extractfile(member)
            assert content is not None
            rows = pl.read_csv(
                io.BytesIO(content.read()), skip_rows=6, has_header=False, new_columns=names
            )
            at = pl.col("column_6") + " " + pl.col("column_7")
            parts.append(
                rows.select(
                    pl.lit(person).alias("device_id"),
                    at.str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us").alias("event_at"),
                    pl.col("column_1").cast(pl.Float64).alias("latitude"),
                    pl.col("column_2").cast(pl.Float64).alias("longitude"),
                )
            )
    return pl.concat(parts)


@pytest.fixture(scope="module")
def no_cells() -> pl.DataFrame:
    return pl.DataFrame(
        schema={
            "cell_id": pl.String,
            "latitude": pl.Float64,
            "longitude": pl.Float64,
            "region_id": pl.String,
            "valid_from_date": pl.Date,
            "valid_to_date": pl.Date,
        }
    )


def test_real_positions_give_stays_trips_and_homes(
    geolife: pl.DataFrame, no_cells: pl.DataFrame
) -> None:
    cleaned = clean(geolife, no_cells, POSITIONS)
    assert cleaned.counts["event_count"].sum() == len(geolife)
    assert len(cleaned.accepted) > 0.9 * len(geolife)
    found = segments(cleaned.accepted, POSITIONS)
    assert found["event_count"].sum() == len(cleaned.accepted)
    stayed = stays(found)
    assert len(stayed) > PEOPLE
    # Beijing: where most of the data set was recorded
    assert stayed["latitude"].median() == pytest.approx(40.0, abs=0.3)
    assert stayed["longitude"].median() == pytest.approx(116.3, abs=0.5)
    travelled = trips(stayed, POSITIONS)
    assert (travelled["distance_m"] > POSITIONS.stay_radius_m).all()
    dates = stayed["first_event_at"].dt.date().unique().sort()
    workdays = dates.filter(dates.dt.weekday() <= 5)
    anchors = home_and_work(anchor_days(found, POSITIONS), dates, workdays, POSITIONS)
    assert len(anchors) == found["device_id"].n_unique()
    assert anchors["home_place_id"].is_not_null().any()


def test_every_event_of_a_stay_is_within_its_radius_of_the_first(
    geolife: pl.DataFrame, no_cells: pl.DataFrame
) -> None:
    accepted = clean(geolife, no_cells, POSITIONS).accepted
    found = segments(accepted, POSITIONS).with_row_index("segment")
    joined = accepted.with_columns(pl.col("device_id").cast(pl.String)).join_asof(
        found.select("device_id", "first_event_at", "segment").sort("first_event_at"),
        left_on="event_at",
        right_on="first_event_at",
        by="device_id",
        check_sortedness=False,
    )
    assert joined["segment"].is_not_null().all()
    spread = joined.group_by("segment").agg(
        (pl.col("place_latitude") - pl.col("place_latitude").first()).abs().max().alias("degrees")
    )
    assert spread["degrees"].max() * 111_195 <= POSITIONS.stay_radius_m + 1  # type: ignore[operator]
