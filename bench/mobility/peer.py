"""trackintel in an environment of its own: made here, used through files, never part of ours."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import polars as pl

from pipelines.errors import CityPulseError
from pipelines.mobility.parameters import MobilityParameters
from pipelines.settings import PROJECT_ROOT

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "peer.lock"
SCRIPT = HERE / "peer_stays.py"
ENVIRONMENTS = PROJECT_ROOT / ".cache" / "bench"
UV = PROJECT_ROOT / ".venv" / "uv" / "bin" / "uv"


class PeerMissing(CityPulseError):
    """The peer library cannot be installed here."""


def peer_python() -> Path:
    """The interpreter of an environment with exactly the packages of `peer.lock`, made when it is
    not there. Raises `PeerMissing` naming what could not be installed."""
    name = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]
    folder = ENVIRONMENTS / f"trackintel-{name}"
    python = folder / "bin" / "python"
    if (folder / "complete").is_file():
        return python
    if not UV.is_file():
        raise PeerMissing("trackintel needs uv to be installed: run `make setup` once.")
    steps: tuple[list[str | Path], ...] = (
        [UV, "venv", "--quiet", "--clear", "--python", sys.executable, folder],
        [UV, "pip", "sync", "--quiet", "--require-hashes", "--python", python, REQUIREMENTS],
    )
    for step in steps:
        done = subprocess.run(step, check=False, capture_output=True, text=True)
        if done.returncode:
            said = done.stderr.strip().splitlines()
            raise PeerMissing(
                f"trackintel cannot be installed from {REQUIREMENTS.name} "
                f"({said[0] if said else 'no reason given'}): check the package index."
            )
    (folder / "complete").touch()
    return python


def stays_by_peer(
    positions: pl.DataFrame, folder: Path, parameters: MobilityParameters
) -> tuple[pl.DataFrame, dict[str, float]]:
    """trackintel's stays of `positions` (device_id, event_at, latitude, longitude), with our
    radius, least duration and greatest gap.

    Returns device_id, first_at, last_at, left_at (first position outside), latitude, longitude,
    is_home; and positions, seconds (of finding the stays) and peak_mb. Works in `folder`.
    """
    python = peer_python()
    files = [folder / name for name in ("positions.csv", "settings.json", "stays.csv")]
    positions.sort("device_id", "event_at").select(
        pl.col("device_id").alias("user_id"),
        pl.col("event_at").dt.strftime("%Y-%m-%d %H:%M:%S").alias("tracked_at"),
        "latitude",
        "longitude",
    ).write_csv(files[0])
    settings = {
        "radius_m": parameters.stay_radius_m,
        "stay_min_s": parameters.stay_min_s,
        "stay_gap_s": parameters.stay_gap_s,
        "utc_offset_h": parameters.utc_offset_h,
    }
    files[1].write_text(json.dumps(settings), encoding="utf-8")
    done = subprocess.run([python, SCRIPT, *files], check=True, capture_output=True, text=True)
    found = pl.read_csv(files[2], schema_overrides={"user_id": pl.String}, try_parse_dates=True)
    names = {
        "user_id": "device_id",
        "started_at": "first_at",
        "finished_at": "left_at",
    }
    measured: dict[str, float] = json.loads(done.stdout)
    return found.rename(names), measured
