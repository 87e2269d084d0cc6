"""A candidate survives being written and read, and absence is explained."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipelines.build import Candidate, find_candidate
from pipelines.build.candidate import candidates_folder
from pipelines.dates import DateWindow
from pipelines.errors import NothingToDo
from pipelines.lake import PartitionContent
from pipelines.settings import Settings


def _candidate(folder: Path, end: date) -> Candidate:
    contents = {"epidemic_daily": {end: PartitionContent(3, "ab" * 32)}, "price_leads": {}}
    path = folder / end.isoformat()
    path.mkdir(parents=True)
    candidate = Candidate(
        path=path,
        requested=DateWindow(end, end),
        window=DateWindow(end, end).extended_back(7),
        input_snapshot=12,
        code_version="abc",
        input_hashes={"power": "cd" * 32},
        marts=contents,
        intermediates={"int_x": {end: PartitionContent(0, "ef" * 32)}},
    )
    candidate.write()
    return candidate


def test_a_candidate_is_read_as_written(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    folder = candidates_folder(settings)
    older = _candidate(folder, date(2020, 2, 17))
    newer = _candidate(folder, date(2020, 2, 18))
    assert Candidate.load(newer.path) == newer
    assert find_candidate(settings) == newer
    assert find_candidate(settings, date(2020, 2, 17)) == older


def test_no_candidate_says_what_to_run(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    with pytest.raises(NothingToDo, match="citypulse build"):
        find_candidate(settings)
    with pytest.raises(NothingToDo, match="build --date 2020-02-18"):
        find_candidate(settings, date(2020, 2, 18))
    unfinished = candidates_folder(settings) / "2020-02-19"
    unfinished.mkdir(parents=True)
    with pytest.raises(NothingToDo):
        find_candidate(settings)
