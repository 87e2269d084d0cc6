"""A candidate: what one build made, before the gate has looked at it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pipelines.dates import DateWindow
from pipelines.errors import NothingToDo
from pipelines.lake import PartitionContent
from pipelines.settings import Settings

DATABASE_FILE = "candidate.duckdb"
CANDIDATE_FILE = "candidate.json"

Contents = Mapping[str, Mapping[date, PartitionContent]]


@dataclass(frozen=True)
class Candidate:
    """Tables of one window in a DuckDB file of the run's own.

    `requested` is the window asked for, `window` that window with the look-back: publish replaces
    the partitions of `window`. `marts` and `intermediates` (those kept as history) map a table to
    the row count and content hash of each data date that has rows; a date without rows is absent.
    `input_hashes` maps a feed to one hash over the archived files it was built from.
    """

    path: Path
    requested: DateWindow
    window: DateWindow
    input_snapshot: int
    code_version: str
    input_hashes: Mapping[str, str]
    marts: Contents
    intermediates: Contents

    @property
    def database(self) -> Path:
        """The DuckDB file with schemas `staging`, `intermediate`, `marts`, `seeds`."""
        return self.path / DATABASE_FILE

    def write(self) -> None:
        """Write `candidate.json`, the last file of a build: without it there is no candidate."""
        text = json.dumps(self._as_json(), indent=1, sort_keys=True, ensure_ascii=False)
        partial = self.path / f"{CANDIDATE_FILE}.part"
        partial.write_text(text, encoding="utf-8")
        partial.replace(self.path / CANDIDATE_FILE)

    def _as_json(self) -> dict[str, Any]:
        return {
            "requested": _window_json(self.requested),
            "window": _window_json(self.window),
            "input_snapshot": self.input_snapshot,
            "code_version": self.code_version,
            "input_hashes": dict(self.input_hashes),
            "marts": _contents_json(self.marts),
            "intermediates": _contents_json(self.intermediates),
        }

    @classmethod
    def load(cls, directory: Path) -> Candidate:
        """Read a finished build's folder; raise `NothingToDo` when there is none."""
        path = directory / CANDIDATE_FILE
        if not path.is_file():
            raise NothingToDo(
                f"there is no candidate in {directory}: run 'citypulse build --date "
                f"{directory.name}' first."
            )
        content = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            path=directory,
            requested=_window(content["requested"]),
            window=_window(content["window"]),
            input_snapshot=content["input_snapshot"],
            code_version=content["code_version"],
            input_hashes=content["input_hashes"],
            marts=_contents(content["marts"]),
            intermediates=_contents(content["intermediates"]),
        )


def candidates_folder(settings: Settings) -> Path:
    """Where candidates are kept, one folder a window's end date."""
    return settings.path(settings.work_dir) / "candidates"


def find_candidate(settings: Settings, day: date | None = None) -> Candidate:
    """The candidate whose window ends on `day`, or the one that ends last.

    Raises `NothingToDo` when there is none.
    """
    folder = candidates_folder(settings)
    if day is not None:
        return Candidate.load(folder / day.isoformat())
    finished = sorted(path.parent for path in folder.glob(f"*/{CANDIDATE_FILE}"))
    if not finished:
        raise NothingToDo(
            "nothing has been built yet: run 'citypulse build --date YYYY-MM-DD' first."
        )
    return Candidate.load(finished[-1])


def _window_json(window: DateWindow) -> dict[str, str]:
    return {"start": window.start.isoformat(), "end": window.end.isoformat()}


def _window(content: dict[str, str]) -> DateWindow:
    return DateWindow(date.fromisoformat(content["start"]), date.fromisoformat(content["end"]))


def _contents_json(contents: Contents) -> dict[str, dict[str, dict[str, Any]]]:
    return {
        table: {day.isoformat(): part._asdict() for day, part in by_date.items()}
        for table, by_date in contents.items()
    }


def _contents(content: dict[str, dict[str, dict[str, Any]]]) -> Contents:
    return {
        table: {date.fromisoformat(day): PartitionContent(**part) for day, part in dates.items()}
        for table, dates in content.items()
    }
