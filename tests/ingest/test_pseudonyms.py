"""Pseudonyms: right, stable, apart by column; a key nobody else reads; no raw value in the lake."""

from __future__ import annotations

import hmac
import stat
from pathlib import Path

import polars as pl
import pytest

from pipelines.errors import SettingsError
from pipelines.ingest import pseudonymise, quarantined_files, quarantined_rows
from pipelines.ingest.pseudonyms import Pseudonyms, master_key
from pipelines.lake import connect
from pipelines.settings import Settings
from tests.ingest.conftest import City

RAW = ["13912345678", "13687654321", "15011112222"]
EVENTS = (
    "device_id,event_at,cell_id,latitude\n"
    f"{RAW[0]},2020-02-10 08:00:00,c1,\n"
    f"{RAW[1]},2020-02-10 09:00:00,c2,\n"
    f"{RAW[1]},2020-02-10 09:00:00,c2,\n"
    f"{RAW[2]},2020-02-10 09:00:00,,99\n"  # impossible latitude
    f"{RAW[2]},not a time,c1,\n"
    f"{RAW[2]},2020-02-10 09:00:00\n"  # malformed
)


def test_a_pseudonym_is_hmac_sha256_of_the_value() -> None:
    key = b"0123456789abcdef0123456789abcdef"
    expected = hmac.new(key, "张三13912345678".encode(), "sha256").hexdigest()[:32]
    assert Pseudonyms(key).of("张三13912345678") == expected


def test_null_stays_null_and_values_keep_their_places() -> None:
    made_by = Pseudonyms(b"k" * 32)
    series = made_by.series(pl.Series("device_id", ["a", None, "b", "a"]))
    assert series.to_list() == [made_by.of("a"), None, made_by.of("b"), made_by.of("a")]


def test_columns_and_feeds_cannot_be_joined(settings: Settings) -> None:
    made = {
        pseudonymise(settings, feed, column, ["13912345678"])[0]
        for feed, column in (
            ("voucher", "user_id"),
            ("voucher", "device_id"),
            ("signaling", "device_id"),
        )
    }
    assert len(made) == 3
    again = pseudonymise(settings, "voucher", "user_id", ["13912345678"])[0]
    assert again in made


def test_the_key_is_made_once_for_its_owner_alone(settings: Settings) -> None:
    key = master_key(settings)
    path = settings.path(settings.key_file)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert master_key(settings) == key
    assert [p.name for p in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_others_can_read_is_refused(settings: Settings, mode: int) -> None:
    master_key(settings)
    settings.path(settings.key_file).chmod(mode)
    with pytest.raises(SettingsError, match="chmod 600"):
        master_key(settings)


def test_a_key_inside_the_lake_is_refused(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, key_file=Path("warehouse/lake/pseudonym.key"))
    with pytest.raises(SettingsError, match="inside the lake"):
        master_key(settings)


def test_a_damaged_key_is_refused_and_not_replaced(settings: Settings) -> None:
    master_key(settings)
    path = settings.path(settings.key_file)
    path.write_text("")
    with pytest.raises(SettingsError, match="no pseudonym key"):
        master_key(settings)
    assert path.read_text() == ""


def test_another_key_than_the_lakes_is_refused(settings: Settings) -> None:
    master_key(settings)
    settings.path(settings.key_file).unlink()
    with pytest.raises(SettingsError, match="not the one"):
        master_key(settings)


def everything_in_the_lake(city: City) -> str:
    """Every value of every table as text."""
    con = connect(city.settings)
    try:
        tables = con.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'lake'"
        ).fetchall()
        assert ("bronze", "events") in tables
        return "\n".join(
            str(con.execute(f"SELECT * FROM lake.{schema}.{table}").fetchall())
            for schema, table in tables
        )
    finally:
        con.close()


def test_no_raw_identifier_reaches_the_lake(city: City) -> None:
    city.land("signaling", "events-2020-02-10.csv", EVENTS)
    # without its header the first row stands where the names should be
    city.land("signaling", "events-2020-02-11.csv", EVENTS.split("\n", 1)[1])
    outcomes = {o.status: o for o in city.ingest("signaling")}
    outcome = outcomes["ok"]
    assert (outcome.rows_in, outcome.rows_accepted, outcome.rows_duplicate) == (6, 2, 1)
    assert outcomes["refused"].error is not None

    content = everything_in_the_lake(city) + str(outcomes)
    expected = pseudonymise(city.settings, "signaling", "device_id", RAW)
    assert all(pseudonym in content for pseudonym in expected)
    assert not [raw for raw in RAW if raw in content]
    assert not [
        raw for raw in RAW if raw in str(quarantined_files(city.settings, "signaling").rows())
    ]
    home = city.settings.home
    outside = {home / "landing", Path(city.settings.lake_location) / "archive"}
    for path in home.rglob("*"):
        if path.is_file() and not any(path.is_relative_to(folder) for folder in outside):
            data = path.read_bytes()
            assert not [raw for raw in RAW if raw.encode() in data], path


def test_refused_values_are_pseudonymised(city: City) -> None:
    city.land("signaling", "events-2020-02-10.csv", EVENTS)
    city.ingest("signaling")
    rows = quarantined_rows(city.settings, "signaling").sort("source_line")
    assert rows["code"].to_list() == ["above_maximum", "type_mismatch", "malformed_row"]
    assert rows["value"].to_list() == ["99", "not a time", None]
    (pseudonym,) = pseudonymise(city.settings, "signaling", "device_id", [RAW[2]])
    assert pseudonym in rows["row_json"][0]
