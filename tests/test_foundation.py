"""Settings, data dates and outcome records."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipelines.dates import DateError, DateWindow
from pipelines.errors import SettingsError
from pipelines.outcomes import ConservationBroken, Outcome
from pipelines.settings import load_settings


def test_a_window_is_closed_and_iterates_over_the_leap_day() -> None:
    window = DateWindow.parse(from_="2020-02-28", to="2020-03-01")
    assert window is not None
    assert list(window) == [date(2020, 2, 28), date(2020, 2, 29), date(2020, 3, 1)]
    assert len(window) == 3
    assert str(window.extended_back(2)) == "2020-02-26..2020-03-01"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"date_": "18/02/2020"}, "YYYY-MM-DD"),
        ({"date_": "2020-02-30"}, "YYYY-MM-DD"),
        ({"from_": "2020-02-18"}, "go together"),
        ({"date_": "2020-02-18", "to": "2020-02-19"}, "not both"),
        ({"from_": "2020-02-19", "to": "2020-02-18"}, "swap"),
    ],
)
def test_a_bad_date_says_what_to_write(given: dict[str, str], message: str) -> None:
    with pytest.raises(DateError, match=message):
        DateWindow.parse(**given)


def test_an_outcome_that_loses_a_row_cannot_be_made() -> None:
    with pytest.raises(ConservationBroken, match="3 rows in, 2 out"):
        Outcome(run_id="r", step="ingest", status="ok", rows_in=3, rows_accepted=2)


def test_settings_come_from_toml_and_the_environment_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "city.toml"
    file.write_text('city_region_id = "310000"\nlook_back_days = 3\n')
    monkeypatch.setenv("CITYPULSE_CONFIG", str(file))
    monkeypatch.setenv("CITYPULSE_LOOK_BACK_DAYS", "5")
    settings = load_settings()
    assert (settings.city_region_id, settings.look_back_days) == ("310000", 5)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("CITYPULSE_CATALOG", "mysql://host/db", "SQLite file path or a postgresql"),
        ("CITYPULSE_LAKE", "ftp://host/lake", "folder or s3"),
        ("CITYPULSE_LOOK_BACK_DAYS", "many", "look_back_days"),
        ("CITYPULSE_CONFIG", "no-such.toml", "not a file"),
    ],
)
def test_a_wrong_setting_is_named(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=said):
        load_settings()


def test_shown_settings_hide_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYPULSE_CATALOG", "postgresql://city:planted-secret@db/lake")
    monkeypatch.setenv("CITYPULSE_S3_SECRET_ACCESS_KEY", "planted-secret")
    shown = load_settings().shown()
    assert "planted-secret" not in " ".join(shown.values())
    assert shown["catalog"] == "postgresql://city:********@db/lake"
