"""Each error code by hand: the rows that get it, and the neighbours that do not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest

from pipelines.mobility.cleaning import ERROR_CODES, CleanedEvents, clean
from pipelines.mobility.parameters import load_parameters
from tests.mobility.diaries import DAY, cell, cells_frame, diary, events_frame, local

PARAMETERS = load_parameters()
CELLS = cells_frame(
    cell("A", 0),
    cell("B", 1),
    cell("C", 5),
    cell("FAR", 60, "990200"),
    cell("FARTHER", 61, "990200"),
    cell("CITY2", 900, "990300"),
    cell("NOWHERE", None),
    cell("TWICE", 3),
    cell("TWICE", 9),
    cell("MOVED", 2, valid_to=DAY - timedelta(days=1)),
    cell("MOVED", 12, "990102", valid_from=DAY),
    cell("GONE", 2, valid_to=DAY - timedelta(days=1)),
)


def codes(cleaned: CleanedEvents, device_id: str = "d") -> list[str | None]:
    """The codes of one device's rows, in time."""
    return cleaned.events.filter(pl.col("device_id") == device_id)["error_code"].to_list()


def coded(text: str, **options: object) -> list[str | None]:
    return codes(clean(events_frame(diary("d", text)), CELLS, PARAMETERS, **options))  # type: ignore[arg-type]


def test_a_clean_diary_is_accepted_whole_and_placed() -> None:
    cleaned = clean(events_frame(diary("d", "8:00 A 9:00 B 10:00 C")), CELLS, PARAMETERS)
    assert cleaned.events["error_code"].is_null().all()
    assert cleaned.events["place_id"].to_list() == ["A", "B", "C"]
    assert cleaned.events["region_id"].to_list() == ["990101"] * 3
    assert cleaned.counts.to_dicts() == [
        {"data_date": DAY, "error_code": "accepted", "event_count": 3, "device_count": 1}
    ]


def test_a_repeated_event_is_kept_once() -> None:
    assert coded("8:00 A 8:00 A 8:00 A 9:00 A") == [
        None,
        "duplicate_event",
        "duplicate_event",
        None,
    ]


def test_one_device_at_two_places_in_one_instant_is_at_neither() -> None:
    assert coded("8:00 A 9:00 A 9:00 C 10:00 A") == [
        None,
        "conflicting_event",
        "conflicting_event",
        None,
    ]


def test_events_after_the_data_end_are_from_the_future() -> None:
    assert coded("8:00 A 23:59 A", data_until=local("12:00")) == [None, "future_event"]


def test_an_instant_outside_the_day_of_its_file_is_clock_skew() -> None:
    rows = diary("d", "0:02 A 12:00 A")
    for row in rows:
        row["data_date"] = DAY - timedelta(days=1)
    # two minutes past midnight are within the tolerance of the clock
    assert codes(clean(events_frame(rows), CELLS, PARAMETERS)) == [None, "clock_skew"]


def test_a_row_filed_under_no_day_has_no_clock_skew() -> None:
    rows = diary("d", "8:00 A 9:00 A")
    rows[0]["data_date"] = None
    assert codes(clean(events_frame(rows), CELLS, PARAMETERS)) == [None, None]


@pytest.mark.parametrize(
    ("cell_id", "code"),
    [
        ("X", "unknown_cell"),
        ("GONE", "unknown_cell"),
        ("NOWHERE", "cell_without_position"),
        ("TWICE", "moving_cell"),
        ("MOVED", None),
    ],
)
def test_what_the_register_says_of_a_cell(cell_id: str, code: str | None) -> None:
    assert coded(f"8:00 A 9:00 {cell_id} 10:00 A") == [None, code, None]


def test_a_cell_that_moved_is_another_place_from_that_day_on() -> None:
    rows = diary("d", "8:00 MOVED", DAY - timedelta(days=1)) + diary("d", "8:00 MOVED")
    events = clean(events_frame(rows), CELLS, PARAMETERS).events
    assert events["place_id"].to_list() == ["MOVED", f"MOVED@{DAY}"]
    assert events["region_id"].to_list() == ["990101", "990102"]


def test_a_device_on_two_carriers_keeps_the_one_that_saw_more() -> None:
    rows = diary("d", "8:00 A 9:00 A 10:00 A") + diary("d", "8:30 A 9:30 A", carrier="unicom")
    cleaned = clean(events_frame(rows), CELLS, PARAMETERS)
    assert codes(cleaned) == [None, "second_carrier", None, "second_carrier", None]


def test_a_number_ported_between_days_is_not_on_two_carriers() -> None:
    rows = diary("d", "8:00 A", DAY - timedelta(days=1)) + diary("d", "8:00 A", carrier="unicom")
    assert codes(clean(events_frame(rows), CELLS, PARAMETERS)) == [None, None]


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("8:00 A 8:02 C 8:04 A", [1]),
        ("8:00 A 8:02 C 8:05 A", [1]),  # five minutes exactly
        ("8:00 A 8:02 C 8:05:01 A", []),
        ("8:00 A 8:01 C 8:02 C 8:04 A", [1, 2]),
        # one chain, A first on a tie: inner C and inner A are judged together
        ("8:00 A 8:01 C 8:02 A 8:03 C", [1]),
        # C has more of the chain, so the inner A goes; both ends stay
        ("8:00 A 8:01 C 8:02 A 8:03 C 8:04 C 8:05 C", [2]),
        ("8:00 A 8:02 B 8:04 C", []),
    ],
)
def test_ping_pong(text: str, refused: list[int]) -> None:
    found = coded(text)
    assert [index for index, code in enumerate(found) if code == "ping_pong"] == refused
    assert set(found) <= {None, "ping_pong"}


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        # 60 km in ten minutes (100 m/s) and back
        ("8:00 A 8:30 A 8:40 FAR 8:50 A 9:00 A", [2]),
        # a wrong place reported twice is one piece
        ("8:00 A 8:30 A 8:40 FAR 8:42 FARTHER 8:52 A 9:00 A", [2, 3]),
        # 60 km in twenty minutes is 50 m/s: a train
        ("8:00 A 8:30 A 8:50 FAR 9:10 A 9:30 A", []),
        # 5 km at any speed is not a jump
        ("8:00 A 8:10 C 8:10:01 A", []),
        # at the end of a track the piece with fewer events goes
        ("8:00 A 8:30 A 8:40 FAR", [2]),
        ("8:00 FAR 8:10 A 8:30 A", [0]),
        # a flight: 900 km in two hours (125 m/s), and the device stays there
        ("7:00 A 8:00 A 10:00 CITY2 11:00 CITY2 13:00 A 14:00 A", []),
    ],
)
def test_implausible_jumps(text: str, refused: list[int]) -> None:
    found = coded(text)
    assert [index for index, code in enumerate(found) if code == "implausible_jump"] == refused
    assert set(found) <= {None, "implausible_jump"}


def test_high_speed_rail_raises_the_speed() -> None:
    rail = replace(PARAMETERS, jump_speed_m_s=110)
    rows = events_frame(diary("d", "8:00 A 8:30 A 8:40 FAR 8:50 A 9:00 A"))
    assert codes(clean(rows, CELLS, rail)) == [None] * 5


def test_a_device_seen_everywhere_loses_the_day_but_not_the_next() -> None:
    few = replace(PARAMETERS, everywhere_cells=2)
    rows = diary("d", "8:00 A 9:00 B 10:00 C") + diary("d", "8:00 A", DAY + timedelta(days=1))
    rows += diary("e", "8:00 A 9:00 B 10:00 A")
    cleaned = clean(events_frame(rows), CELLS, few)
    assert codes(cleaned) == ["everywhere_device"] * 3 + [None]
    assert codes(cleaned, "e") == [None] * 3


def test_machines_named_by_their_history_are_refused() -> None:
    rows = events_frame(diary("d", "8:00 A"), diary("e", "8:00 A"))
    cleaned = clean(rows, CELLS, PARAMETERS, machines=pl.DataFrame({"device_id": ["d", "other"]}))
    assert (codes(cleaned), codes(cleaned, "e")) == (["machine"], [None])


def test_counts_add_up_by_day_and_code() -> None:
    rows = diary("d", "8:00 A 8:00 A 9:00 X") + diary("e", "8:00 A", DAY + timedelta(days=1))
    counts = clean(events_frame(rows), CELLS, PARAMETERS).counts
    assert counts["event_count"].sum() == len(rows)
    assert counts.filter(pl.col("data_date") == DAY).rows() == [
        (DAY, "accepted", 1, 1),
        (DAY, "duplicate_event", 1, 1),
        (DAY, "unknown_cell", 1, 1),
    ]


def test_no_events_give_empty_tables_of_the_same_shape() -> None:
    some = clean(events_frame(diary("d", "8:00 A")), CELLS, PARAMETERS)
    none = clean(events_frame([]), CELLS, PARAMETERS)
    assert none.events.schema == some.events.schema
    assert none.counts.is_empty()


def test_every_code_is_documented(docs_page: str) -> None:
    assert [code for code in ERROR_CODES if f"`{code}`" not in docs_page] == []


@pytest.fixture
def docs_page(request: pytest.FixtureRequest) -> str:
    return (request.config.rootpath / "docs/methods/signaling.md").read_text(encoding="utf-8")


def test_positions_use_the_grid_square_as_place() -> None:
    rows = events_frame(diary("d", "8:00 A 8:10 A 8:20 A")).with_columns(
        pl.lit(None, pl.String).alias("cell_id"),
        pl.Series("latitude", [39.90001, 39.90002, 39.95]),
        pl.Series("longitude", [116.30001, 116.30002, 116.30]),
    )
    events = clean(rows, CELLS, PARAMETERS).events
    first, second, third = events["place_id"].to_list()
    assert first == second != third
    assert events["place_latitude"][0] == pytest.approx(39.9, abs=0.001)
    assert events["place_longitude"][0] == pytest.approx(116.3, abs=0.001)
