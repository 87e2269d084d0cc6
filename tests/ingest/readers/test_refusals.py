"""Files refused whole: one sentence, what was expected, what was found, the closest match."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile

import polars as pl
import pytest

from pipelines.errors import LayoutMismatch

HEADER = "enterprise_id,data_date,energy_kwh\n"
GOOD = HEADER + "e1,2020-02-03,10.5\ne2,2020-02-03,20\n"
SEOUL = '"사용일자","노선명","역ID","역명","승차총승객수","하차총승객수","등록일자"\n'
SEOUL_ROW = '"20200101","1호선","0150","서울역","100","200","20200104"\n'


def one_sentence(error: pytest.ExceptionInfo[LayoutMismatch]) -> str:
    message = str(error.value)
    assert "\n" not in message
    assert len(message) < 500
    return message


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (
            GOOD.replace("energy_kwh", "energy_kw"),
            ["'energy_kwh'", "found 'energy_kw'", "closest is 'energy_kw'"],
        ),
        (
            GOOD.replace("energy_kwh", "kwh_total"),
            ["'energy_kwh'", "found 'kwh_total'", "closest is 'kwh_total'"],
        ),
        (
            "enterprise_id,data_date\ne1,2020-02-03\n",
            ["expected a column 'energy_kwh'", "found 'enterprise_id', 'data_date'"],
        ),
        (
            "enterprise_id,data_date,energy_kwh,tariff\ne1,2020-02-03,1,x\n",
            ["found 'tariff' too", "ignore_columns"],
        ),
        (
            "enterprise_id,data_date,energy_kwh,energy_kwh\ne1,2020-02-03,1,1\n",
            ["each column once", "'energy_kwh'"],
        ),
        (GOOD.replace(",", ";"), ["expected a column 'enterprise_id'", "enterprise_id;data_date"]),
        ("e1,2020-02-03,10.5\ne2,2020-02-03,20\n", ["expected a column 'enterprise_id'", "'e1'"]),
        ("", ["is empty", "csv with columns enterprise_id, data_date, energy_kwh"]),
        ("\ufeff \r\n\n", ["is empty"]),
        ("<!DOCTYPE html>\n<html><body>502 Bad Gateway</body></html>", ["web page"]),
        ("\n  <html><head><title>登录</title></head></html>", ["web page"]),
        (GOOD.encode("utf-16"), ["another encoding", "expected utf-8-sig", "read as utf-16"]),
        (bytes(range(256)) * 8, ["binary data"]),
        (b"PK\x03\x04" + b"\0" * 60, ["zip archive or Excel workbook"]),
        (b"\x1f\x8b\x08" + b"\0" * 60, ["gzip archive"]),
        (HEADER + "e1 2020-02-03 10.5\ne2 2020-02-03 20\n", ["not one row fits", "found 1 fields"]),
    ],
)
def test_a_csv_that_does_not_fit(read_bytes, content: str | bytes, says: list[str]) -> None:
    with pytest.raises(LayoutMismatch) as error:
        read_bytes("power", "canonical", "energy_daily-2020-02-03.csv", content)
    message = one_sentence(error)
    assert message.startswith("energy_daily-2020-02-03.csv")
    for part in says:
        assert part in message


def test_another_encoding_is_named(read_bytes) -> None:
    text = "region_id,name_zh,name_en,level,parent_id,population\n" + "".join(
        f"99{n:04d},临江市第{n}区,,district,990100,1000\n" for n in range(50)
    )
    with pytest.raises(LayoutMismatch, match="expected utf-8-sig, its bytes read as gb18030"):
        read_bytes("reference", "canonical", "regions.csv", text.encode("gb18030"))


def test_a_renamed_column_of_a_publisher_is_matched_to_its_alias(read_bytes) -> None:
    renamed = (SEOUL.replace("승차총승객수", "승차승객수합계") + SEOUL_ROW).encode("cp949")
    with pytest.raises(LayoutMismatch) as error:
        read_bytes("ticketing", "seoul_subway", "CARD_SUBWAY_MONTH_202001.csv", renamed)
    message = one_sentence(error)
    assert "'승차총승객수'" in message
    assert "closest is '승차승객수합계'" in message


def test_two_aliases_at_once_are_ambiguous(read_bytes) -> None:
    both = SEOUL.replace('"등록일자"', '"호선명"') + SEOUL_ROW
    with pytest.raises(LayoutMismatch, match="found both"):
        read_bytes("ticketing", "seoul_subway", "CARD_SUBWAY_MONTH_202001.csv", both)


@pytest.mark.parametrize("cut", [40, -9, -4])
def test_a_truncated_gzip(read_bytes, cut: int) -> None:
    rows = "".join(f"e{n},2020-02-03,{n}\n" for n in range(5_000))
    content = gzip.compress((HEADER + rows).encode())[:cut]
    with pytest.raises(LayoutMismatch, match="not a whole gzip file"):
        read_bytes("power", "canonical", "energy_daily.csv.gz", content)


def test_plain_text_named_gz(read_bytes) -> None:
    with pytest.raises(LayoutMismatch, match="not a whole gzip file"):
        read_bytes("power", "canonical", "energy_daily.csv.gz", GOOD)


def test_a_truncated_parquet(read_bytes) -> None:
    buffer = io.BytesIO()
    pl.DataFrame({"enterprise_id": ["e1"], "data_date": ["2020-02-03"]}).write_parquet(buffer)
    with pytest.raises(LayoutMismatch, match="not a whole Parquet file") as error:
        read_bytes("power", "canonical", "energy_daily.parquet", buffer.getvalue()[:-20])
    one_sentence(error)


def test_a_parquet_with_lists_in_it(read_bytes) -> None:
    buffer = io.BytesIO()
    columns = {"enterprise_id": [["e1"]], "data_date": ["2020-02-03"], "energy_kwh": [1.0]}
    pl.DataFrame(columns).write_parquet(buffer)
    with pytest.raises(LayoutMismatch, match=r"expected plain values.*'enterprise_id'"):
        read_bytes("power", "canonical", "energy_daily.parquet", buffer.getvalue())


def test_a_name_no_pattern_fits(read_bytes) -> None:
    with pytest.raises(LayoutMismatch, match=r"consumption\.csv: expected a file named like"):
        read_bytes("power", "canonical", "consumption.csv", GOOD)


ARCHIVED = """
- pattern: "kwh_.*[.](?:zip|tar[.]gz|tar)"
  format: csv
  archive: {kind}
  members: "(?P<area>[^/]+)/.*[.]csv"
  max_uncompressed_bytes: 100000
  tables:
    energy_daily:
      columns:
        enterprise_id: {{template: "{{enterprise_id}}"}}
        data_date: data_date
        energy_kwh: energy_kwh
"""


def zipped(members: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred(members: dict[str, str], mode: str = "w:gz") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content.encode())
            archive.addfile(info, io.BytesIO(content.encode()))
    return buffer.getvalue()


MANY = {f"north/{n}.csv": GOOD for n in range(30)}


@pytest.mark.parametrize(
    ("kind", "name", "content", "says"),
    [
        ("zip", "kwh_1.zip", zipped(MANY)[:-200], "not a whole zip archive"),
        ("tar", "kwh_1.tar.gz", tarred(MANY)[:-30], "not a whole tar archive"),
        ("tar", "kwh_1.tar", tarred(MANY, "w")[:20_000], "not a whole tar archive"),
        ("tar", "kwh_1.tar.gz", b"hello", "not a whole tar archive"),
        ("zip", "kwh_1.zip", zipped({"../north/a.csv": GOOD}), "climbs out"),
        ("zip", "kwh_1.zip", zipped({"C:\\north\\a.csv": GOOD}), "climbs out"),
        ("tar", "kwh_1.tar.gz", tarred({"/north/a.csv": GOOD}), "climbs out"),
        ("tar", "kwh_1.tar.gz", tarred({"north/../../a.csv": GOOD}), "climbs out"),
        ("zip", "kwh_1.zip", zipped({"north/a.txt": GOOD}), "expected members like"),
        ("zip", "kwh_1.zip", zipped({}), "found nothing"),
        ("zip", "kwh_1.zip", zipped({"north/a.csv": HEADER + "0" * 10**6}), "100,000 bytes"),
        ("tar", "kwh_1.tar.gz", tarred({"n/a.csv": "0" * 10**6}), "100,000 bytes"),
        (
            "zip",
            "kwh_1.zip",
            zipped({"n/a.csv": GOOD, "n/b.csv": GOOD.replace("energy_kwh", "kwh")}),
            "member n/b.csv: expected a column 'energy_kwh'",
        ),
    ],
)
def test_an_archive_that_cannot_be_trusted(
    read_bytes, provider_of, kind: str, name: str, content: bytes, says: str
) -> None:
    provider = provider_of("power", ARCHIVED.format(kind=kind))
    with pytest.raises(LayoutMismatch) as error:
        read_bytes("power", provider, name, content)
    assert says in one_sentence(error)


def test_a_gzip_bomb_stops_at_the_limit(read_bytes, provider_of) -> None:
    files = ARCHIVED.format(kind="gzip").replace('  members: "(?P<area>[^/]+)/.*[.]csv"\n', "")
    provider = provider_of("power", files.replace("kwh_.*[.](?:zip|tar[.]gz|tar)", "k.*[.]gz"))
    with pytest.raises(LayoutMismatch, match="100,000 bytes"):
        read_bytes("power", provider, "k.csv.gz", gzip.compress(b"0" * 10**7))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"data": [{"card_no": "A", "deal_', "cannot be read after 0 records"),
        ('{"rows": []}', "no key 'data'"),
        ('[{"card_no": "A"}]', "expected a JSON object with an array 'data'"),
        ('{"data": [{"card_no": "A"}]}', "expected a column"),
        ("not json", "cannot be read after 0 records"),
    ],
)
def test_json_that_does_not_fit(read_bytes, content: str, says: str) -> None:
    with pytest.raises(LayoutMismatch) as error:
        read_bytes("ticketing", "szt_metro", "page2x100.json", content)
    assert says in one_sentence(error)
