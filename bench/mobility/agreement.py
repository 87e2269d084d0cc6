"""How far two sets of stays of the same devices agree.

Two stays agree when they are of one device and share more than half of the time they cover
together. The stays of a device do not overlap within a set, so a stay agrees with at most one of
the other set: there is no assignment to choose.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from pipelines.mobility.geo import distance_m

LEAST_SHARED = 0.5  # with less, a stay could agree with two


@dataclass(frozen=True)
class Agreement:
    """`ours`, `theirs`: the stays given, with `agrees` (with one of the other set) and `touches`
    (shares any time with one). `pairs`: our_stay and their_stay (row numbers), shared (of the time
    covered together), apart_m (between the centres)."""

    ours: pl.DataFrame
    theirs: pl.DataFrame
    pairs: pl.DataFrame

    @property
    def share_of_ours(self) -> float:
        """Share of our stays that agree with one of theirs: recall, if theirs were the truth."""
        return len(self.pairs) / max(len(self.ours), 1)

    @property
    def share_of_theirs(self) -> float:
        """Share of their stays that agree with one of ours."""
        return len(self.pairs) / max(len(self.theirs), 1)


def agreement(ours: pl.DataFrame, theirs: pl.DataFrame) -> Agreement:
    """Compare two tables of stays: device_id, first_at, last_at (first and last position inside),
    latitude, longitude; other columns are kept. Raises ValueError when stays of a device overlap
    within a table."""
    our, their = _numbered(ours, "our_stay"), _numbered(theirs, "their_stay")
    both = our.join(their, on="device_id", suffix="_their").filter(
        pl.col("first_at") < pl.col("last_at_their"), pl.col("first_at_their") < pl.col("last_at")
    )
    shared = pl.min_horizontal("last_at", "last_at_their") - pl.max_horizontal(
        "first_at", "first_at_their"
    )
    covered = pl.max_horizontal("last_at", "last_at_their") - pl.min_horizontal(
        "first_at", "first_at_their"
    )
    both = both.with_columns(
        (shared.dt.total_microseconds() / covered.dt.total_microseconds()).alias("shared")
    )
    pairs = both.filter(pl.col("shared") > LEAST_SHARED)
    centres = ("latitude", "longitude", "latitude_their", "longitude_their")
    apart = pl.Series("apart_m", distance_m(*(pairs[name].to_numpy() for name in centres)))
    pairs = pairs.with_columns(apart).select("our_stay", "their_stay", "shared", "apart_m")
    return Agreement(
        _marked(our, "our_stay", pairs, both), _marked(their, "their_stay", pairs, both), pairs
    )


def _numbered(stays: pl.DataFrame, name: str) -> pl.DataFrame:
    ordered = stays.sort("device_id", "first_at").with_row_index(name)
    before = pl.col("last_at").shift().over("device_id")
    if ordered.select((pl.col("first_at") < before).any()).item():
        raise ValueError("stays of one device overlap: they are not from one segmentation")
    return ordered


def _marked(
    stays: pl.DataFrame, name: str, pairs: pl.DataFrame, both: pl.DataFrame
) -> pl.DataFrame:
    return stays.with_columns(
        pl.col(name).is_in(pairs[name].implode()).alias("agrees"),
        pl.col(name).is_in(both[name].implode()).alias("touches"),
    )
