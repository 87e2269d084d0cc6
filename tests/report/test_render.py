"""What the report says when data are whole, stale, suppressed, or not there at all."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pipelines.errors import NothingToDo
from pipelines.lake import connect, writer
from pipelines.publish import open_release
from pipelines.report import render
from pipelines.settings import Settings
from tests.report.printed import read
from tests.report.small_release import DAY, city_with_release, new_lake, publish


def snapshots(settings: Settings) -> int:
    with connect(settings) as con:
        row = con.execute("SELECT max(snapshot_id) FROM lake.snapshots()").fetchone()
    assert row is not None
    return int(row[0])


EMPTIED = ("return_to_work_daily", "migration_daily", "city_migration_daily",
           "city_inflow_risk_daily", "mobility_return_to_work_daily", "supply_demand_forecast",
           "epidemic_daily", "voucher_campaign_daily", "footfall_daily_summary")  # fmt: skip


@pytest.fixture(scope="module")
def altered(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The same city with three more releases: revised, parts of it gone, empty."""
    settings = city_with_release(tmp_path_factory.mktemp("altered"))
    with writer(settings) as con:
        publish(
            con, 2,
            "UPDATE lake.marts.epidemic_daily SET confirmed = confirmed + 1000;"
            "UPDATE lake.marts.migration_daily SET device_count = NULL,"
            " missing_reason = 'suppressed';"
            "UPDATE lake.marts.city_migration_daily SET device_count = NULL, persons = NULL,"
            " share = NULL, migration_index = NULL, missing_reason = 'suppressed'",
        )  # fmt: skip
        publish(
            con, 3,
            "DELETE FROM lake.marts.epidemic_daily WHERE data_date > '2020-02-01';"
            "DELETE FROM lake.marts.return_to_work_variants_daily WHERE data_date < '2019-12-01'",
        )  # fmt: skip
        publish(con, 4, ";".join(f"DELETE FROM lake.marts.{mart}" for mart in EMPTIED))
    return settings


def test_the_key_points_read_as_a_government_report(reports: dict[str, Path]) -> None:
    text = re.sub(r"<[^>]+>|\s", "", reports["zh"].read_text(encoding="utf-8"))
    assert "2月18日零时至二十四时，全市新增确诊1例，较前一日减少5例；截至2月18日二十四时" in text
    assert re.search(r"复工电力指数[\d.]+，处于“企稳”区间，较前一日提升[\d.]+点", text)
    assert re.search(r"环比提升[\d.]+个百分点", text)
    assert re.search(
        r"员工返岗：在岗员工为上年十二月同类日的[\d.]+%，较前一日提升[\d.]+个百分点", text
    )
    assert "来自高风险地区所在城市的占" in text
    assert "违法" not in text


def test_suppressed_cells_show_a_marker_and_never_a_number(reports: dict[str, Path]) -> None:
    printed = read(reports["zh"])
    row = 2  # the campaign whose redemptions are under k
    assert printed.value("vouchers/campaigns", "redeemed_count", row) == "已抑制"
    assert printed.value("vouchers/campaigns", "issued_count", row) == "300"
    assert printed.value("vouchers/city", "redeemed_count") == "10,525"


def test_a_stale_mart_is_carried_forward_with_its_age(reports: dict[str, Path]) -> None:
    printed = read(reports["zh"])
    assert printed.value("footfall/freshness", "value_date") == "2月17日"
    assert printed.value("footfall/freshness", "age_days") == "1"
    # a day's change cannot be told from a carried value
    changes = [c for c in printed.cells if c.column == "visitors_week_change_pct"]
    assert all(cell.missing for cell in changes)
    english = " ".join(read(reports["en"]).free_text)
    assert "carried forward" in english


def test_every_printed_page_carries_release_cut_off_scope_and_stale_feeds(
    reports: dict[str, Path],
) -> None:
    html = reports["zh"].read_text(encoding="utf-8")
    running = "".join(
        re.findall(r'<t(?:head|foot) class="running".*?</t(?:head|foot)>', html, re.S)
    )
    text = re.sub(r"<[^>]+>|\s", "", running)
    assert "第1号发布" in text
    assert "数据截至2020年2月18日二十四时" in text
    assert "范围：临江市" in text
    assert "手机信令（已过期）" in text
    assert "display: table-header-group" in html


def test_the_report_needs_nothing_from_outside(reports: dict[str, Path]) -> None:
    for path in reports.values():
        html = path.read_text(encoding="utf-8")
        printed = read(path)
        assert not {"script", "link", "img", "iframe"} & set(printed.tags)
        assert all(link.startswith("#") for link in printed.links)
        assert "@import" not in html
        assert "url(" not in html
        assert path.with_name(f"latest.{path.suffixes[-2][1:]}.html").read_text("utf-8") == html


def test_rendering_again_changes_no_byte_and_writes_nothing(
    city: Settings, reports: dict[str, Path]
) -> None:
    before, html = snapshots(city), reports["zh"].read_bytes()
    assert render(city, DAY, release=1, run_id="another") == reports["zh"]
    assert reports["zh"].read_bytes() == html
    assert snapshots(city) == before


def test_a_report_of_an_old_release_ignores_newer_ones(
    altered: Settings, reports: dict[str, Path]
) -> None:
    assert render(altered, DAY, release=1, run_id="test").read_bytes() == reports["zh"].read_bytes()
    newer = render(altered, DAY, release=2, run_id="test")
    assert newer.name == "report-r2.zh.html"
    assert read(newer).value("epidemic/city", "confirmed") == "2,483"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_release_without_any_mart_still_has_a_report(tmp_path: Path, lang: str) -> None:
    settings = new_lake(tmp_path)
    with writer(settings) as con:
        publish(con, 1, "SELECT 1")
    printed = read(render(settings, DAY, lang=lang, run_id="test"))
    not_reported = {"zh": "未报送", "en": "Not reported"}[lang]
    assert printed.free_text.count(not_reported) >= 6
    figures = {c.figure_id for c in printed.cells if c.missing is None}
    assert all(figure_id.startswith("quality/") for figure_id in figures)


def test_without_last_year_the_report_says_so(altered: Settings) -> None:
    printed = read(render(altered, DAY, release=3, run_id="test"))
    assert "没有上年农历同日的数据，不作同比。" in "".join(printed.free_text)


def test_a_day_too_old_to_carry_says_when_the_last_good_one_was(altered: Settings) -> None:
    printed = read(render(altered, DAY, release=3, run_id="test"))
    assert printed.value("epidemic/freshness", "value_date") == "2020年2月1日"
    assert printed.value("epidemic/freshness", "age_days") == "17"


def test_empty_marts_are_not_reported_rather_than_zero(altered: Settings) -> None:
    printed = read(render(altered, DAY, run_id="test"))
    assert printed.free_text.count("未报送") >= 6
    assert not [c for c in printed.cells if c.figure_id == "epidemic/city" and c.missing is None]


def test_all_cells_suppressed_is_not_called_missing(altered: Settings) -> None:
    printed = read(render(altered, DAY, release=2, run_id="test"))
    text = "".join(printed.free_text)
    assert "人口流动当日各单元均未达到公布门槛" in text
    assert not [c for c in printed.cells if c.figure_id == "flows/top_od"]
    assert printed.value("flows/city", "inbound") == "已抑制"


def test_no_release_is_said_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(NothingToDo, match="no release to report on yet"):
        render(new_lake(tmp_path), DAY, run_id="test")


def test_the_release_sees_no_report_of_itself(city: Settings, reports: object) -> None:
    """Reports are written after the release; its pinned state must not change with them."""
    with open_release(city, 1) as con:
        row = con.execute("SELECT count(*) FROM lake.ops.reports").fetchone()
    assert row == (0,)


@pytest.mark.slow
@pytest.mark.service
def test_every_page_of_the_print_names_release_cut_off_scope_and_feeds(
    reports: dict[str, Path], tmp_path: Path
) -> None:
    browser, reader = shutil.which("chromium"), shutil.which("pdftotext")
    if browser is None or reader is None:
        pytest.skip("needs chromium and pdftotext")
    pdf = tmp_path / "report.pdf"
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
    subprocess.run(
        [*command, f"--print-to-pdf={pdf}", reports["zh"].as_uri()], check=True, capture_output=True
    )
    text = subprocess.run([reader, "-raw", pdf, "-"], check=True, capture_output=True).stdout
    pages = text.decode().split("\f")[:-1]
    assert len(pages) > 3
    for page in pages:
        squeezed = re.sub(r"\s", "", page)
        for running in ("第1号发布", "数据截至2020年2月18日", "范围：临江市", "手机信令（已过期）"):
            assert running in squeezed
