"""Every real provider on its publisher's own files: no row lost, values as a person reads them."""

from __future__ import annotations

import csv
import io
import json
import tarfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from pipelines.ingest.providers import load_provider


def plain_rows(path: Path, encoding: str) -> list[list[str]]:
    """The file by the standard library, header first."""
    return list(csv.reader(io.StringIO(path.read_bytes().decode(encoding), newline="")))


def row(frame: pl.DataFrame, **wanted: object) -> dict[str, object]:
    """The only row with those values."""
    found = frame.filter(*[pl.col(name) == value for name, value in wanted.items()])
    assert found.height == 1
    return found.row(0, named=True)


def test_tianchi_meters_become_rows_and_the_total_is_no_meter(shared_data, read_path) -> None:
    path = shared_data / "power" / "tianchi" / "enterprise_daily_wide.csv"
    rows = plain_rows(path, "utf-8")
    found = read_path("power", "tianchi", path)["energy_daily"]
    assert found.rows_in == found.text.height == (len(rows) - 1) * 1454
    assert found.values["enterprise_id"].n_unique() == 1454
    assert "total" not in set(found.values["enterprise_id"])
    last = dict(zip(rows[0], rows[-1], strict=True))
    day = found.values.filter(pl.col("data_date") == date(2016, 5, 31))
    assert day["energy_kwh"].sum() == Decimal(last["total"])
    assert row(day, enterprise_id="7")["energy_kwh"] == Decimal(last["7"])
    assert day["_line"].unique().to_list() == [len(rows)]
    assert found.values.null_count().row(0) == (0, 0, 0, 0)


def test_tianchi_leaves_the_weather_aside() -> None:
    provider = load_provider("power", "tianchi")
    assert not provider.claims("tianchi/weather.csv")
    assert "weather" in (provider.ignores("tianchi/weather.csv") or "")


@pytest.mark.parametrize("month", ["201801", "201806", "201809", "201810", "201910"])
def test_seoul_months_of_both_layouts(shared_data, read_path, month: str) -> None:
    path = shared_data / "ticketing" / "seoul_subway" / f"CARD_SUBWAY_MONTH_{month}.csv"
    rows = plain_rows(path, "cp949")[1:]
    found = read_path("ticketing", "seoul_subway", path)["station_counts"]
    assert found.rows_in == found.text.height == len(rows)
    assert found.raw.duplicates == "sum"
    assert found.values["boardings"].sum() == sum(int(float(r[4])) for r in rows)
    assert found.values["alightings"].sum() == sum(int(float(r[5])) for r in rows)
    assert found.values["_line"].to_list() == list(range(2, len(rows) + 2))
    first = found.values.row(0, named=True)
    assert first["data_date"].strftime("%Y%m%d") == rows[0][0]
    expected = ("metro", rows[0][1], rows[0][2], rows[0][3])
    assert tuple(first[c] for c in ("mode", "line", "station_id", "station")) == expected
    assert sum(found.values.null_count().row(0)) == 0
    assert not any(mapped.assumed for mapped in found.raw.columns.values())


def test_szt_swipes_are_halves_of_trips_and_counts(shared_data, read_path) -> None:
    path = shared_data / "ticketing" / "szt_sample" / "page1x100.json"
    swipes = json.loads(path.read_text(encoding="utf-8"))["data"]
    metro = [s for s in swipes if s["deal_type"].startswith("地铁")]
    found = read_path("ticketing", "szt_metro", path)
    trips, counts = found["trips"], found["station_counts"]
    for table in (trips, counts):
        assert table.rows_in == len(swipes) == 100
        assert table.raw.rows_outside == len(swipes) - len(metro) == 10
    entry = row(trips.values, _line=1)
    assert (entry["from_station"], entry["to_station"]) == ("布吉", None)
    assert entry["depart_at"] == datetime(2018, 8, 31, 14, 14, 50)  # noqa: DTZ001 (stored UTC)
    assert (entry["arrive_at"], entry["fare_cny"]) == (None, None)
    exit_ = row(trips.values, _line=3)
    assert (exit_["to_station"], exit_["fare_cny"]) == ("长龙", Decimal("6.65"))
    assert exit_["service_date"] == date(2018, 8, 31)
    assert counts.values["boardings"].sum() == 64
    assert counts.values["alightings"].sum() == 26
    assert counts.values["station"].null_count() == sum("station" not in s for s in metro) == 2
    # masked card numbers are passed on as they are, to be replaced as identifiers
    assert set(trips.values["passenger_id"]) == {s["card_no"] for s in metro}
    assert not any(s["card_no"] in ticket for s in metro for ticket in trips.values["ticket_id"])


def test_geolife_positions_of_every_file_in_the_archive(shared_data, read_path) -> None:
    path = shared_data / "signaling" / "geolife_2008-12.tar.gz"
    lines = 0
    people = set()
    with tarfile.open(path) as archive:
        for member in archive:
            if member.name.endswith(".plt"):
                content = archive.extractfile(member)
                assert content is not None
                lines += len(content.read().splitlines()) - 6
                people.add(member.name.split("/")[-3])
    found = read_path("signaling", "geolife", path)["events"]
    assert found.rows_in == found.text.height == lines
    assert set(found.values["device_id"]) == people
    first = row(found.values, _line=1)
    # 2008-12-01 11:18:27 GMT is stored as it is: instants are UTC
    assert first["event_at"] == datetime(2008, 12, 1, 11, 18, 27)  # noqa: DTZ001
    assert (first["latitude"], first["longitude"]) == (39.998611, 116.323661)
    assert "cell_id" not in found.values.columns
    assert found.values["_line"].n_unique() == lines
    assert sum(found.values.null_count().row(0)) == 0


def test_koubei_payments_are_added_not_dropped(shared_data, read_path) -> None:
    total = rows_in = 0
    for part in range(3):
        path = shared_data / "merchant" / "koubei" / f"pay_count_part{part}.csv"
        rows = plain_rows(path, "utf-8")[1:]
        found = read_path("merchant", "koubei", path)["sales_daily"]
        assert found.rows_in == found.text.height == len(rows)
        assert found.values["units"].sum() == sum(int(r[2]) for r in rows)
        assert found.raw.duplicates == "sum"
        assert found.raw.columns["product_id"].assumed
        assert found.values["product_id"].unique().to_list() == ["all"]
        assert {"revenue_cny", "stock_units"}.isdisjoint(found.values.columns)
        rows_in += found.rows_in
        total += int(found.values["units"].sum())
    assert (rows_in, total > 0) == (361313, True)


def test_koubei_views_are_footfall(shared_data, read_path) -> None:
    path = shared_data / "merchant" / "koubei" / "count_user_view_wide.csv"
    rows = plain_rows(path, "utf-8")
    found = read_path("merchant", "koubei", path)["footfall_daily"]
    assert found.rows_in == (len(rows) - 1) * (len(rows[0]) - 1) == 544_000
    shop = row(found.values, venue_id="2", data_date=date(2016, 2, 1))
    assert (shop["visitors"], shop["_line"]) == (244, 3)
    assert found.values["visitors"].sum() == sum(int(float(v)) for r in rows[1:] for v in r[1:])


def test_xinfadi_prices_are_per_half_kilogram(shared_data, read_path) -> None:
    path = shared_data / "merchant" / "xinfadi" / "XinFDFruit_2016-5-3.csv"
    rows = plain_rows(path, "utf-8-sig")[1:]
    found = read_path("merchant", "xinfadi", path)["listings"]
    assert found.rows_in == found.text.height == len(rows) == 79_450
    first = row(found.values, _line=2)
    assert first["product_id"] == "红灯"  # behind a stray byte order mark
    assert first["price_cny"] == Decimal(9)
    assert (first["pack_quantity"], first["pack_unit"]) == (Decimal("0.5"), "kg")
    assert first["captured_at"] == datetime(2013, 6, 9, 16)  # noqa: DTZ001 (local midnight, UTC)
    assert first["category"] == "fruit"
    assert found.values["price_cny"].sum() == sum(Decimal(r[2]) for r in rows)
    assert not found.unreadable("price_cny")


def test_o2o_coupons_are_issues_and_campaigns(shared_data, read_path) -> None:
    path = shared_data / "voucher" / "o2o" / "coupon_issues.csv"
    rows = plain_rows(path, "utf-8")[1:]
    found = read_path("voucher", "o2o", path)
    issues, campaigns = found["issues"], found["campaigns"]
    assert issues.rows_in == campaigns.rows_in == len(rows) == 72_392
    first = row(issues.values, _line=2)
    assert (first["user_id"], first["campaign_id"]) == ("4129537", "9983")
    assert first["issued_at"] == datetime(2016, 7, 11, 16)  # noqa: DTZ001
    # the number we make holds the user, so it needs a pseudonym as well
    assert issues.raw.columns["voucher_id"].identifies
    assert not issues.raw.columns["campaign_id"].identifies
    money = row(campaigns.values, _line=2)
    assert (money["face_value_cny"], money["threshold_cny"]) == (Decimal(5), Decimal(30))
    assert money["discount_share"] is None
    shares = {r[2]: r[3] for r in rows if ":" not in r[3]}
    share = campaigns.values.filter(campaign_id=next(iter(shares))).row(0, named=True)
    assert share["discount_share"] == float(1 - Decimal(shares[share["campaign_id"]]))
    assert (share["face_value_cny"], share["threshold_cny"]) == (None, None)
    for column in ("face_value_cny", "threshold_cny", "discount_share"):
        assert not campaigns.unreadable(column)


def test_completejourney_campaigns_and_repeat_redemptions(shared_data, read_path) -> None:
    folder = shared_data / "voucher" / "completejourney"
    found = read_path("voucher", "completejourney", folder / "campaign_descriptions.parquet")
    campaigns = found["campaigns"]
    assert campaigns.rows_in == 27
    first = row(campaigns.values, campaign_id="1")
    assert first["issued_from_date"] == date(2017, 3, 3)
    assert first["issued_to_date"] == date(2017, 4, 9)
    path = folder / "coupon_redemptions.parquet"
    redeemed = read_path("voucher", "completejourney", path)["redemptions"]
    assert redeemed.rows_in == pl.read_parquet(path).height == 538
    # the same household and coupon on two days are two redemptions
    assert redeemed.values["voucher_id"].n_unique() == 538
    assert redeemed.raw.columns["voucher_id"].identifies
    assert redeemed.values["redeemed_at"].min() == datetime(2016, 12, 31, 16)  # noqa: DTZ001
    provider = load_provider("voucher", "completejourney")
    assert "fan out" in (provider.ignores("completejourney/coupons.parquet") or "")


def test_daily_report_keeps_countries_provinces_and_cities_apart(shared_data, read_path) -> None:
    folder = shared_data / "reference" / "epidemic" / "daily"
    paths = sorted(folder.glob("*.csv"))
    assert len(paths) == 91
    for path in [*paths[::15], folder / "2020-02-13.csv"]:
        rows = plain_rows(path, "utf-8-sig")[1:]
        found = read_path("epidemic", "daily_report", path)["cases_daily"]
        assert found.rows_in == found.text.height == len(rows)
        assert found.values.select("region_id", "data_date").is_unique().all()
        assert found.values["confirmed"].sum() == sum(int(r[7]) for r in rows)
        assert sum(found.values.null_count().row(0)) == 0
    by_name = {(r[3], r[5]): int(r[7]) for r in rows if r[1] == "中国"}
    hubei, wuhan = row(found.values, region_id="420000"), row(found.values, region_id="420100")
    assert hubei["confirmed"] == by_name["湖北省", ""]
    assert wuhan["confirmed"] == by_name["湖北省", "武汉市"]
    assert row(found.values, region_id="110000-外地来京")["data_date"] == date(2020, 2, 13)
