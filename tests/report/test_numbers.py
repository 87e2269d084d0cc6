"""Every printed number is a kept query's result on the pinned release."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest

from pipelines.lake import connect
from pipelines.publish import open_release
from pipelines.report.figures import all_figures
from pipelines.settings import Settings
from tests.report.printed import Cell, read
from tests.report.small_release import DAY

TEMPLATES = Path(__file__).parents[2] / "pipelines" / "report" / "templates"
MONTHS = "January February March April May June July August September October November December"


def kept_queries(city: Settings, lang: str) -> dict[str, tuple[str, str]]:
    with connect(city) as con:
        rows = con.execute(
            "SELECT figure_id, query, value_json FROM lake.ops.reports "
            "WHERE release = 1 AND data_date = ? AND language = ?",
            [DAY, lang],
        ).fetchall()
    return {row[0]: (row[1], row[2]) for row in rows}


def number_in(text: str) -> float:
    return float(text.replace(",", "").replace("−", "-").replace("+", ""))


def day_in(text: str, year: int) -> date:
    chinese = re.fullmatch(r"(?:(\d+)年)?(\d+)月(\d+)日", text)
    if chinese:
        return date(int(chinese[1] or year), int(chinese[2]), int(chinese[3]))
    day, month, *rest = text.split()
    return date(int(rest[0]) if rest else year, MONTHS.split().index(month) + 1, int(day))


def assert_printed(cell: Cell, value: object) -> None:
    """The text is the value, to the last digit shown. Written without the report's own formats."""
    if cell.missing is not None:
        assert value is None, cell
        assert not re.search(r"\d", cell.text), cell
    elif isinstance(value, int | float) and not (cell.format or "").startswith(("text", "label")):
        expected = 100 * value if cell.format == "share" else value
        if cell.format and cell.format.endswith("magnitude"):
            expected = abs(expected)
        decimals = len(cell.text.partition(".")[2])
        assert number_in(cell.text) == pytest.approx(expected, abs=0.5 * 10**-decimals + 1e-9), cell
    elif cell.format in ("day", "long_day"):
        shown = date.fromisoformat(str(value))
        assert day_in(cell.text, shown.year) == shown, cell
    elif cell.format == "instant":
        assert cell.text == "2020-02-19 09:30"
    elif cell.format == "text":
        assert cell.text == value, cell
    else:
        assert cell.text, cell


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_printed_number_is_its_query_rerun_on_the_release(
    city: Settings, reports: dict[str, Path], lang: str
) -> None:
    cells = read(reports[lang]).cells
    kept = kept_queries(city, lang)
    assert len(cells) > 300
    assert set(kept) == set(all_figures())
    with open_release(city, 1) as con:
        for figure_id in {cell.figure_id for cell in cells}:
            cursor = con.execute(kept[figure_id][0])
            names = [column[0] for column in cursor.description or []]
            rows = cursor.fetchall()
            for cell in cells:
                if cell.figure_id != figure_id:
                    continue
                column = cell.column if cell.column in names else f"{cell.column}_{lang}"
                value = rows[cell.row][names.index(column)]
                assert_printed(cell, float(value) if hasattr(value, "as_tuple") else value)


def test_the_kept_values_are_what_the_kept_queries_give(city: Settings, reports: object) -> None:
    with open_release(city, 1) as con:
        for figure_id, (query, value_json) in kept_queries(city, "zh").items():
            assert len(con.execute(query).fetchall()) == len(json.loads(value_json)), figure_id


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_number_is_printed_outside_a_figure(reports: dict[str, Path], lang: str) -> None:
    bare = [text for text in read(reports[lang]).free_text if re.search(r"\d", text)]
    assert bare == []


def test_no_template_holds_a_number() -> None:
    for path in TEMPLATES.rglob("*.html"):
        text = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        text = re.sub(r"<[^<>]*>", "", re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", text, flags=re.DOTALL))
        assert not re.search(r"\d", text), path.name


def test_every_figure_works_on_the_marts_dbt_declares(
    city: Settings, reports: dict[str, Path]
) -> None:
    printed = read(reports["zh"])
    assert "无法取得" not in printed.text
    empty = {name for name, (_, value) in kept_queries(city, "zh").items() if value == "[]"}
    assert empty == {"quality/corrections"}


def test_every_source_mark_leads_to_a_kept_query(reports: dict[str, Path]) -> None:
    printed = read(reports["zh"])
    anchors = [link.removeprefix("#") for link in printed.links]
    assert len(anchors) > 30
    assert set(anchors) <= printed.ids


def test_district_rows_add_up_to_the_printed_total(
    city: Settings, reports: dict[str, Path]
) -> None:
    rows = json.loads(kept_queries(city, "zh")["epidemic/districts"][1])
    total = next(row for row in rows if row["is_total"])
    for column in ("new_confirmed", "confirmed", "cured", "dead", "active"):
        assert sum(row[column] for row in rows if not row["is_total"]) == total[column]
