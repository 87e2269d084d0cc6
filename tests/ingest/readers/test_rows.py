"""Rows: none lost, physical line numbers exact, broken ones handed back with what is wrong."""

from __future__ import annotations

import gzip
import io
import json
from datetime import date, datetime
from decimal import Decimal

import openpyxl
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import LayoutMismatch
from pipelines.feeds.contract import load_feed
from pipelines.ingest.providers import Layout
from pipelines.ingest.readers.delimited import records
from pipelines.ingest.readers.source import Record

HEADER = "enterprise_id,data_date,energy_kwh\n"
NAME = "energy_daily-2020-02-03.csv"


def test_short_and_long_rows_come_back_with_their_lines(read_bytes) -> None:
    content = HEADER + (
        "e1,2020-02-03,1\n"  # line 2
        "e2,2020-02-03\n"  # short
        "e3,2020-02-03,3,surplus\n"  # long
        "\n"  # blank: no row
        "e5,2020-02-03,\n"  # line 6: the value is missing, the row is whole
        "e6,2020-02-03,6,\n"  # long by an empty field
        "e7,2020-02-03,7"  # no line end
    )
    found = read_bytes("power", "canonical", NAME, content)["energy_daily"]
    assert found.values.rows() == [
        (2, "e1", date(2020, 2, 3), Decimal(1)),
        (6, "e5", date(2020, 2, 3), None),
        (8, "e7", date(2020, 2, 3), Decimal(7)),
    ]
    assert found.rejected == [(3, "malformed_row"), (4, "malformed_row"), (7, "malformed_row")]
    assert found.raw.rejected["raw"].to_list()[0] == "e2,2020-02-03"
    assert found.raw.rejected["message"].to_list()[1] == "expected 3 fields, found 4 fields"


def test_windows_line_ends_and_byte_order_mark(read_bytes) -> None:
    content = "\ufeff" + HEADER.replace("\n", "\r\n") + "e1,2020-02-03,1\r\ne2,2020-02-03,2\r\n"
    found = read_bytes("power", "canonical", NAME, content)["energy_daily"]
    assert found.values["enterprise_id"].to_list() == ["e1", "e2"]
    assert found.values["energy_kwh"].to_list() == [Decimal(1), Decimal(2)]
    assert found.values["_line"].to_list() == [2, 3]


QUOTED = "listing_id,shop_id,product_id,title,price_cny,captured_at\n"


def test_quoted_separators_and_doubled_quotes(read_bytes) -> None:
    content = QUOTED + '"l1","s1","p1","N95, ""正品""",9.9,2020-02-03T08:00:00+08:00\n'
    found = read_bytes("merchant", "canonical", "listings.csv", content)["listings"]
    assert found.values["title"].to_list() == ['N95, "正品"']
    assert found.rejected == []


def test_quoted_line_ends_keep_physical_line_numbers(read_bytes) -> None:
    at = "2020-02-03T08:00:00+08:00"
    content = QUOTED + (
        f'l1,s1,p1,"口罩\n三层\n50只",9.9,{at}\n'  # lines 2-4
        f"l2,s1,p2,short,{at}\n"  # line 5
        f'l3,s1,p3,"",1,{at}\n'  # line 6
        f'l4,s1,p4,"unclosed,2,{at}\n'  # line 7
        f"l5,s1,p5,fine,3,{at}\n"  # line 8
    )
    found = read_bytes("merchant", "canonical", "listings.csv", content)["listings"]
    assert found.values.select("_line", "listing_id", "title").rows() == [
        (2, "l1", "口罩\n三层\n50只"),
        (6, "l3", None),
        (8, "l5", "fine"),
    ]
    assert found.rejected == [(5, "malformed_row"), (7, "malformed_row")]
    assert "quotes do not match" in found.raw.rejected["message"].to_list()[1]


def test_single_undecodable_lines_do_not_refuse_the_file(read_bytes) -> None:
    lines = [f"99{n:04d},临江第{n}区,,district,990100,{n}" for n in range(40)]
    header = "region_id,name_zh,name_en,level,parent_id,population"
    content = "\n".join([header, *lines]).encode().split(b"\n")
    content[5] = "990004,临江第4区,,district,990100,4".encode("gb18030")
    found = read_bytes("reference", "canonical", "regions.csv", b"\n".join(content))["regions"]
    assert found.rejected == [(6, "bad_encoding")]
    assert found.values.height == 39
    assert found.rows_in == 40
    assert 6 not in found.values["_line"].to_list()
    assert found.values["name_zh"].to_list()[4] == "临江第5区"


CELL = st.text(alphabet='ab1 ,"\n钟', max_size=5)


LAYOUT = Layout.model_validate({"pattern": "x", "format": "csv", "tables": {"t": {"columns": {}}}})


@settings(max_examples=200, deadline=None)
@given(rows=st.lists(st.lists(CELL, min_size=1, max_size=5).map(",".join), max_size=8))
def test_whatever_stands_in_a_file_no_line_is_lost(rows: list[str]) -> None:
    """Rows and refused rows cover every line that is not blank, each once, in order."""
    lines = [*"\n".join(rows).split("\n"), "the last,line"]
    numbered = list(enumerate(lines, start=2))
    covered: list[int] = []
    for found in records(numbered, 2, LAYOUT):
        fields = found.fields if isinstance(found, Record) else ()
        height = 1 + sum((field or "").count("\n") for field in fields)
        covered.extend(range(found.line, found.line + height))
    assert covered == sorted(set(covered))
    assert set(covered) >= {n for n, line in numbered if line.strip()}
    assert covered[-1] == numbered[-1][0]


def test_csv_in_gzip_and_tsv_with_unit_factor(read_bytes, provider_of) -> None:
    provider = provider_of(
        "power",
        """
- pattern: "mwh_(?P<day>[0-9]{8})[.]tsv"
  format: tsv
  skip_lines: 2
  names: [meter, reading, note]
  ignore_columns: [note]
  null_values: ["-", "N/A"]
  tables:
    energy_daily:
      columns:
        enterprise_id: {template: "grid-{meter}"}
        data_date: {path: day, formats: "%Y%m%d"}
        energy_kwh: {from: reading, factor: 1000}
""",
    )
    content = "exported by X\n\n7\t1.5\tok\n8\t-\tbroken\n9\tabc\t\n"
    found = read_bytes("power", provider, "mwh_20200203.tsv", content)["energy_daily"]
    assert found.values.rows() == [
        (3, "grid-7", date(2020, 2, 3), Decimal(1500)),
        (4, "grid-8", date(2020, 2, 3), None),
        (5, "grid-9", date(2020, 2, 3), None),
    ]
    assert found.text["energy_kwh"].to_list() == ["1.5", None, "abc"]
    assert found.unreadable("energy_kwh") == ["abc"]
    assert provider.file_date("mwh_20200203.tsv") == date(2020, 2, 3)


JSON_LINES = """
- pattern: "visits[.](?:jsonl|json)"
  format: {kind}
  tables:
    footfall_daily:
      columns:
        venue_id: venue
        data_date: day
        visitors: n
        is_open: {{from: open, optional: true}}
"""


def test_json_lines_with_a_broken_line(read_bytes, provider_of) -> None:
    lines = [
        json.dumps({"venue": "v1", "day": "2020-02-03", "n": 12, "open": True}),
        '{"venue": "v2", "day": ',
        "",
        json.dumps({"venue": "v3", "day": "2020-02-03", "n": 3.0}),
    ]
    provider = provider_of("merchant", JSON_LINES.format(kind="jsonl"))
    found = read_bytes("merchant", provider, "visits.jsonl", "\n".join(lines))["footfall_daily"]
    assert found.values.rows() == [
        (1, "v1", date(2020, 2, 3), 12, True),
        (4, "v3", date(2020, 2, 3), 3, None),
    ]
    assert found.rejected == [(2, "malformed_row")]


def test_a_json_array_larger_than_the_reading_window(read_bytes, provider_of) -> None:
    items = [{"venue": f"商场{n:06d}", "day": "2020-02-03", "n": n} for n in range(40_000)]
    provider = provider_of("merchant", JSON_LINES.format(kind="json"))
    content = json.dumps(items, ensure_ascii=False)
    found = read_bytes("merchant", provider, "visits.json", content)["footfall_daily"]
    assert found.rows_in == 40_000
    assert found.values["visitors"].sum() == sum(range(40_000))
    assert found.values.row(-1)[:2] == (40_000, "商场039999")


def test_an_empty_page_has_no_rows(read_bytes) -> None:
    page = '{"total": 0, "data": [], "page": 14000}'
    found = read_bytes("ticketing", "szt_metro", "page14000.json", page)
    assert {name: table.rows_in for name, table in found.items()} == {
        "trips": 0,
        "station_counts": 0,
    }


def test_a_key_nobody_knows_refuses_json(read_bytes, provider_of) -> None:
    provider = provider_of("merchant", JSON_LINES.format(kind="jsonl"))
    line = json.dumps({"venue": "v1", "day": "2020-02-03", "n": 1, "children": 0})
    with pytest.raises(LayoutMismatch, match="found 'children' too"):
        read_bytes("merchant", provider, "visits.jsonl", line)


def test_an_excel_sheet(read_path, provider_of, tmp_path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "客流"
    for values in (
        ["商场日报"],
        ["场所", "日期", "人次"],
        ["v1", datetime(2020, 2, 3), 120],  # noqa: DTZ001
        ["v2", "2020-02-03", None],
        [None, None, None],
        ["v3", "2020-02-03", 7, None, "stray"],
    ):
        sheet.append(values)
    buffer = io.BytesIO()
    book.save(buffer)
    provider = provider_of(
        "merchant",
        """
- pattern: ".*[.]xlsx"
  format: xlsx
  sheet: 客流
  skip_lines: 1
  tables:
    footfall_daily:
      columns:
        venue_id: 场所
        data_date: {from: 日期, formats: ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"]}
        visitors: 人次
""",
    )
    stored = tmp_path / "stored"
    stored.write_bytes(buffer.getvalue())
    found = read_path("merchant", provider, stored, "日报.xlsx")["footfall_daily"]
    assert found.values.rows() == [
        (3, "v1", date(2020, 2, 3), 120),
        (4, "v2", date(2020, 2, 3), None),
    ]
    assert found.rejected == [(6, "malformed_row")]


def test_a_workbook_without_the_sheet_or_cut_off(read_bytes, provider_of) -> None:
    buffer = io.BytesIO()
    openpyxl.Workbook().save(buffer)
    provider = provider_of(
        "merchant",
        """
- pattern: ".*[.]xlsx"
  format: xlsx
  sheet: 客流
  tables:
    footfall_daily:
      columns: {venue_id: 场所, data_date: 日期, visitors: 人次}
""",
    )
    with pytest.raises(LayoutMismatch, match="expected a sheet '客流', found Sheet"):
        read_bytes("merchant", provider, "a.xlsx", buffer.getvalue())
    with pytest.raises(LayoutMismatch, match="not a whole Excel workbook"):
        read_bytes("merchant", provider, "a.xlsx", buffer.getvalue()[:-300])


def test_a_file_is_read_by_its_landing_name_wherever_it_lies(read_path, tmp_path) -> None:
    """The archive keeps files under their hashes, without endings."""
    frame = pl.DataFrame(
        {"enterprise_id": ["e1"], "data_date": ["2020-02-03"], "energy_kwh": ["1"]}
    )
    frame.write_csv(tmp_path / "0a1b")
    frame.write_parquet(tmp_path / "2c3d")
    (tmp_path / "4e5f").write_bytes(gzip.compress((tmp_path / "0a1b").read_bytes()))
    for stored, name in (
        ("0a1b", "power/energy_daily-2020-02-03.csv"),
        ("2c3d", "energy_daily.parquet"),
        ("4e5f", "late/energy_daily.csv.gz"),
    ):
        found = read_path("power", "canonical", tmp_path / stored, name)["energy_daily"]
        assert found.values["energy_kwh"].to_list() == [Decimal(1)]


def test_canonical_parquet_keeps_native_types(read_bytes) -> None:
    buffer = io.BytesIO()
    at = datetime(2020, 2, 3, 8, 15)  # noqa: DTZ001 (no zone: local time)
    pl.DataFrame(
        {
            "device_id": ["d1", "d2"],
            "event_at": [at, at],
            "latitude": [30.5, float("nan")],
            "longitude": [114.3, 114.3],
        }
    ).write_parquet(buffer)
    found = read_bytes("signaling", "canonical", "events-1.parquet", buffer.getvalue())["events"]
    assert found.values.rows() == [
        (1, "d1", datetime(2020, 2, 3, 0, 15), 30.5, 114.3),  # noqa: DTZ001
        (2, "d2", datetime(2020, 2, 3, 0, 15), None, 114.3),  # noqa: DTZ001
    ]


def test_canonical_files_read_the_same_in_every_form(read_bytes, tmp_path) -> None:
    frame = pl.DataFrame(
        {
            "enterprise_id": ["e1", "e2"],
            "data_date": [date(2020, 2, 3), date(2020, 2, 4)],
            "energy_kwh": ["1.25", "3"],
        }
    )
    text = frame.write_csv()
    frame.with_columns(pl.col("energy_kwh").cast(pl.Float64)).write_parquet(tmp_path / "x")
    forms = {
        "energy_daily-1.csv": text.encode(),
        "energy_daily-1.csv.gz": gzip.compress(text.encode()),
        "energy_daily-1.parquet": (tmp_path / "x").read_bytes(),
    }
    found = [
        read_bytes("power", "canonical", name, content)["energy_daily"].values.drop("_line").rows()
        for name, content in forms.items()
    ]
    assert found[0] == found[1] == found[2]
    assert found[0][0] == ("e1", date(2020, 2, 3), Decimal("1.25"))


def test_every_table_has_a_canonical_form(read_bytes) -> None:
    for feed in ("signaling", "ticketing", "power", "merchant", "voucher", "supplies", "epidemic"):
        for table in load_feed(feed).tables.values():
            header = ",".join(column.name for column in table.columns)
            found = read_bytes(feed, "canonical", f"{table.name}-2020-02-03.csv", header + "\n")
            assert found[table.name].rows_in == 0
            assert list(found[table.name].raw.columns) == [c.name for c in table.columns]
