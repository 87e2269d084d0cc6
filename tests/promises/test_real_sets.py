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


# against the same lunar days of the year before, one closed factory is compared with another
NO_TROUGH = "lunar_aligned"


def troughs(settings: Settings, window: DateWindow) -> dict[tuple[str, str], int]:
    """Days from the lunar new year of the lowest city index, by variant and users."""
    candidate = build(settings, window, run_id=new_run_id())
    with duckdb.connect(str(candidate.database), read_only=True) as con:
        rows = con.execute(
            """SELECT variant, users, arg_min(days_from_lunar_new_year, index_value)
               FROM marts.return_to_work_variants_daily
               WHERE region_id = ? AND industry_code = 'all' AND scale = 'all'
                 AND index_value IS NOT NULL AND variant <> ?
               GROUP BY variant, users""",
            [settings.city_region_id, NO_TROUGH],
        ).fetchall()
        refused = con.execute(
            "SELECT avg(CAST(NOT is_accepted AS INTEGER)) FROM intermediate.int_power__reading"
        ).fetchone()
    # the checks look for broken meters; on a whole set they must find few
    assert refused is not None
    assert refused[0] < 0.005
    return {(variant, users): day for variant, users, day in rows}


def test_tianchi_bottoms_out_at_both_spring_festivals(
    settings: Settings, shared_data: Path
) -> None:
    ingest(
        settings, "power", provider="tianchi", landing=shared_data / "power" / "tianchi",
        run_id=new_run_id(),
    )  # fmt: skip
    found = troughs(settings, DateWindow(date(2016, 1, 20), date(2016, 3, 15)))
    assert {users for _, users in found} == {"all", "without_largest"}
    assert {"dec_mean", "q4_mean", "pre_festival_mean", "winsorised"} <= {name for name, _ in found}
    assert {key: day for key, day in found.items() if abs(day) > 3} == {}
    # nothing was metered before 2015: only the weeks before the festival can be the baseline
    found = troughs(settings, DateWindow(date(2015, 2, 5), date(2015, 3, 25)))
    assert {name for name, _ in found} == {"pre_festival_mean"}
    assert {key: day for key, day in found.items() if abs(day) > 3} == {}
