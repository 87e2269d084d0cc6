"""Results lie where only the owner can read them, and are gone when their time is over."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from pipelines.errors import CityPulseError, SettingsError
from pipelines.investigate import audit, results
from pipelines.settings import Settings

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEPT = timedelta(days=21)
ROWS = pl.DataFrame({"device_id": ["p1", "p2"], "city_id": ["990100", "990200"]})


def store(settings: Settings, name: str = "LJ-2020-0018-000001") -> results.Result:
    return results.store(settings, name, ROWS, {"case_number": "LJ-2020-0018"}, AT)


def test_only_the_owner_can_read_a_result(settings: Settings) -> None:
    result = store(settings)
    for path in (result.folder, *result.folder.parents):
        if path == settings.home:
            break
        assert path.stat().st_mode & 0o777 == 0o700, path
    for path in result.folder.iterdir():
        assert path.stat().st_mode & 0o777 == 0o600, path
    assert pl.read_parquet(result.folder / "result.parquet").equals(ROWS)


def test_the_manifest_says_when_it_expires(settings: Settings) -> None:
    manifest = json.loads((store(settings).folder / "manifest.json").read_text())
    assert manifest["expires_at"] == "2026-03-22T12:00:00+00:00"
    assert manifest["rows"] == 2


@pytest.mark.parametrize("place", ["lake", "exports_dir", "reports_dir"])
def test_the_place_is_outside_lake_exports_and_reports(settings: Settings, place: str) -> None:
    inside = Path(str(getattr(settings, place))) / "secret"
    moved = settings.model_copy(update={"investigations_dir": inside})
    with pytest.raises(SettingsError, match="lies inside the"):
        results.restricted_folder(moved)


def test_a_place_open_to_others_is_refused(settings: Settings) -> None:
    results.restricted_folder(settings).chmod(0o755)
    with pytest.raises(SettingsError, match="can be opened by others"):
        store(settings)


def test_a_result_is_deleted_at_its_expiry_and_the_log_says_so(settings: Settings) -> None:
    result = store(settings)
    assert results.expire(settings, at=AT + KEPT - timedelta(seconds=1)) == []
    assert result.folder.is_dir()
    assert results.expire(settings, at=AT + KEPT) == [result.folder.name]
    assert not result.folder.exists()
    assert results.stored(settings) == []
    (record,) = audit.records(settings)
    assert record.action == "result_deleted"
    assert record.details["sha256"] == result.manifest["sha256"]
    assert results.expire(settings, at=AT + KEPT) == []


def test_a_deletion_cut_short_is_done_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = store(settings)

    def die(path: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("pipelines.investigate.results.shutil.rmtree", die)
        with pytest.raises(KeyboardInterrupt):
            results.expire(settings, at=AT + KEPT)
    assert result.folder.is_dir()
    assert results.expire(settings, at=AT + KEPT) == [result.folder.name]
    actions = [record.action for record in audit.records(settings)]
    assert actions == ["result_deleted", "result_deleted"]


def test_files_of_subjects_and_unfinished_results_expire_too(settings: Settings) -> None:
    file = results.subject_file(settings, "persons.csv")
    file.write_text("feed,id\nsignaling,IMSI1\n")
    draft = store(settings).folder.with_name(".unfinished")
    draft.mkdir()
    now = datetime.now(UTC)
    later = now + KEPT + timedelta(minutes=1)
    assert results.expire(settings, at=now) == ["LJ-2020-0018-000001"]
    assert sorted(results.expire(settings, at=later)) == [".unfinished", "persons.csv"]
    assert not file.exists()
    assert not draft.exists()
    assert audit.verify(settings).records == 3


@pytest.mark.parametrize("name", ["../key", "a/b.csv", ".."])
def test_a_file_of_subjects_is_named_without_a_folder(settings: Settings, name: str) -> None:
    with pytest.raises(CityPulseError, match="is not a file name"):
        results.subject_file(settings, name)


def test_a_folder_without_a_manifest_is_reported(settings: Settings) -> None:
    (store(settings).folder / "manifest.json").unlink()
    with pytest.raises(results.ResultUnreadable, match="no readable manifest"):
        results.expire(settings, at=AT)
