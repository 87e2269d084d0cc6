"""Provider YAML: validated with plain errors, files claimed, publishers' drift followed."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from decimal import Decimal

import pytest

from pipelines.errors import ContractError
from pipelines.feeds.contract import all_feeds
from pipelines.ingest.providers import load_provider, providers_of

GOOD = """
- pattern: "a[.]csv"
  format: csv
  tables:
    energy_daily:
      columns: {enterprise_id: meter, data_date: day, energy_kwh: reading}
"""


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("format: csv", "format: pdf"), r"tried\.yaml, key files\.0\.format"),
        (("format: csv", "formt: csv"), r"key files\.0\.format: Field required"),
        (("format: csv", "format: csv\n  colour: red"), r"key files\.0\.colour: Extra inputs"),
        (('"a[.]csv"', '"a[.csv"'), "not a regular expression"),
        (("energy_daily:", "energy_hourly:"), "no table 'energy_hourly' in feed power"),
        (("energy_kwh: reading", "energy_mwh: reading"), "no column 'energy_mwh'"),
        ((", energy_kwh: reading", ""), "the contract requires energy_kwh"),
        (("meter,", "{path: area},"), "path group 'area' is in no pattern; the groups are none"),
        (("meter,", "{from: meter, constant: x},"), "exactly one of 'from', 'template', 'path'"),
        (("meter,", "{from: meter, assume: x},"), "beside an optional 'from'"),
        (("meter,", "{},"), "exactly one of"),
        (("meter,", "{from: meter, when: {column: x}},"), "exactly one of 'in', 'matches'"),
        (("format: csv", "format: csv\n  archive: zip"), "'members' goes with archive zip or tar"),
        (("format: csv", "format: xlsx\n  archive: gzip"), "xlsx is read as it is"),
    ],
)
def test_mistakes_are_named_by_file_and_key(provider_of, change: tuple[str, str], says: str):
    provider_of("power", GOOD)
    with pytest.raises(ContractError, match=says):
        provider_of("power", GOOD.replace(*change))


def test_every_provider_in_the_project_is_sound() -> None:
    found = {feed: sorted(providers_of(feed)) for feed in all_feeds()}
    assert found == {
        "epidemic": ["canonical", "daily_report"],
        "merchant": ["canonical", "koubei", "linjiang_malls", "xinfadi"],
        "power": ["canonical", "linjiang_grid", "tianchi"],
        "reference": ["canonical"],
        "signaling": ["canonical", "geolife"],
        "supplies": ["canonical"],
        "ticketing": ["canonical", "seoul_subway", "szt_metro"],
        "voucher": ["canonical", "completejourney", "o2o"],
    }
    with pytest.raises(ContractError, match=r"no provider 'grid'.*canonical, linjiang_grid"):
        load_provider("power", "grid")


def test_canonical_claims_tables_by_name() -> None:
    provider = load_provider("signaling", "canonical")
    for name in ("events.csv", "events-2020-02-03.csv.gz", "signaling/cells.parquet"):
        assert provider.claims(name), name
    for name in ("event.csv", "events.xlsx", "eventsextra.csv", "events-1.csv.zip", "a/events-1/x"):
        assert not provider.claims(name), name
    assert len(provider.version) == 12


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("events-2020-02-03.csv.gz", date(2020, 2, 3)),
        ("2020-01-31/企业用电量_20200203-late.csv", date(2020, 2, 3)),
        ("2020-02-03/events.csv", date(2020, 2, 3)),
        ("CARD_SUBWAY_MONTH_201801.csv", None),
        ("XinFDFruit_2016-5-3.csv", None),
        ("events-20209999.csv", None),
        ("card-1234567890.csv", None),
    ],
)
def test_the_date_of_a_file_is_in_its_path(path: str, expected: date | None) -> None:
    assert load_provider("signaling", "canonical").file_date(path) == expected


SEOUL_DRIFT = {
    "BOM, renamed line, no station number, no registration date": (
        '\ufeff사용일자,호선명,역명,승차총승객수,하차총승객수\n20240101,1호선,서울역,100,200\n'.encode(),
        ("1호선", "서울역", 100, True),
    ),
    "CP949, ISO dates, counts as fractions, trailing commas": (
        '사용일자,노선명,역ID,역명,승차총승객수,하차총승객수,등록일자,\n'
        "2024-01-01,1호선,0150,서울역,100.0,200.0,20240104,\n".encode("cp949"),
        ("1호선", "0150", 100, False),
    ),
    "columns in another order": (
        '하차총승객수,승차총승객수,역명,역ID,노선명,사용일자\n200,100,서울역,0150,1호선,20240101\n'.encode(),
        ("1호선", "0150", 100, False),
    ),
}  # fmt: skip


@pytest.mark.parametrize("drift", SEOUL_DRIFT)
def test_seoul_months_to_come(read_bytes, drift: str) -> None:
    content, (line, station_id, boardings, assumed) = SEOUL_DRIFT[drift]
    name = "CARD_SUBWAY_MONTH_202401.csv"
    found = read_bytes("ticketing", "seoul_subway", name, content)["station_counts"]
    assert found.rows_in == 1
    values = found.values.row(0, named=True)
    assert values["data_date"] == date(2024, 1, 1)
    assert (values["line"], values["station_id"], values["boardings"]) == (
        line,
        station_id,
        boardings,
    )
    assert values["alightings"] == 200
    assert found.raw.columns["station_id"].assumed is assumed


def test_linjiang_grid_is_gbk_with_chinese_headers(read_bytes) -> None:
    content = (
        "用户编号,用户名称,所属区域,日期,用电量(千瓦时)\n"
        "E000123,临江第123号用户,990105,20200203,1234.56\n"
    ).encode("gbk")
    name = "linjiang_grid/企业用电量_20200203-resent.csv"
    found = read_bytes("power", "linjiang_grid", name, content)["energy_daily"]
    assert found.values.rows() == [(2, "E000123", date(2020, 2, 3), Decimal("1234.56"))]
    provider = load_provider("power", "linjiang_grid")
    assert provider.file_date(name) == date(2020, 2, 3)


def test_linjiang_malls_are_wide_and_closed_venues_have_no_row(read_bytes) -> None:
    content = (
        "\ufeff临江商管集团客流日报（单位：人次）\n日期,V001,V002,V003\n2020/02/03,321,停业,87\n"
    )
    name = "linjiang_malls/客流日报-2020-02-03.csv"
    found = read_bytes("merchant", "linjiang_malls", name, content)["footfall_daily"]
    assert found.values.sort("venue_id").rows() == [
        (3, "V001", date(2020, 2, 3), 321, True),
        (3, "V003", date(2020, 2, 3), 87, True),
    ]
    assert found.raw.rows_outside == 1
    assert found.rows_in == 3
    assert found.raw.columns["is_open"].assumed


def test_geolife_in_a_zip_of_another_city(read_bytes) -> None:
    buffer = io.BytesIO()
    plt = "a\nb\nc\nd\n0,2\n0\n22.5,114.0,0,492,39783.4,2009-05-01,23:59:59\n"
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("Data/181/Trajectory/20090501.plt", plt)
        archive.writestr("Data/181/labels.txt", "bus")
    found = read_bytes("signaling", "geolife", "geolife_1.3.zip", buffer.getvalue())["events"]
    assert found.values.select("device_id", "latitude", "longitude").rows() == [
        ("181", 22.5, 114.0)
    ]
    assert str(found.values["event_at"][0]) == "2009-05-01 23:59:59"
