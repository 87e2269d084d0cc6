"""The parameters of the mobility methods, read from YAML files that give each its source."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pipelines.errors import SettingsError

PARAMETERS_FILE = Path(__file__).with_name("parameters.yaml")
POSITIONS_FILE = Path(__file__).with_name("positions.yaml")


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
    device_history_days: int
    identifiers_known_share: float
    identifiers_history_days: int
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
    home_nights: int
    home_reach_days: int
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


_TYPES: dict[str, type] = {
    field.name: {"int": int, "float": float, "str": str}[str(field.type)]
    for field in fields(MobilityParameters)
}


@cache
def load_parameters() -> MobilityParameters:
    """The parameters for events that name cells.

    Raises `SettingsError` naming a parameter that is missing, unknown, of the wrong type, or
    without unit or source.
    """
    values = read_values(PARAMETERS_FILE)
    missing = sorted(set(_TYPES) - set(values))
    if missing:
        raise SettingsError(f"{PARAMETERS_FILE.name} lacks {', '.join(missing)}: write them.")
    return MobilityParameters(**values)


@cache
def load_position_parameters() -> MobilityParameters:
    """The parameters for events that give positions: `positions.yaml` over `parameters.yaml`."""
    return replace(load_parameters(), **read_values(POSITIONS_FILE))


def read_values(path: Path) -> dict[str, Any]:
    """Name -> value of a parameters file; raises `SettingsError` as `load_parameters`."""
    entries: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    for name, entry in entries.items():
        if name not in _TYPES:
            raise SettingsError(f"{path.name}: no method has a parameter '{name}': correct it.")
        if not {"value", "unit", "source"} <= set(entry):
            raise SettingsError(f"{path.name}: '{name}' needs value, unit and source.")
        if type(entry["value"]) is not _TYPES[name]:
            raise SettingsError(
                f"{path.name}: '{name}' is {entry['value']!r}; "
                f"write a value of type {_TYPES[name].__name__}."
            )
    return {name: entry["value"] for name, entry in entries.items()}
