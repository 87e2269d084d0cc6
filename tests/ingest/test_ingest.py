"""Ingest end to end on small files: what is accepted, refused, repeated, late, or not taken."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.dates import DateWindow
from pipelines.errors import NothingToDo
from pipelines.ingest import quarantined_files, quarantined_rows
from tests.ingest.conftest import City, power_csv

MIXED = (
    "enterprise_id,data_date,energy_kwh\n"
    "E1,2020-02-10,1.5\n"
    "E2,2020-02-10,-5\n"  # line 3: below minimum
    "E3,,4\n"  # missing date
    "E4,2021-01-01,3\n"  # far in the future of the file's day
    "E5\n"  # malformed
    "E6,2020-02-10,many\n"  # no number
    "E7,2020-02-10,999999999\n"  # above maximum
    "E8,2019-02-10,3\n"  # a year late
    "E1,2020-02-10,1.5\n"  # repeated
    ",2020-02-10,1\n"  # no enterprise
    "E9,2020-02-08,7\n"  # two days late: accepted
)


def test_each_row_is_accepted_refused_or_a_duplicate(city: City) -> None:
    city.land("power", "energy_daily-2020-02-10.csv", MIXED)
    (outcome,) = city.ingest("power")
    physical_rows = MIXED.count("\n") - 1
    assert (outcome.status, outcome.rows_in) == ("ok", physical_rows)
    assert (outcome.rows_accepted, outcome.rows_quarantined, outcome.rows_duplicate) == (2, 8, 1)
    assert city.sql(
        "SELECT enterprise_id, data_date, energy_kwh, provider, source_line "
        "FROM lake.bronze.energy_daily ORDER BY 1"
    ) == [
        ("E1", date(2020, 2, 10), Decimal("1.500"), "canonical", 10),
        ("E9", date(2020, 2, 8), Decimal("7.000"), "canonical", 12),
    ]


def test_quarantine_says_what_where_and_why(city: City) -> None:
    city.land("power", "energy_daily-2020-02-10.csv", MIXED)
    city.ingest("power")
    rows = quarantined_rows(city.settings, "power")
    found = {
        row["source_line"]: (row["code"], row["column_name"], row["value"])
        for row in rows.iter_rows(named=True)
    }
    assert found == {
        3: ("below_minimum", "energy_kwh", "-5"),
        4: ("missing_value", "data_date", None),
        5: ("future_date", "data_date", "2021-01-01"),
        6: ("malformed_row", None, "E5"),
        7: ("type_mismatch", "energy_kwh", "many"),
        8: ("above_maximum", "energy_kwh", "999999999"),
        9: ("stale_date", "data_date", "2019-02-10"),
        11: ("missing_value", "enterprise_id", None),
    }
    messages = dict(rows.select("source_line", "message").iter_rows())
    assert messages[3] == "energy_kwh must be at least 0"
    assert set(rows["file_name"]) == {"energy_daily-2020-02-10.csv"}


def test_a_second_ingest_changes_nothing(city: City) -> None:
    city.land("power", "energy_daily-2020-02-10.csv", MIXED)
    city.ingest("power")
    before = city.content("bronze.energy_daily"), city.content("quarantine.rows")
    assert [o.status for o in city.ingest("power")] == ["noop"]
    assert (city.content("bronze.energy_daily"), city.content("quarantine.rows")) == before


def test_the_same_bytes_under_another_name_are_the_same_file(city: City) -> None:
    text = power_csv(("E1", "2020-02-10", 1), ("E2", "2020-02-10", 2))
    city.land("power", "energy_daily-a.csv", text)
    city.ingest("power")
    before = city.content("bronze.energy_daily")
    city.land("power", "energy_daily-b.csv", text)
    assert {o.status for o in city.ingest("power")} == {"noop"}
    assert city.content("bronze.energy_daily") == before


METER_PROVIDER = r"""
provider: meters
description: One file a meter, its number in the file's name.
files:
  - pattern: "reading_(?P<meter>[A-Z0-9]+)\\.csv"
    format: csv
    tables:
      energy_daily:
        columns:
          enterprise_id: {path: meter}
          data_date: day
          energy_kwh: kwh
"""


def test_the_same_bytes_are_two_files_where_the_path_carries_data(
    city: City, own_feeds: Path
) -> None:
    (own_feeds / "power" / "providers" / "meters.yaml").write_text(METER_PROVIDER)
    for meter in ("E1", "E2"):
        city.land("power", f"meters/reading_{meter}.csv", "day,kwh\n2020-02-10,1\n")
    assert [o.status for o in city.ingest("power")] == ["ok", "ok"]
    assert city.sql("SELECT enterprise_id FROM lake.bronze.energy_daily ORDER BY 1") == [
        ("E1",),
        ("E2",),
    ]


def test_late_rows_join_the_partition_of_their_own_date(city: City) -> None:
    city.land("power", "energy_daily-2020-02-10.csv", power_csv(("E1", "2020-02-10", 1)))
    city.ingest("power")
    late = power_csv(("E2", "2020-02-10", 2), ("E1", "2020-02-11", 3))
    city.land("power", "energy_daily-2020-02-11.csv", late)
    (_, outcome) = sorted(city.ingest("power"), key=lambda o: o.status)
    assert (outcome.rows_in, outcome.rows_accepted) == (2, 2)
    assert city.sql(
        "SELECT data_date, list(enterprise_id ORDER BY enterprise_id) "
        "FROM lake.bronze.energy_daily GROUP BY 1 ORDER BY 1"
    ) == [(date(2020, 2, 10), ["E1", "E2"]), (date(2020, 2, 11), ["E1"])]


def test_a_correction_replaces_and_is_put_on_record(city: City) -> None:
    city.land("power", "energy_daily-2020-02-10.csv", power_csv(("E1", "2020-02-10", 1)))
    city.ingest("power")
    city.land("power", "energy_daily-2020-02-11.csv", power_csv(("E1", "2020-02-10", 9)))
    city.ingest("power")
    assert city.sql("SELECT energy_kwh FROM lake.bronze.energy_daily") == [(Decimal("9.000"),)]
    assert city.sql(
        "SELECT rows_in, rows_accepted, rows_duplicate FROM lake.ops.outcomes "
        "WHERE step = 'restate'"
    ) == [(1, 0, 1)]


def test_a_bad_file_is_refused_and_kept_and_the_others_go_on(city: City) -> None:
    city.land("power", "energy_daily-2020-02-10.csv", power_csv(("E1", "2020-02-10", 1)))
    city.land("power", "energy_daily-2020-02-11.csv", "<html><body>502</body></html>")
    city.land("power", "notes.txt", "hello\n")
    outcomes = city.ingest("power")
    assert sorted(o.status for o in outcomes) == ["ok", "refused", "refused"]
    refused = quarantined_files(city.settings, "power")
    assert set(refused["file_name"]) == {"energy_daily-2020-02-11.csv", "notes.txt"}
    for sha256 in refused["sha256"]:
        archived = f"{city.settings.lake_location}/archive/{sha256[:2]}/{sha256}"
        assert Path(archived).read_bytes()
    assert {o.status for o in city.ingest("power")} == {"noop"}


def test_unfinished_and_growing_files_stay(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    good = power_csv(("E1", "2020-02-10", 1))
    for name in ("energy_daily.csv.tmp", "energy_daily.csv.part", ".energy_daily.csv"):
        city.land("power", name, good)
    growing = city.land("power", "energy_daily-2020-02-10.csv", good)

    def appended_to_meanwhile(seconds: float) -> None:
        with growing.open("a") as file:
            file.write("E2,2020-02-10,2\n")

    monkeypatch.setattr("pipelines.ingest.discovery.sleep", appended_to_meanwhile)
    assert city.ingest("power") == []
    monkeypatch.setattr("pipelines.ingest.discovery.sleep", lambda seconds: None)
    (outcome,) = city.ingest("power")
    assert outcome.rows_accepted == 2


def test_a_window_takes_its_files_and_the_undated_ones(city: City) -> None:
    for day in (10, 11, 12):
        rows = power_csv(("E1", f"2020-02-{day}", day))
        city.land("power", f"energy_daily-2020-02-{day}.csv", rows)
    city.land("power", "energy_daily-more.csv", power_csv(("E9", "2020-02-01", 1)))
    window = DateWindow(date(2020, 2, 11), date(2020, 2, 11))
    assert len(city.ingest("power", window=window)) == 2
    days = city.sql("SELECT DISTINCT data_date FROM lake.bronze.energy_daily ORDER BY 1")
    assert days == [(date(2020, 2, 1),), (date(2020, 2, 11),)]


def test_undated_tables_are_one_partition(city: City) -> None:
    header = "enterprise_id,industry_code,region_id,above_scale\n"
    city.land("power", "enterprises-2020-01.csv", header + "E1,C,990101,true\nE2,C,990101,true\n")
    city.ingest("power")
    city.land("power", "enterprises-2020-02.csv", header + "E2,D,990102,false\nE3,C,990101,true\n")
    city.ingest("power")
    assert city.sql(
        "SELECT enterprise_id, industry_code FROM lake.bronze.enterprises ORDER BY 1"
    ) == [("E1", "C"), ("E2", "D"), ("E3", "C")]


def test_a_missing_landing_folder_is_said_in_one_sentence(city: City) -> None:
    with pytest.raises(NothingToDo, match="does not exist"):
        city.ingest("power")


def test_the_calendar_is_written_once(city: City) -> None:
    city.land("power", "energy_daily.csv", power_csv(("E1", "2020-02-10", 1)))
    city.ingest("power")
    before = city.content("bronze.calendar")
    city.ingest("power")
    assert city.content("bronze.calendar") == before
    assert city.sql(
        "SELECT days_from_lunar_new_year, is_workday FROM lake.bronze.calendar "
        "WHERE date = '2020-01-25'"
    ) == [(0, False)]


def test_progress_is_told(city: City) -> None:
    city.land("power", "energy_daily-2020-02-10.csv", power_csv(("E1", "2020-02-10", 1)))
    told: list[tuple[int, int, str]] = []
    city.ingest("power", progress=lambda *step: told.append(step))
    assert told == [(0, 1, "energy_daily-2020-02-10.csv"), (1, 1, "power ingested")]
