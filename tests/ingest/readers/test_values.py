"""Values: what text means in a contract type, and what it does not."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import polars as pl
import pytest

from pipelines.feeds.contract import Column
from pipelines.ingest.providers import ColumnSource
from pipelines.ingest.readers.values import from_native, from_text


def column(duckdb_type: str) -> Column:
    return Column("c", duckdb_type, "a column", required=False, is_identifier=False)


def parsed(duckdb_type: str, texts: list[str | None], **source: object) -> list[object]:
    parse = from_text(column(duckdb_type), ColumnSource.model_validate({"from": "c", **source}))
    frame = pl.LazyFrame({"c": texts}, schema={"c": pl.String})
    return frame.select(parse(pl.col("c"))).collect(engine="streaming")["c"].to_list()


def at(*parts: int) -> datetime:
    return datetime(*parts)  # noqa: DTZ001 (instants are stored as UTC without a zone)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020-02-03T08:15:00+08:00", at(2020, 2, 3, 0, 15)),
        ("2020-02-03T08:15:00Z", at(2020, 2, 3, 8, 15)),
        ("2020-02-03T08:15:00.25+08:00", at(2020, 2, 3, 0, 15, 0, 250_000)),
        ("2020-02-03T08:15:00+0800", at(2020, 2, 3, 0, 15)),
        ("2020-02-03T08:15:00-03:30", at(2020, 2, 3, 11, 45)),
        ("2020-02-03T08:15:00", at(2020, 2, 3, 0, 15)),
        ("2020-02-03 08:15:00.5", at(2020, 2, 3, 0, 15, 0, 500_000)),
        ("2020-02-03 08:15", at(2020, 2, 3, 0, 15)),
        ("2020-02-03", at(2020, 2, 2, 16)),
        ("1988-07-01 00:00:00", at(1988, 6, 30, 15)),  # summer time in Shanghai
        ("2020-02-30T08:15:00+08:00", None),
        ("2020-02-03T25:00:00+08:00", None),
        ("yesterday", None),
    ],
)
def test_instants_become_utc(text: str, expected: datetime | None) -> None:
    assert parsed("TIMESTAMP", [text]) == [expected]
    # and beside the usual form, whichever comes first
    usual, utc = "2020-02-03T08:15:00+08:00", at(2020, 2, 3, 0, 15)
    assert parsed("TIMESTAMP", [usual, None, text]) == [utc, None, expected]
    assert parsed("TIMESTAMP", [None, text, usual]) == [None, expected, utc]


def test_one_offset_or_several() -> None:
    texts = ["2020-02-03T08:15:00+08:00", "2020-02-03T08:15:00+09:00"]
    assert parsed("TIMESTAMP", texts) == [at(2020, 2, 3, 0, 15), at(2020, 2, 2, 23, 15)]


def test_other_zones_and_formats() -> None:
    how = {"formats": "%d.%m.%Y %H:%M", "timezone": "Europe/Berlin"}
    texts = ["03.02.2020 08:15", "03.07.2020 08:15", "29.03.2020 02:30", "2020-02-03 08:15"]
    expected = [at(2020, 2, 3, 7, 15), at(2020, 7, 3, 6, 15), None, None]
    assert parsed("TIMESTAMP", texts, **how) == expected


def test_dates() -> None:
    texts = ["2020-02-29", "20200229", "2020/2/9", "2019-02-29", "29.02.2020", None]
    day = date(2020, 2, 29)
    assert parsed("DATE", texts) == [day, day, date(2020, 2, 9), None, None, None]
    midnights = ["2020-02-29 00:00:00", "2020-02-29T00:00:00", "2020-02-29 08:00:00"]
    assert parsed("DATE", midnights) == [day, day, None]


def test_integers_are_whole() -> None:
    texts = ["12", "1958.0", "-3", "12.5", "1e3", "", "twelve", "99999999999999999999"]
    assert parsed("BIGINT", texts) == [12, 1958, -3, None, None, None, None, None]
    assert parsed("BIGINT", ["1.5", "2.25"], factor=2) == [3, None]


def test_numbers_are_finite() -> None:
    texts = ["1.5", "-0", "nan", "inf", "1e400", "1,5", None]
    assert parsed("DOUBLE", texts) == [1.5, 0.0, None, None, None, None, None]
    assert parsed("DOUBLE", ["0.9"], factor=-1, plus=1) == [0.1]


def test_decimals_are_exact() -> None:
    texts = ["1234.56", "0.1", "5", "nan", "x", "9" * 20]
    expected = [Decimal("1234.56"), Decimal("0.1"), Decimal(5), None, None, None]
    assert parsed("DECIMAL(18,3)", texts) == expected
    assert parsed("DECIMAL(18,4)", ["665", "1"], factor=0.01) == [Decimal("6.65"), Decimal("0.01")]


def test_booleans_in_words() -> None:
    texts = ["true", "False", "1", "0", "是", "否", "maybe"]
    assert parsed("BOOLEAN", texts) == [True, False, True, False, True, False, None]


def test_value_maps_and_patterns_leave_the_rest_unread() -> None:
    values = {"开": True, "关": False}
    assert parsed("BOOLEAN", ["开", "关", "休"], values=values) == [True, False, None]
    pattern = r"^(\d+)kg$"
    assert parsed("DECIMAL(18,3)", ["25kg", "25"], pattern=pattern) == [Decimal(25), None]


@pytest.mark.parametrize(
    ("duckdb_type", "series", "expected"),
    [
        ("BIGINT", pl.Series([1.0, 2.5, None]), [1, None, None]),
        ("BIGINT", pl.Series([3, 4], dtype=pl.UInt8), [3, 4]),
        ("VARCHAR", pl.Series([7.0, 7.5]), ["7", "7.5"]),
        ("VARCHAR", pl.Series([105]), ["105"]),
        ("DECIMAL(18,3)", pl.Series([0.1, float("inf")]), [Decimal("0.1"), None]),
        ("BOOLEAN", pl.Series([1, 0]), [True, False]),
        ("DATE", pl.Series([at(2020, 2, 3, 23)]), [date(2020, 2, 3)]),
        (
            "DATE",
            pl.Series([at(2020, 2, 3, 23)]).dt.replace_time_zone("UTC"),
            [date(2020, 2, 4)],
        ),
        ("TIMESTAMP", pl.Series([date(2020, 2, 3)]), [at(2020, 2, 2, 16)]),
        (
            "TIMESTAMP",
            pl.Series([at(2020, 2, 3, 8)]).dt.replace_time_zone("Asia/Tokyo"),
            [at(2020, 2, 2, 23)],
        ),
        ("DATE", pl.Series([20200203]), [date(2020, 2, 3)]),
    ],
)
def test_native_values(duckdb_type: str, series: pl.Series, expected: list[object]) -> None:
    parse = from_native(
        column(duckdb_type), ColumnSource.model_validate({"from": "c"}), series.dtype
    )
    frame = pl.LazyFrame({"c": series}).select(parse(pl.col("c")))
    assert frame.collect(engine="streaming")["c"].to_list() == expected
