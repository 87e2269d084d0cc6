"""A partition depends on the set of files alone: not on order, runs, chunks, buckets or kills."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.ingest import config, replay
from tests.ingest.conftest import City, forget_feeds, power_csv

# rows of two days, corrected, repeated and late in several files; one file is broken
FILES = {
    "energy_daily-2020-02-10.csv": power_csv(
        *((f"E{n}", "2020-02-10", n) for n in range(40)), ("E1", "2020-02-10", -1)
    ),
    "energy_daily-2020-02-11.csv": power_csv(
        *((f"E{n}", "2020-02-11", n) for n in range(40)),
        *((f"E{n}", "2020-02-10", n + 0.5) for n in range(0, 40, 3)),
    ),
    "energy_daily-2020-02-11-again.csv": power_csv(
        *((f"E{n}", "2020-02-11", n + 7) for n in range(20, 60)), ("E3", "2020-02-12", "x")
    ),
    "energy_daily-2020-02-12.csv": power_csv(
        *((f"E{n}", "2020-02-12", n) for n in range(40)), ("E5", "2020-02-10", 55)
    ),
    "energy_daily-2020-02-13.csv": "<html>",
}
EVENTS = "device_id,event_at,cell_id\n" + "".join(
    f"13800000{n % 500:03d},2020-02-{10 + n % 3} 0{n % 10}:00:00,c{n % 7}\n" for n in range(3000)
)


def hashes(city: City) -> list[object]:
    return [city.content("bronze.energy_daily"), city.content("quarantine.rows")]


def test_one_by_one_in_any_order_equals_all_at_once(city: City, another_city: City) -> None:
    for name, text in FILES.items():
        city.land("power", name, text)
    city.ingest("power")
    shuffled = list(FILES)
    random.Random(3).shuffle(shuffled)
    for name in shuffled:
        another_city.land("power", name, FILES[name])
        another_city.ingest("power")
    assert hashes(another_city) == hashes(city)
    assert city.content("bronze.energy_daily").row_count == 40 + 60 + 40


ENERGY = power_csv(*((f"E{n}", f"2020-02-{10 + n % 3}", n) for n in range(3000)))


def test_replaying_everything_changes_nothing(city: City) -> None:
    for name, text in FILES.items():
        city.land("power", name, text)
    city.ingest("power")
    before = hashes(city)
    replay(city.settings, "power", run_id="again")
    assert hashes(city) == before


def test_a_copy_with_an_earlier_name_does_not_decide_by_arrival(
    city: City, another_city: City
) -> None:
    early, late = power_csv(("E1", "2020-02-10", 1)), power_csv(("E1", "2020-02-10", 2))
    for one, order in ((city, ("a", "b", "c")), (another_city, ("c", "b", "a"))):
        texts = {"a": early, "b": late, "c": early}
        for name in order:
            one.land("power", f"energy_daily-{name}.csv", texts[name])
            one.ingest("power")
    assert hashes(city)[0] == hashes(another_city)[0]


@pytest.mark.parametrize("distinct_share", [0.01, 1.0], ids=["in place", "looked up"])
@pytest.mark.parametrize(
    ("bucket_bytes", "bucket_rows"), [(9_000, 300), (60_000, 150), (60_000, 10**9)]
)
def test_buckets_do_not_change_content(
    city: City,
    another_city: City,
    monkeypatch: pytest.MonkeyPatch,
    bucket_bytes: int,
    bucket_rows: int,
    distinct_share: float,
) -> None:
    """Files cut into as many buckets as the partition, into fewer, and each into its own number."""

    def take(one: City) -> None:
        more = EVENTS[:5000].rsplit("\n", 1)[0] + "\n"
        one.land("signaling", "events.csv", EVENTS)
        one.land("signaling", "events-more.csv", more)
        one.land("power", "energy_daily.csv", ENERGY)
        one.ingest("signaling")
        one.ingest("power")

    take(city)
    small = config.ingest_config().model_copy(
        update={
            "bucket_bytes": bucket_bytes,
            "bucket_rows": bucket_rows,
            "lookup_distinct_share": distinct_share,
        }
    )
    monkeypatch.setattr("pipelines.ingest.engine.ingest_config", lambda: small)
    monkeypatch.setattr("pipelines.ingest.merge.ingest_config", lambda: small)
    take(another_city)
    for table in ("bronze.events", "bronze.energy_daily"):
        assert another_city.content(table) == city.content(table)
        assert city.content(table).row_count > 0


def test_a_new_contract_version_takes_the_files_again(city: City, own_feeds: Path) -> None:
    for name, text in FILES.items():
        city.land("power", name, text)
    city.ingest("power")
    before = city.content("bronze.energy_daily")
    contract = own_feeds / "power" / "contract.yaml"
    contract.write_text(
        contract.read_text()
        .replace("version: 1.0.0", "version: 1.1.0", 1)
        .replace("maximum: 5000000", "maximum: 50", 1)
    )
    forget_feeds()
    statuses = {o.status for o in city.ingest("power")}
    assert statuses == {"ok", "refused"}
    assert city.content("bronze.energy_daily").row_count < before.row_count
    assert city.sql("SELECT max(energy_kwh) FROM lake.bronze.energy_daily")[0][0] <= 50
    accepted_and_registered = city.sql(
        "SELECT count(*), count(DISTINCT sha256) FROM lake.ops.files WHERE status = 'ok'"
    )
    assert accepted_and_registered == [(4, 4)]


KILLED = """
import os, signal, sys
from pathlib import Path
from pipelines.ingest import ingest
from pipelines.settings import Settings
import {module} as module

def killed(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

module.{function} = killed
home = Path(sys.argv[1])
ingest(Settings(home=home, key_file=Path(sys.argv[2]), threads=2), "power", run_id="killed")
"""


@pytest.mark.parametrize(
    ("module", "function"),
    [
        ("pipelines.ingest.validate", "_dates"),  # rows lie in scratch
        ("pipelines.ingest.commit", "record"),  # inside the transaction, everything written
    ],
)
def test_a_kill_leaves_nothing_and_the_next_run_does_it_all(
    city: City, another_city: City, module: str, function: str
) -> None:
    for name, text in FILES.items():
        city.land("power", name, text)
        another_city.land("power", name, text)
    another_city.ingest("power")
    script = KILLED.format(module=module, function=function)
    done = subprocess.run(
        [
            sys.executable, "-c", script, str(city.settings.home),
            str(city.settings.path(city.settings.key_file)),
        ],
        check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL
    assert city.content("bronze.energy_daily").row_count == 0
    assert any(folder.is_dir() for folder in city.scratch.iterdir())
    city.ingest("power")
    assert hashes(city) == hashes(another_city)
    assert not any(folder.is_dir() for folder in city.scratch.iterdir())
