"""Stays of a CSV of positions by trackintel; runs in trackintel's own environment.

    python peer_stays.py positions.csv settings.json stays.csv

`positions.csv`: user_id, tracked_at (UTC), latitude, longitude. `settings.json`: radius_m,
stay_min_s, stay_gap_s, utc_offset_h. Writes one row a stay: user_id, started_at, last_at (last
position inside), finished_at (first position outside), latitude, longitude, is_home (at the
location that trackintel's OSNA method calls home); prints positions, seconds (of finding the
stays only, without reading and writing) and peak_mb as JSON.
"""

import json
import sys
import time
import warnings
from pathlib import Path

import geopandas as gpd
import pandas as pd
import trackintel as ti

MINUTE_S = 60

# the module beside the package; this environment has none of the project's
sys.path.insert(0, str(Path(__file__).parents[1]))
from _peak import peak_mb  # noqa: E402


def positions_of(path: str) -> ti.Positionfixes:
    """The CSV as trackintel's table of positions."""
    frame = pd.read_csv(path, parse_dates=["tracked_at"])
    frame["tracked_at"] = frame["tracked_at"].dt.tz_localize("UTC")
    points = gpd.points_from_xy(frame.pop("longitude"), frame.pop("latitude"), crs="EPSG:4326")
    return ti.Positionfixes(gpd.GeoDataFrame(frame, geometry=points))


def with_homes(stays: ti.Staypoints, radius_m: float, utc_offset_h: int) -> pd.Series:
    """Whether each stay is at its user's home, by the OSNA method in local time."""
    # the first position outside may be half a day later: such a time says nothing of the place
    local = stays.assign(finished_at=stays["last_at"])
    for column in ("started_at", "finished_at"):
        local[column] += pd.Timedelta(hours=utc_offset_h)
    located, _ = ti.Staypoints(local).generate_locations(
        method="dbscan", epsilon=radius_m, num_samples=1, agg_level="user"
    )
    labelled = ti.analysis.location_identifier(located, method="OSNA", pre_filter=False)
    is_home: pd.Series = labelled["purpose"].eq("home").reindex(stays.index, fill_value=False)
    return is_home


def main(positions_path: str, settings_path: str, stays_path: str) -> None:
    """Find the stays, then the homes among them."""
    with open(settings_path, encoding="utf-8") as file:
        settings = json.load(file)
    positions = positions_of(positions_path)
    began = time.perf_counter()
    positions, stays = positions.generate_staypoints(
        method="sliding",
        dist_threshold=settings["radius_m"],
        time_threshold=settings["stay_min_s"] / MINUTE_S,
        gap_threshold=settings["stay_gap_s"] / MINUTE_S,
        include_last=True,
    )
    seconds = time.perf_counter() - began
    inside = positions.dropna(subset="staypoint_id")
    stays["last_at"] = inside.groupby("staypoint_id")["tracked_at"].max()
    table = pd.DataFrame(stays[["user_id", "started_at", "last_at", "finished_at"]])
    for column in ("started_at", "last_at", "finished_at"):
        table[column] = table[column].dt.tz_localize(None)
    table["latitude"], table["longitude"] = stays.geometry.y, stays.geometry.x
    table["is_home"] = with_homes(stays, settings["radius_m"], settings["utc_offset_h"])
    table.to_csv(stays_path, index=False)
    print(json.dumps({"positions": len(positions), "seconds": seconds, "peak_mb": peak_mb()}))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(*sys.argv[1:])
