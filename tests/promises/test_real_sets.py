"""Real files of real publishers through the real pipeline, from archive to mart."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from pipelines import lake
from pipelines.build import build
from pipelines.dates import DateWindow
from pipelines.ingest import ingest
from pipelines.outcomes import new_run_id
from pipelines.settings import Settings

pytestmark = pytest.mark.slow

# provider -> folder of its files below the real data
REAL_SETS = {
    ("power", "tianchi"): "power/tianchi",
    ("ticketing", "seoul_subway"): "ticketing/seoul_subway",
    ("ticketing", "szt_metro"): "ticketing/szt_sample",
    ("signaling", "geolife"): "signaling",
    ("merchant", "koubei"): "merchant/koubei",
    ("merchant", "xinfadi"): "merchant/xinfadi",
    ("voucher", "o2o"): "voucher/o2o",
    ("voucher", "completejourney"): "voucher/completejourney",
    ("epidemic", "daily_report"): "reference/epidemic/daily",
}
LUNAR_NEW_YEAR_2016 = date(2016, 2, 8)


@pytest.mark.parametrize(("feed", "provider"), REAL_SETS, ids=lambda part: part)
def test_a_real_set_is_ingested_whole(
    feed: str, provider: str, settings: Settings, shared_data: Path
) -> None:
    landing = shared_data / REAL_SETS[feed, provider]
    outcomes = ingest(settings, feed, provider=provider, landing=landing, run_id=new_run_id())
    assert outcomes
    assert {outcome.status for outcome in outcomes} == {"ok"}
    assert all(outcome.rows_accepted > 0 for outcome in outcomes)
    with lake.connect(settings) as con:
        for table in {outcome.table_name for outcome in outcomes}:
            accepted = sum(o.rows_accepted for o in outcomes if o.table_name == table)
            stored = con.execute(f"SELECT count(*) FROM lake.bronze.{table}").fetchone()
            assert stored == (accepted,)


def trough(settings: Settings, window: DateWindow) -> tuple[date, int]:
    """The day of the lowest city index in the window, and its days from the lunar new year."""
    candidate = build(settings, window, run_id=new_run_id())
    with duckdb.connect(str(candidate.database), read_only=True) as con:
        row = con.execute(
            """SELECT data_date, days_from_lunar_new_year
               FROM marts.return_to_work_variants_daily
               WHERE region_id = ? AND industry_code = 'all' AND scale = 'all'
                 AND users = 'all' AND variant = 'pre_festival_mean' AND index_value IS NOT NULL
               ORDER BY index_value LIMIT 1""",
            [settings.city_region_id],
        ).fetchone()
    assert row is not None
    return row


def test_tianchi_bottoms_out_at_both_spring_festivals(
    settings: Settings, shared_data: Path
) -> None:
    ingest(
        settings, "power", provider="tianchi", landing=shared_data / "power" / "tianchi",
        run_id=new_run_id(),
    )  # fmt: skip
    day, _ = trough(settings, DateWindow(date(2016, 1, 20), date(2016, 3, 15)))
    assert abs((day - LUNAR_NEW_YEAR_2016).days) <= 3
    _, lunar_day_2015 = trough(settings, DateWindow(date(2015, 2, 5), date(2015, 3, 25)))
    assert abs(lunar_day_2015) <= 3
