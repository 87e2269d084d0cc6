"""Formats, wording by sign, and the geometry of charts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipelines.ingest.codes import RowCode
from pipelines.report.charts import Series, nice_ticks, ranked_chart, time_chart
from pipelines.report.figures import (
    Figure,
    FigureError,
    FigureResult,
    Header,
    Row,
    Text,
    all_figures,
    bind,
    read_figures,
)
from pipelines.report.page import Page
from pipelines.report.values import FORMATS, format_value, labels


def result(rows: list[Row]) -> FigureResult:
    header = Header(kind="figure", title=Text(zh="图", en="figure"))
    return FigureResult(Figure("a/b", header, "SELECT 1"), "SELECT 1", rows)


def page(rows: list[Row]) -> Page:
    return Page({"a/b": result(rows)}, "zh")


@pytest.mark.parametrize(
    ("value", "format_name", "zh", "en"),
    [
        (1234567, "integer", "1,234,567", "1,234,567"),
        (-0.001, "two_decimals", "0.00", "0.00"),
        (-3.14, "one_decimal", "−3.1", "−3.1"),
        (0.7012, "share", "70.1", "70.1"),
        (2.2, "signed_integer", "+2", "+2"),
        (0.004, "signed_two_decimals", "0.00", "0.00"),
        (-2.5, "two_decimals_magnitude", "2.50", "2.50"),
        ("2020-02-08", "day", "2月8日", "8 February"),
        ("2020-02-08", "long_day", "2020年2月8日", "8 February 2020"),
        ("2020-02-18 16:30:00", "instant", "2020-02-19 00:30", "2020-02-19 00:30"),
        ("C", "label:industry", "制造业", "Manufacturing"),
        ("ZZ", "label:industry", "ZZ", "ZZ"),
    ],
)
def test_formats(value: object, format_name: str, zh: str, en: str) -> None:
    assert format_value(value, format_name, "zh") == zh
    assert format_value(value, format_name, "en") == en


@pytest.mark.parametrize(
    ("change", "direction"),
    [(0.01, "up"), (-0.01, "down"), (0.004, "same"), (0, "same"), (None, "unknown")],
)
def test_wording_follows_the_number_as_printed(change: float | None, direction: str) -> None:
    assert page([{"change": change}]).direction("a/b", "change", "two_decimals") == direction


def test_a_missing_value_says_why_and_shows_no_digit() -> None:
    shown = page([{"n": None, "missing_reason": "suppressed"}, {"n": None}])
    assert ">已抑制<" in shown.cell("a/b", "n")
    assert ">—<" in shown.cell("a/b", "n", row=1)
    assert ">未报送<" in shown.cell("a/b", "n", row=7)


def test_a_template_that_asks_for_an_unknown_column_fails() -> None:
    with pytest.raises(FigureError, match="asks for 'm', the figure has n"):
        page([{"n": 1}]).cell("a/b", "m")


def test_text_from_data_cannot_become_markup() -> None:
    cell = page([{"n": "<script>"}]).cell("a/b", "n", "text")
    assert "<script>" not in cell
    assert "&lt;script&gt;" in cell


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 98, [0, 25, 50, 75, 100]),
        (0, 0, [0, 0.25, 0.5, 0.75, 1.0]),
        (-2, 7, [-2.5, 0, 2.5, 5, 7.5]),
    ],
)
def test_ticks_are_round_and_cover_the_values(low: float, high: float, ticks: list[float]) -> None:
    found = nice_ticks(low, high)
    assert found[0] <= low
    assert found[-1] >= high
    if low != high:
        assert found == pytest.approx(ticks)


def test_a_line_breaks_where_a_day_is_missing() -> None:
    rows: list[Row] = [
        {"d": f"2020-02-{day:02}", "n": None if day == 3 else day} for day in range(1, 6)
    ]
    chart = time_chart(result(rows), "d", [Series("n", "n", "line-main")], language="zh")
    assert chart is not None
    assert chart.lines[0].path.count("M") == 2
    assert [tick.text for tick in chart.x_ticks][-1] == "2/5"
    assert chart.lines[0].end is not None
    assert chart.lines[0].end.row == 4


def test_a_bar_that_dwarfs_the_others_is_cut() -> None:
    rows: list[Row] = [{"name": name, "n": n} for name, n in [("a", 2), ("b", 10), ("c", 274)]]
    chart = ranked_chart(result(rows), "n", language="zh")
    assert chart is not None
    assert [bar.is_cut for bar in chart.bars] == [False, False, True]
    assert chart.bars[2].length == pytest.approx(1.5 * chart.bars[1].length, abs=0.1)


def test_a_chart_without_values_is_none() -> None:
    rows: list[Row] = [{"d": "2020-02-01", "n": None}]
    assert time_chart(result(rows), "d", [Series("n", "n", "line-main")], language="zh") is None


def test_every_figure_has_known_formats_and_labels() -> None:
    assert len(all_figures()) > 30
    for figure in all_figures().values():
        assert (figure.header.kind == "table") == bool(figure.header.columns), figure.id
        for column in figure.header.columns.values():
            group = column.format.removeprefix("label:")
            assert column.format in FORMATS or group in labels(), figure.id


def test_every_code_of_quarantine_has_a_name() -> None:
    assert set(RowCode) <= set(labels()["quarantine"])


def test_queries_read_published_data_only() -> None:
    for figure in all_figures().values():
        for name in re.findall(r"(?:FROM|JOIN)\s+(lake\.\w+|\w+\.\w+)", figure.sql):
            assert name.split(".")[0] == "lake", figure.id
        assert not re.search(r"\b(now|current_date|today)\s*\(", figure.sql), figure.id


def test_a_figure_file_without_its_header_is_named(tmp_path: Path, monkeypatch: object) -> None:
    (tmp_path / "x.sql").write_text("SELECT 1", encoding="utf-8")
    from pipelines.report import figures

    monkeypatch.setattr(figures, "QUERIES_FOLDER", tmp_path)  # type: ignore[attr-defined]
    with pytest.raises(FigureError, match="must begin with a YAML header"):
        read_figures(tmp_path / "x.sql")


def test_an_unknown_parameter_is_named() -> None:
    header = Header(kind="figure", title=Text(zh="图", en="figure"))
    with pytest.raises(FigureError, match=r"uses \$nothing"):
        bind(Figure("a/b", header, "SELECT $nothing"), {"data_date": "DATE '2020-02-18'"})
