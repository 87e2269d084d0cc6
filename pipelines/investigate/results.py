"""Where results of look-ups lie until they expire: owner-only folders outside lake and exports."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import CityPulseError, SettingsError
from pipelines.investigate import audit
from pipelines.investigate.rules import load_rules
from pipelines.settings import Settings

if TYPE_CHECKING:
    import polars as pl

RESULT_NAME = "result.parquet"
MANIFEST_NAME = "manifest.json"
SUBJECTS_FOLDER = "subjects"
_RESULTS_FOLDER = "results"


class ResultUnreadable(CityPulseError):
    """A folder among the results is not a result."""


@dataclass(frozen=True)
class Result:
    """A stored result: its folder, what its manifest says, and when it is to be deleted."""

    folder: Path
    manifest: dict[str, Any]
    expires_at: datetime


def restricted_folder(settings: Settings) -> Path:
    """The folder of results and subject files, made owner-only on first use.

    Raises `SettingsError` when it lies inside the lake, the exports or the reports, or others can
    open it.
    """
    folder = settings.path(settings.investigations_dir)
    public = {
        "the exports": settings.path(settings.exports_dir),
        "the reports": settings.path(settings.reports_dir),
    }
    if not settings.lake_is_remote:
        public["the lake"] = Path(settings.lake_location)
    for what, place in public.items():
        if folder.is_relative_to(place):
            raise SettingsError(
                f"the investigations' folder {folder} lies inside {what}: set "
                "CITYPULSE_INVESTIGATIONS_DIR to a place outside."
            )
    return audit.owner_only(folder)


def subject_file(settings: Settings, name: str) -> Path:
    """A file of subjects by its bare name in the restricted folder's `subjects`."""
    folder = restricted_folder(settings) / SUBJECTS_FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / name
    if path.parent != folder or path.name in ("", "..") or path.is_symlink():
        raise CityPulseError(
            f"'{name}' is not a file name: give the bare name of a file in {folder}."
        )
    return path


def store(
    settings: Settings, name: str, frame: pl.DataFrame, manifest: Mapping[str, Any], at: datetime
) -> Result:
    """Write a result and its manifest into a folder `name` of its own; whole or not at all.

    `at`: the instant of the look-up; the result expires `retention_days` + `appeal_days` later.
    """
    rules = load_rules().request
    kept = timedelta(days=rules.retention_days.value + rules.appeal_days.value)
    results = restricted_folder(settings) / _RESULTS_FOLDER
    results.mkdir(mode=0o700, exist_ok=True)
    draft = results / f".{name}"
    draft.mkdir(mode=0o700)
    content = _parquet(frame)
    full = {
        **manifest,
        "rows": frame.height,
        "columns": frame.columns,
        "sha256": hashlib.sha256(content).hexdigest(),
        "created_at": at.astimezone(UTC).isoformat(timespec="seconds"),
        "expires_at": (at + kept).astimezone(UTC).isoformat(timespec="seconds"),
    }
    _write(draft / RESULT_NAME, content)
    text = json.dumps(full, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    _write(draft / MANIFEST_NAME, text.encode())
    folder = results / name
    draft.rename(folder)
    return Result(folder, full, at + kept)


def stored(settings: Settings) -> list[Result]:
    """Every result, in order of expiry; raises `ResultUnreadable` for a folder that is none."""
    found = [_read(path) for path in _folders(settings)]
    return sorted(found, key=lambda result: (result.expires_at, result.folder.name))


def _folders(settings: Settings) -> list[Path]:
    root = restricted_folder(settings) / _RESULTS_FOLDER
    return sorted(path for path in root.glob("[!.]*") if path.is_dir())


def expire(settings: Settings, *, at: datetime | None = None) -> list[str]:
    """Delete results and files of subjects past their time; return their names.

    Every deletion is in the audit log before it is done: if this dies in between, the next call
    records and deletes again. `at`: the instant (now). A file of subjects lives as long as a
    result, counted from its last change; what a crash left of a result, a day. Raises
    `ResultUnreadable` for a folder that does not say when, once the others are deleted.
    """
    now = (at or datetime.now(UTC)).astimezone(UTC)
    due, unreadable = _due(settings, now)
    for path, details in due.items():
        audit.append(settings, "result_deleted", details, at=at)
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    if unreadable:
        raise unreadable[0]
    return [path.name for path in due]


def _due(
    settings: Settings, now: datetime
) -> tuple[dict[Path, dict[str, Any]], list[ResultUnreadable]]:
    """What is to be deleted and how the log describes it; folders that cannot be judged."""
    due: dict[Path, dict[str, Any]] = {}
    unreadable: list[ResultUnreadable] = []
    for folder in _folders(settings):
        try:
            result = _read(folder)
        except ResultUnreadable as error:
            unreadable.append(error)
            continue
        if result.expires_at <= now:
            due[folder] = _described(result)
    root = restricted_folder(settings)
    for draft in sorted((root / _RESULTS_FOLDER).glob(".*")):
        if _older(draft, now, days=1):
            due[draft] = {"result": draft.name, "unfinished": True}
    rules = load_rules().request
    kept_days = rules.retention_days.value + rules.appeal_days.value
    for path in sorted((root / SUBJECTS_FOLDER).glob("*")):
        if _older(path, now, days=kept_days):
            # the name may say whom it is about
            due[path] = {"subject_file": hashlib.sha256(path.name.encode()).hexdigest()}
    return due, unreadable


def _described(result: Result) -> dict[str, Any]:
    told = ("case_number", "sha256", "rows", "expires_at")
    return {"result": result.folder.name} | {name: result.manifest[name] for name in told}


def _older(path: Path, now: datetime, *, days: int) -> bool:
    changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return now - changed >= timedelta(days=days)


def _read(folder: Path) -> Result:
    try:
        manifest = json.loads((folder / MANIFEST_NAME).read_text(encoding="utf-8"))
        return Result(folder, manifest, datetime.fromisoformat(manifest["expires_at"]))
    except (OSError, ValueError, KeyError):
        raise ResultUnreadable(
            f"{folder} has no readable manifest with an expires_at: nothing says when to delete "
            "it; look at it and remove it by hand."
        ) from None


def _parquet(frame: pl.DataFrame) -> bytes:
    import io

    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
