"""Diaries with the exact segments they must give, and properties of any diary."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from pipelines.mobility.cleaning import clean
from pipelines.mobility.parameters import load_parameters
from pipelines.mobility.stays import SEGMENT_SCHEMA, segments, stays
from tests.mobility.diaries import DAY, cell, cells_frame, diary, events_frame

PARAMETERS = load_parameters()
# km along one meridian; the radius of a stay is 1.5 km
CELLS = cells_frame(
    cell("A", 0),
    cell("A1", 1),
    cell("A2", 2),
    cell("B", 8, "990102"),
    cell("C", 16, "990103"),
)


def segments_of(*diaries: list[dict[str, Any]]) -> pl.DataFrame:
    return segments(clean(events_frame(*diaries), CELLS, PARAMETERS).accepted, PARAMETERS)


def short(frame: pl.DataFrame) -> list[tuple[str, str, str, bool, int]]:
    """(place, first event, last event, is it a stay, events) in local time."""
    clock = [
        (pl.col(name) + pl.duration(hours=8)).dt.to_string("%-H:%M").alias(name)
        for name in ("first_event_at", "last_event_at")
    ]
    return frame.select("place_id", *clock, "is_stay", "event_count").rows()  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("8:00 A 8:15 A", [("A", "8:00", "8:15", True, 2)]),
        ("8:00 A 8:14 A", [("A", "8:00", "8:14", False, 2)]),
        ("8:00 A", [("A", "8:00", "8:00", False, 1)]),
        # a neighbour cell within the radius does not end the stay, and does not name it
        ("8:00 A 8:40 A1 9:00 A 10:00 A", [("A", "8:00", "10:00", True, 4)]),
        # the anchor is the first place: A2 is 2 km from A although 1 km from A1
        (
            "8:00 A 8:20 A1 8:30 A2 9:00 A2",
            [("A", "8:00", "8:20", True, 2), ("A2", "8:30", "9:00", True, 2)],
        ),
        (
            "8:00 A 9:00 A 9:30 B 10:00 C 11:00 C",
            [
                ("A", "8:00", "9:00", True, 2),
                ("B", "9:30", "9:30", False, 1),
                ("C", "10:00", "11:00", True, 2),
            ],
        ),
        # twelve hours without an event are a stay, one minute more is not
        ("8:00 A 20:00 A", [("A", "8:00", "20:00", True, 2)]),
        ("8:00 A 20:01 A", [("A", "8:00", "8:00", False, 1), ("A", "20:01", "20:01", False, 1)]),
        # most time, not most events, names the place
        ("8:00 A1 8:01 A1 8:02 A1 8:03 A 9:30 A", [("A", "8:00", "9:30", True, 5)]),
    ],
)
def test_exact_segments(text: str, expected: list[tuple[str, str, str, bool, int]]) -> None:
    assert short(segments_of(diary("d", text))) == expected


def test_borders_share_short_gaps_and_pad_long_ones() -> None:
    frame = segments_of(diary("d", "8:00 A 9:00 A 9:30 B 10:00 B 13:00 C 14:00 C"))
    clock = frame.select(
        (pl.col("started_at", "ended_at") + pl.duration(hours=8)).dt.to_string("%-H:%M")
    )
    assert clock.rows() == [("7:55", "9:15"), ("9:15", "10:05"), ("12:55", "14:05")]


def test_devices_do_not_run_into_one_another() -> None:
    frame = segments_of(diary("d", "8:00 A 8:10 A"), diary("e", "8:20 A 8:30 A"))
    assert short(frame) == [("A", "8:00", "8:10", False, 2), ("A", "8:20", "8:30", False, 2)]
    assert frame["device_id"].to_list() == ["d", "e"]


def test_stays_keep_only_stays() -> None:
    frame = stays(segments_of(diary("d", "8:00 A 9:00 A 9:30 B 10:00 C 11:00 C")))
    assert frame["place_id"].to_list() == ["A", "C"]
    assert "is_stay" not in frame.columns


def test_no_events_give_no_segments() -> None:
    assert segments_of([]).schema == pl.Schema(SEGMENT_SCHEMA)


TRACKS = st.lists(
    st.tuples(
        st.sampled_from(["d", "e", "f"]),
        st.integers(0, 2 * 24 * 60),
        st.sampled_from(["A", "A1", "A2", "B", "C", "X"]),
        st.sampled_from(["cmcc", "unicom"]),
        st.sampled_from(["data", "call"]),
    ),
    max_size=60,
)


def frame_of(track: list[tuple[str, int, str, str, str]]) -> pl.DataFrame:
    rows: list[dict[str, Any]] = []
    for device_id, minute, cell_id, carrier, event_type in track:
        day = DAY + timedelta(days=minute // 1440)
        text = f"{minute % 1440 // 60}:{minute % 60:02d} {cell_id}"
        (row,) = diary(device_id, text, day, carrier)
        rows.append({**row, "event_type": event_type})
    return events_frame(rows)


@settings(max_examples=60, deadline=None)
@given(TRACKS, st.randoms(use_true_random=False))
def test_any_order_of_rows_gives_the_same_tables(
    track: list[tuple[str, int, str, str, str]], random: Any
) -> None:
    shuffled = track[:]
    random.shuffle(shuffled)
    first, second = (clean(frame_of(rows), CELLS, PARAMETERS) for rows in (track, shuffled))
    assert_frame_equal(first.events, second.events)
    assert_frame_equal(first.counts, second.counts)
    mixed = second.accepted.sample(fraction=1, shuffle=True, seed=random.randrange(1000))
    assert_frame_equal(segments(first.accepted, PARAMETERS), segments(mixed, PARAMETERS))


@settings(max_examples=60, deadline=None)
@given(TRACKS)
def test_nothing_is_lost_and_segments_follow_their_definition(
    track: list[tuple[str, int, str, str, str]],
) -> None:
    cleaned = clean(frame_of(track), CELLS, PARAMETERS)
    assert cleaned.counts["event_count"].sum() == len(track)
    frame = segments(cleaned.accepted, PARAMETERS)
    assert frame["event_count"].sum() == len(cleaned.accepted)
    assert short(frame) == _segments_by_loop(cleaned.accepted)


def _segments_by_loop(accepted: pl.DataFrame) -> list[tuple[str, str, str, bool, int]]:
    """The definition, one event after the other: what the vectorised code must equal."""
    longest_gap = timedelta(seconds=PARAMETERS.stay_gap_s)
    found: list[list[dict[str, Any]]] = []
    for row in accepted.to_dicts():
        current = found[-1] if found else []
        fits = (
            bool(current)
            and row["device_id"] == current[0]["device_id"]
            and row["event_at"] - current[-1]["event_at"] <= longest_gap
            and abs(row["place_latitude"] - current[0]["place_latitude"]) * 111_195.08
            <= PARAMETERS.stay_radius_m
        )
        if fits:
            current.append(row)
        else:
            found.append([row])
    result = []
    for events in found:
        seconds: dict[str, list[float]] = {}
        for event, following in zip(events, [*events[1:], events[-1]], strict=True):
            spent = seconds.setdefault(event["place_id"], [0.0, 0.0])
            spent[0] -= (following["event_at"] - event["event_at"]).total_seconds()
            spent[1] -= 1
        first, last = events[0]["event_at"], events[-1]["event_at"]
        local = [f"{(at + timedelta(hours=8)):%H:%M}" for at in (first, last)]
        place = min(seconds, key=lambda place_id: (seconds[place_id], place_id))
        is_stay = (last - first).total_seconds() >= PARAMETERS.stay_min_s
        result.append((place, *(at.removeprefix("0") for at in local), is_stay, len(events)))
    return result  # type: ignore[return-value]
