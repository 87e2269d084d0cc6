"""The whole pipeline with its catalog in a real PostgreSQL and its files in a real MinIO."""

from __future__ import annotations

import multiprocessing
import sys
from datetime import date
from pathlib import Path

import pytest

from pipelines import lake
from pipelines.dates import DateWindow
from pipelines.errors import PublishFailed
from pipelines.feeds.contract import all_tables
from pipelines.outcomes import new_run_id
from pipelines.publish import open_release, releases
from pipelines.run import run
from pipelines.settings import Settings, load_settings
from pipelines.simulator import simulate
from tests.conftest import SharedLake

# five runs of the whole pipeline, two of them at once
pytestmark = [pytest.mark.slow, pytest.mark.service, pytest.mark.timeout(1500)]

WINDOW = DateWindow(date(2020, 1, 1), date(2020, 1, 6))
OVERTAKEN = 7
FIRST, SECOND = DateWindow(date(2020, 1, 1), date(2020, 1, 3)), DateWindow(*[date(2020, 1, 6)] * 2)


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate(tmp_path_factory.mktemp("city"), WINDOW, people=300, seed=5) / "landing"


def contents(settings: Settings) -> dict[str, object]:
    """Content hashes of every bronze table and every mart."""
    with lake.connect(settings) as con:
        bronze = {
            f"bronze.{name}": lake.content_hash(con, f"SELECT * FROM lake.bronze.{name}")
            for name in all_tables()
        }
    with open_release(settings) as con:
        names = con.execute(
            "SELECT table_name FROM duckdb_tables() "
            "WHERE database_name = 'lake' AND schema_name = 'marts'"
        ).fetchall()
        marts = {
            name: lake.content_hash(con, f"SELECT * FROM lake.marts.{name}") for (name,) in names
        }
    assert marts
    return bronze | marts


def _run(settings: Settings, window: DateWindow, landing: Path) -> None:
    run(settings, window, landing=landing, run_id=new_run_id())


def _host(settings: Settings, window: DateWindow, landing: Path) -> None:
    """As `_run`; a run that another one overtook is refused with a sentence, and ends so."""
    try:
        _run(settings, window, landing)
    except PublishFailed as refused:
        sys.exit(OVERTAKEN if "build, gate and publish it again" in str(refused) else 1)


def test_servers_and_files_give_the_same_lake(
    shared_lake: SharedLake, landing: Path, tmp_path: Path
) -> None:
    """Two processes on two working folders, as on two hosts, against one in one folder."""
    key_file = tmp_path / "keys" / "pseudonym.key"
    embedded = load_settings(home=tmp_path / "embedded", key_file=key_file, threads=2)
    _run(embedded, FIRST, landing)
    _run(embedded, SECOND, landing)

    one = shared_lake(tmp_path / "one", key_file)
    other = one.model_copy(update={"home": tmp_path / "other"})
    context = multiprocessing.get_context("spawn")
    hosts = [
        context.Process(target=_host, args=(settings, window, landing))
        for settings, window in ((one, FIRST), (other, SECOND))
    ]
    for host in hosts:
        host.start()
    for host in hosts:
        host.join(timeout=500)
    ends = sorted(host.exitcode for host in hosts)
    assert ends in ([0, 0], [0, OVERTAKEN]), ends
    _run(one, SECOND, landing)  # whichever was first, or refused
    assert contents(one) == contents(embedded)
    with lake.connect(other) as con:
        assert not con.execute(
            "SELECT * FROM lake.ops.outcomes "
            "WHERE rows_in <> rows_accepted + rows_quarantined + rows_duplicate"
        ).fetchall()
    assert releases(other)
    assert not (tmp_path / "one" / "warehouse" / "lake").exists(), "the lake is in the bucket"
