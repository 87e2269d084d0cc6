"""The parameter files: complete, sourced, and refused in one sentence when they are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.errors import SettingsError
from pipelines.mobility.parameters import (
    load_parameters,
    load_position_parameters,
    read_values,
)


def test_both_profiles_load_and_differ_only_where_positions_do() -> None:
    cells, positions = load_parameters(), load_position_parameters()
    assert positions.stay_radius_m < cells.stay_radius_m
    assert positions.stay_min_s == cells.stay_min_s


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stay_minimum: {value: 1, unit: s, source: x}", "no method has a parameter"),
        ("stay_min_s: {value: 900, unit: s}", "needs value, unit and source"),
        ("stay_min_s: {value: 15 min, unit: s, source: x}", "write a value of type int"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "parameters.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=message):
        read_values(path)
