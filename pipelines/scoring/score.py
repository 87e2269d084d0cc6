"""`citypulse score`: every fault kind and every mart, a line each."""

from __future__ import annotations

from pathlib import Path

from pipelines.errors import CityPulseError
from pipelines.lake import connect
from pipelines.scoring import (
    faults,
    flows,
    investigations,
    marts,
    population,
    power,
    transport,
)
from pipelines.scoring.lines import ScoreLine
from pipelines.scoring.view import View
from pipelines.settings import Settings


class TruthUnreadable(CityPulseError):
    """The folder given holds no truth of a synthetic city."""


def score(settings: Settings, truth_dir: Path) -> list[ScoreLine]:
    """Hold the lake's quarantine and newest marts against `truth_dir` (a simulator's `truth`).

    A mart that is missing has a line that says so. Raises `TruthUnreadable` when the folder has no
    manifest and `LakeUnavailable` when there is no lake.
    """
    if not (truth_dir / "manifest.json").is_file():
        raise TruthUnreadable(
            f"{truth_dir} has no manifest.json: give the 'truth' folder that "
            "'citypulse simulate' wrote."
        )
    con = connect(settings)
    try:
        view = View.open(con, truth_dir)
        return [
            *faults.score_faults(view),
            *marts.score_marts(view, settings.city_region_id),
            *power.score_power(view),
            *flows.score_flows(view, settings.city_region_id),
            *population.score_population(view, settings),
            *transport.score_transport(view, settings.city_region_id),
            *investigations.score_investigations(view, settings),
        ]
    finally:
        con.close()
