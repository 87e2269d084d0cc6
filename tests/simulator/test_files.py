"""Files are what the contracts and the dirty providers say they are."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipelines.dates import DateWindow
from pipelines.feeds.contract import all_feeds
from pipelines.simulator import simulate

DAY = date(2019, 12, 15)  # a Sunday within a campaign's validity: every table has a file


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("clean")
    window = DateWindow(date(2019, 12, 10), DAY)
    return simulate(out, window, people=2000, seed=5, faults="none") / "landing"


def tables() -> list[tuple[str, str]]:
    return [
        (feed.name, table)
        for feed in all_feeds().values()
        for table in feed.tables
        if table != "calendar"  # made by ingest
    ]


@pytest.mark.parametrize(("feed", "table"), tables())
def test_canonical_files_have_the_contracts_columns(clean: Path, feed: str, table: str) -> None:
    contract = all_feeds()[feed].tables[table]
    files = sorted((clean / feed).glob(f"{table}*.csv*"))
    assert files, f"no file of {feed}.{table}"
    rows = pl.read_csv(files[-1], infer_schema=False)
    assert rows.columns == [column.name for column in contract.columns]
    for column in contract.columns:
        values = rows[column.name]
        if column.required:
            assert values.null_count() == 0, column.name
        if column.allowed:
            assert set(values.drop_nulls()) <= set(column.allowed), column.name
        if column.minimum is not None or column.maximum is not None:
            numbers = values.drop_nulls().cast(pl.Float64)
            if len(numbers):
                assert numbers.min() >= (column.minimum if column.minimum is not None else -1e18)
                assert numbers.max() <= (column.maximum if column.maximum is not None else 1e18)
    assert rows.select(pl.struct(contract.key).is_duplicated().sum()).item() == 0


def test_the_grids_file_is_gbk_with_chinese_headers(clean: Path) -> None:
    content = (clean / "power" / "linjiang_grid" / "企业用电量_20191215.csv").read_bytes()
    rows = pl.read_csv(io.BytesIO(content.decode("gbk").encode()), infer_schema=False)
    assert rows.columns == ["用户编号", "用户名称", "所属区域", "日期", "用电量(千瓦时)"]
    assert set(rows["日期"]) == {"20191215"}
    assert set(rows["所属区域"]) <= {"990105", "990106"}
    with pytest.raises(UnicodeDecodeError):
        content.decode("utf-8")


def test_grid_and_canonical_share_the_enterprises(clean: Path) -> None:
    canonical = pl.read_csv(clean / "power" / f"energy_daily-{DAY}.csv")
    grid = (clean / "power" / "linjiang_grid" / "企业用电量_20191215.csv").read_text("gbk")
    metered = {line.split(",")[0] for line in grid.splitlines()[1:]}
    everyone = set(pl.read_csv(clean / "power" / "enterprises.csv")["enterprise_id"])
    assert set(canonical["enterprise_id"]) | metered == everyone
    assert not set(canonical["enterprise_id"]) & metered


def test_the_malls_file_is_wide(clean: Path) -> None:
    text = (clean / "merchant" / "linjiang_malls" / f"客流日报-{DAY}.csv").read_text("utf-8-sig")
    title, header, row = text.splitlines()
    assert title == "临江商管集团客流日报（单位：人次）"
    columns = header.split(",")
    assert columns[0] == "日期"
    assert all(name.startswith("V") for name in columns[1:])
    assert row.startswith("2019/12/15,")
    canonical = pl.read_csv(clean / "merchant" / f"footfall_daily-{DAY}.csv")
    assert not set(canonical["venue_id"]) & set(columns[1:])


def test_days_of_events_are_local_and_even(clean: Path) -> None:
    events = pl.read_csv(clean / "signaling" / f"events-{DAY}.csv.gz", infer_schema=False)
    assert events["event_at"].str.starts_with("2019-12-15T").all()
    assert events["event_at"].str.ends_with("+08:00").all()
    per_device = events.group_by("device_id").len()["len"]
    assert 25 < per_device.mean() < 35
