"""One file as a provider drops it: its text table, its encoding, its name."""

from __future__ import annotations

import gzip
import io
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

GZIP_LEVEL = 1


@dataclass(frozen=True)
class Delivery:
    """A dated table as one provider hands it over.

    `frame` has the file's own headers and every value as the text in the file (null: empty).
    `name` holds `{date}` where the file's date goes, written by `date_format`. `key` names the
    columns that tell a row apart in the log of faults. `title` is a line before the header.
    `records` is the number of contract rows where a line holds several.
    """

    feed: str
    table: str
    provider: str
    frame: pl.DataFrame
    name: str
    key: tuple[str, ...]
    date_format: str = "%Y-%m-%d"
    encoding: str = "utf-8"
    title: str | None = None
    records: int | None = None

    @property
    def rows(self) -> int:
        """Contract rows in the file: lines, unless a wide file holds `records` of them."""
        return self.frame.height if self.records is None else self.records

    @property
    def is_compressed(self) -> bool:
        return self.name.endswith(".gz")

    @property
    def first_line(self) -> int:
        """Physical line (from 1) of the first row."""
        return 2 if self.title is None else 3

    def file_name(self, day: date, suffix: str = "") -> str:
        """The name of the file dated `day`; `suffix` goes before the extensions."""
        stem, dot, extensions = self.name.partition(".")
        return stem.replace("{date}", day.strftime(self.date_format)) + suffix + dot + extensions

    def folder(self, landing: Path) -> Path:
        """Where the provider's files go."""
        feed = landing / self.feed
        return feed if self.provider == "canonical" else feed / self.provider

    def content(self, frame: pl.DataFrame | None = None, encoding: str | None = None) -> bytes:
        """The file's bytes, of `frame` in place of the delivery's own and in another `encoding`
        if given."""
        rows = self.frame if frame is None else frame
        encoding = encoding or self.encoding
        if encoding == "utf-8" and self.title is None:
            buffer = io.BytesIO()
            # values hold no comma, and a planted one must stay an extra field: never quote
            rows.write_csv(buffer, quote_style="never")
            data = buffer.getvalue()
        else:
            title = "" if self.title is None else self.title + "\n"
            data = (title + rows.write_csv(quote_style="never")).encode(encoding)
        # no time stamp in the archive: the same city is the same bytes
        return gzip.compress(data, GZIP_LEVEL, mtime=0) if self.is_compressed else data


def as_text(frame: pl.DataFrame) -> pl.DataFrame:
    """Every value as it is written in a canonical file."""
    return frame.select(pl.all().cast(pl.String))


def canonical(
    feed: str, table: str, frame: pl.DataFrame, key: tuple[str, ...], extension: str = "csv"
) -> Delivery:
    """A file with the contract's own column names."""
    return Delivery(feed, table, "canonical", as_text(frame), f"{table}-{{date}}.{extension}", key)


def grid_energy(energy: pl.DataFrame, regions: pl.Series) -> Delivery:
    """`power.energy_daily` as the district utility sends it: GBK, Chinese headers."""
    frame = energy.select(
        pl.col("enterprise_id").alias("用户编号"),
        pl.format("临江第{}号用户", pl.col("enterprise_id").str.slice(1)).alias("用户名称"),
        regions.alias("所属区域"),
        pl.col("data_date").dt.strftime("%Y%m%d").alias("日期"),
        pl.col("energy_kwh").cast(pl.String).alias("用电量(千瓦时)"),
    )
    return Delivery(
        "power", "energy_daily", "linjiang_grid", frame, "企业用电量_{date}.csv",
        ("用户编号", "日期"), date_format="%Y%m%d", encoding="gbk",
    )  # fmt: skip


def mall_footfall(footfall: pl.DataFrame) -> Delivery:
    """`merchant.footfall_daily` as the mall group sends it: a column a venue, 停业 when closed."""
    shown = footfall.select(
        pl.col("data_date").dt.strftime("%Y/%m/%d").alias("日期"),
        "venue_id",
        pl.when("is_open").then(pl.col("visitors").cast(pl.String)).otherwise(pl.lit("停业"))
        .alias("value"),
    )  # fmt: skip
    frame = shown.pivot("venue_id", index="日期", values="value")
    return Delivery(
        "merchant", "footfall_daily", "linjiang_malls", frame, "客流日报-{date}.csv", ("日期",),
        encoding="utf-8-sig", title="临江商管集团客流日报（单位：人次）",
        records=int(footfall["is_open"].sum()),
    )  # fmt: skip
