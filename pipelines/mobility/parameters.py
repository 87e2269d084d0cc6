"""The parameters of the mobility methods, read from `parameters.yaml` (each with its source)."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pipelines.errors import SettingsError

PARAMETERS_FILE = Path(__file__).with_name("parameters.yaml")


@dataclass(frozen=True)
class MobilityParameters:
    """Names end in their units; `parameters.yaml` says what each means and where it comes from."""

    utc_offset_h: int
    day_start_hour: int
    grid_m: int
    clock_tolerance_s: int
    cell_move_tolerance_m: int
    ping_pong_s: int
    jump_distance_m: int
    jump_speed_m_s: int
    everywhere_cells: int
    machine_min_days: int
    stay_min_s: int
    stay_radius_m: int
    stay_gap_s: int
    move_gap_s: int
    pad_s: int
    night_start_hour: int
    night_end_hour: int
    work_start_hour: int
    work_end_hour: int
    anchor_radius_m: int
    home_min_nights: int
    home_min_share: float
    festival_from_day: int
    festival_to_day: int
    work_min_days: int
    work_min_share: float
    work_min_s: int
    confidence_z: float
    usual_share: float
    presence_minute: int
    coverage_reference_days: int
    coverage_min_days: int
    cell_usual_events: int
    cell_alive_share: float
    coverage_min_share: float
    trip_max_s: int
    migration_index_per_person: float
    unlisted_risk_level: str
    rake_max_iterations: int
    rake_tolerance: float

    @property
    def utc_offset_s(self) -> int:
        """Seconds to add to a UTC instant to read the city's clock."""
        return self.utc_offset_h * 3600


_PYTHON_TYPES: dict[str, type] = {"int": int, "float": float, "str": str}


@cache
def load_parameters(path: Path = PARAMETERS_FILE) -> MobilityParameters:
    """Read the YAML; raise `SettingsError` naming a parameter that is missing, unknown, of the
    wrong type, or without unit or source."""
    entries: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    expected = {field.name: _PYTHON_TYPES[str(field.type)] for field in fields(MobilityParameters)}
    odd = sorted(set(entries) ^ set(expected))
    if odd:
        raise SettingsError(
            f"{path.name} and MobilityParameters disagree on {', '.join(odd)}: "
            "write each parameter in both."
        )
    for name, entry in entries.items():
        if not {"value", "unit", "source"} <= set(entry):
            raise SettingsError(f"{path.name}: '{name}' needs value, unit and source.")
        if type(entry["value"]) is not expected[name]:
            raise SettingsError(
                f"{path.name}: '{name}' is {entry['value']!r}; "
                f"write a value of type {expected[name].__name__}."
            )
    return MobilityParameters(**{name: entry["value"] for name, entry in entries.items()})
