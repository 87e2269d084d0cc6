"""A day's files count as arrived when they are there and no longer grow."""

from __future__ import annotations

import os
import threading
import time
from datetime import date
from pathlib import Path

import pytest

from pipelines.errors import NothingToDo
from pipelines.landing import settled_files
from pipelines.settings import Settings

DAY = date(2020, 2, 18)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    for feed in ("power", "reference"):
        (tmp_path / "landing" / feed).mkdir(parents=True)
    return Settings(home=tmp_path)


def drop(settings: Settings, name: str, *, age_s: float = 60) -> Path:
    path = settings.path(settings.landing) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("enterprise_id,data_date,energy_kwh\n")
    changed = time.time() - age_s
    os.utime(path, (changed, changed))
    return path


def test_a_day_waits_for_a_file_of_that_day(settings: Settings) -> None:
    drop(settings, "power/enterprises.csv")
    drop(settings, "power/energy_daily-2020-02-17.csv")
    assert settled_files(settings, "power", DAY, settle_seconds=1) is None


def test_the_days_files_and_the_undated_ones_have_arrived(settings: Settings) -> None:
    register = drop(settings, "power/enterprises.csv")
    energy = drop(settings, "power/energy_daily-2020-02-18.csv")
    drop(settings, "power/energy_daily-2020-02-17.csv")
    assert settled_files(settings, "power", DAY, settle_seconds=1) == [energy, register]


def test_a_file_still_being_written_under_another_name_is_not_there(settings: Settings) -> None:
    drop(settings, "power/energy_daily-2020-02-18.csv.part")
    assert settled_files(settings, "power", DAY, settle_seconds=1) is None


def test_a_file_that_goes_on_growing_is_not_whole(settings: Settings) -> None:
    path = drop(settings, "power/energy_daily-2020-02-18.csv", age_s=0)
    ended = threading.Event()

    def write() -> None:
        with path.open("a") as file:
            while not ended.wait(0.02):
                file.write("E000001,2020-02-18,1.0\n")
                file.flush()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert settled_files(settings, "power", DAY, settle_seconds=0.3) is None
    finally:
        ended.set()
        writer.join()
    assert settled_files(settings, "power", DAY, settle_seconds=0.3) == [path]


def test_a_feed_without_dates_waits_for_nothing(settings: Settings) -> None:
    assert settled_files(settings, "reference", DAY, settle_seconds=1) == []


def test_a_feed_whose_folder_is_not_there_has_not_arrived(settings: Settings) -> None:
    assert settled_files(settings, "voucher", DAY, settle_seconds=1) is None


def test_no_landing_folder_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(NothingToDo, match="landing folder"):
        settled_files(Settings(home=tmp_path), "power", DAY, settle_seconds=1)
