"""What the benchmark calls agreement of two sets of stays."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest

from bench.mobility.agreement import agreement


def stays_frame(*rows: tuple[str, str, str, float]) -> pl.DataFrame:
    """Stays written (device, first HH:MM, last HH:MM, degrees north)."""
    return pl.DataFrame(
        [
            {
                "device_id": device,
                "first_at": datetime.fromisoformat(f"2008-12-01 {first}"),
                "last_at": datetime.fromisoformat(f"2008-12-01 {last}"),
                "latitude": north,
                "longitude": 116.0,
            }
            for device, first, last, north in rows
        ]
    )


def test_stays_agree_when_they_share_more_than_half_of_what_they_cover() -> None:
    ours = stays_frame(
        ("a", "08:00", "09:00", 40.0), ("a", "10:00", "11:00", 40.0), ("b", "08:00", "09:00", 40.0)
    )
    theirs = stays_frame(("a", "08:15", "09:00", 40.001), ("a", "10:30", "11:00", 40.0))
    found = agreement(ours, theirs)
    # 45 of 60 minutes agree, 30 of 60 do not, and another device's time is nobody's
    assert found.pairs.select("our_stay", "their_stay", "shared").rows() == [(0, 0, 0.75)]
    assert found.pairs["apart_m"][0] == pytest.approx(111.2, abs=0.1)
    assert found.ours["agrees"].to_list() == [True, False, False]
    assert found.ours["touches"].to_list() == [True, True, False]
    assert found.theirs["agrees"].to_list() == [True, False]
    assert (found.share_of_ours, found.share_of_theirs) == (pytest.approx(1 / 3), 0.5)


def test_one_long_stay_agrees_with_one_at_most() -> None:
    ours = stays_frame(("a", "08:00", "12:00", 40.0))
    theirs = stays_frame(("a", "08:00", "10:30", 40.0), ("a", "10:30", "12:00", 40.0))
    assert agreement(ours, theirs).pairs["their_stay"].to_list() == [0]


def test_overlapping_stays_of_one_device_are_refused() -> None:
    twice = stays_frame(("a", "08:00", "10:00", 40.0), ("a", "09:00", "11:00", 40.0))
    with pytest.raises(ValueError, match="overlap"):
        agreement(twice, twice)
