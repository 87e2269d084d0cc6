"""Promises on releases: readers never see a mixture, and a killed publish leaves one whole."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from pipelines.dates import DateWindow
from pipelines.publish import export_missing, open_release, publish, releases
from pipelines.settings import PROJECT_ROOT, Settings
from tests.gate.small_candidate import DAY, lake_with, make_candidate, passed

ONE_DAY = DateWindow(DAY, DAY)

# what each mart of the hand-made city says its number is
NUMBERS = """
SELECT 'epidemic_daily' AS mart, confirmed - 100 AS number FROM epidemic_daily
UNION SELECT 'footfall_daily_summary', visitors - 1000 FROM footfall_daily_summary
UNION SELECT 'migration_daily', (device_count - 100) / 10 FROM migration_daily
  WHERE device_count > 0
UNION SELECT 'price_leads', price_cny - 20 FROM price_leads
UNION SELECT 'supply_demand_forecast', demand_units - 10 FROM supply_demand_forecast
UNION SELECT 'voucher_campaign_daily', (issued_count - 5000) / 10 FROM voucher_campaign_daily
  WHERE issued_count > 0
UNION SELECT 'return_to_work_daily', recovery_rate_pct * 10 - 500 FROM return_to_work_daily
  WHERE region_id = '990101' AND industry_code = 'C' AND scale = 'above'
UNION SELECT 'return_to_work_variants_daily', recovery_rate_pct * 10 - 500
  FROM return_to_work_variants_daily WHERE region_id = '990101' AND industry_code = 'C'
"""

READER = f"""
import json, sys
from pathlib import Path
from pipelines.publish import open_release
from pipelines.settings import Settings
settings, stop = Settings(home=Path(sys.argv[1]), threads=1), Path(sys.argv[2])
seen, reads = set(), 0
while not stop.exists() or not reads:
    with open_release(settings) as con:
        # one statement a mart: a mixture would show between them
        numbers = {{float(row[1]) for part in {NUMBERS!r}.split("UNION ")
                    for row in con.execute(part).fetchall()}}
        released = con.execute("SELECT max(release) FROM ops.releases").fetchone()[0]
    assert len(numbers) == 1, numbers
    assert numbers == {{released - 1}}, (numbers, released)
    seen |= numbers
    reads += 1
print(json.dumps({{"reads": reads, "seen": sorted(seen)}}))
"""

PUBLISHER = """
import sys
from datetime import date
from pathlib import Path
from pipelines.build import find_candidate
from pipelines.gate import last_result
from pipelines.publish import publish
from pipelines.settings import Settings
settings = Settings(home=Path(sys.argv[1]), threads=2)
candidate = find_candidate(settings)
print("ready", flush=True)
publish(settings, candidate, last_result(candidate), run_id="killed")
"""


def _start(script: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=PROJECT_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _publish(settings: Settings, number: int) -> None:
    candidate = make_candidate(settings, ONE_DAY, number)
    publish(settings, candidate, passed(candidate), run_id=f"run-{number}")


@pytest.mark.parametrize(
    "count", [5, pytest.param(20, marks=[pytest.mark.slow, pytest.mark.timeout(1500)])]
)
def test_readers_see_no_mixture_while_releases_are_published(tmp_path: Path, count: int) -> None:
    settings = lake_with(tmp_path, ONE_DAY)
    stop = tmp_path / "stop"
    readers = [_start(READER, tmp_path, stop) for _ in range(2)]
    for number in range(1, count + 1):
        _publish(settings, number)
    stop.touch()
    for reader in readers:
        out, err = reader.communicate(timeout=300)
        assert reader.returncode == 0, err
        report = json.loads(out.splitlines()[-1])  # DuckDB may show progress before it
        assert report["reads"] >= 1
    assert releases(settings)[0].release == count + 1


@pytest.mark.parametrize("trials", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_killed_publish_leaves_old_or_new_whole_and_a_rerun_finishes(
    tmp_path: Path, trials: int
) -> None:
    settings = lake_with(tmp_path, ONE_DAY)
    random_ = random.Random(trials)
    longest = _publishing_seconds(settings)
    for number in range(2, trials + 2):
        candidate = make_candidate(settings, ONE_DAY, number)
        passed(candidate)
        process = _start(PUBLISHER, tmp_path)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(random_.uniform(0, longest))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert _number(settings) in ({number - 1}, {number})
        release = publish(settings, candidate, passed(candidate), run_id="rerun")
        assert _number(settings) == {number}
        assert release.release == number + 1
        exported = settings.path(settings.exports_dir) / f"marts-{release.release}.duckdb"
        with duckdb.connect(str(exported), read_only=True) as con:
            con.execute("USE marts")
            assert {float(row[1]) for row in con.execute(NUMBERS).fetchall()} == {number}
    assert export_missing(settings) == []


def _publishing_seconds(settings: Settings) -> float:
    started = time.monotonic()
    _publish(settings, 1)
    return time.monotonic() - started


def _number(settings: Settings) -> set[float]:
    with open_release(settings) as con:
        rows = con.execute(NUMBERS).fetchall()
        (release,) = con.execute("SELECT max(release) FROM ops.releases").fetchall()[0]
    numbers = {float(row[1]) for row in rows}
    assert numbers == {release - 1}
    return numbers
