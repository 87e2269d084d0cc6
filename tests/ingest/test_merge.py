"""De-duplication under each of the contract's rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.feeds.contract import Table, load_feed
from pipelines.ingest.merge import FILE, _sorted, conflict_rows, deduplicate

DAY = date(2020, 2, 10)
POWER = load_feed("power").tables["energy_daily"]


def rows(*given_rows: tuple[str, float, int, int]) -> pl.DataFrame:
    """(enterprise, kWh, file, line)"""
    return pl.DataFrame(
        [(e, DAY, Decimal(str(kwh)), file, line) for e, kwh, file, line in given_rows],
        schema={
            "enterprise_id": pl.String,
            "data_date": pl.Date,
            "energy_kwh": pl.Decimal(18, 3),
            FILE: pl.Int32,
            "_line": pl.Int64,
        },
        orient="row",
    )


def kept(frame: pl.DataFrame) -> list[tuple[str, float, int, int]]:
    return [(e, float(kwh), f, n) for e, _, kwh, f, n in frame.iter_rows()]


def ruled(**changes: object) -> Table:
    return replace(POWER, **changes)  # type: ignore[arg-type]


GIVEN = rows(("B", 1, 0, 2), ("A", 5, 1, 2), ("A", 4, 0, 9), ("B", 1, 1, 3), ("C", 7, 0, 4))


def test_latest_is_the_later_file_and_line() -> None:
    winners, conflicts = deduplicate(GIVEN, ruled(on_key_conflict="latest"), adds=False)
    assert kept(winners) == [("A", 5, 1, 2), ("B", 1, 1, 3), ("C", 7, 0, 4)]
    assert conflicts.is_empty()


def test_latest_by_a_column_goes_before_the_file() -> None:
    table = ruled(on_key_conflict="latest", latest_by="energy_kwh")
    given_rows = rows(("A", 5, 0, 2), ("A", 4, 1, 2))
    assert kept(deduplicate(given_rows, table, adds=False)[0]) == [("A", 5, 0, 2)]


def test_sum_drops_repeats_and_adds_the_rest() -> None:
    table = ruled(on_key_conflict="sum", sums=("energy_kwh",))
    added, _ = deduplicate(GIVEN, table, adds=False)
    assert kept(added) == [("A", 9, 1, 2), ("B", 1, 0, 2), ("C", 7, 0, 4)]


def test_a_provider_that_splits_keys_has_no_repeats() -> None:
    table = ruled(on_key_conflict="latest", sums=("energy_kwh",))
    added, _ = deduplicate(GIVEN, table, adds=True)
    assert [(e, kwh) for e, kwh, _, _ in kept(added)] == [("A", 9), ("B", 2), ("C", 7)]


def test_contradictions_are_quarantined_all_of_them() -> None:
    table = ruled(on_key_conflict="quarantine")
    agreed, conflicts = deduplicate(GIVEN, table, adds=False)
    assert kept(agreed) == [("B", 1, 0, 2), ("C", 7, 0, 4)]
    assert kept(conflicts) == [("A", 4, 0, 9), ("A", 5, 1, 2)]
    shown = conflict_rows(conflicts, table).row(0, named=True)
    assert (shown["code"], shown["value"]) == ("key_conflict", "A | 2020-02-10")
    assert shown["row_json"] == (
        '{"enterprise_id":"A","data_date":"2020-02-10","energy_kwh":"4.000"}'
    )


def test_without_a_key_only_identical_rows_are_repeats() -> None:
    table = ruled(key=(), on_identical="drop")
    distinct, _ = deduplicate(GIVEN, table, adds=False)
    assert kept(distinct) == [("A", 4, 0, 9), ("A", 5, 1, 2), ("B", 1, 0, 2), ("C", 7, 0, 4)]
    everything, _ = deduplicate(GIVEN, ruled(key=(), on_identical="keep"), adds=False)
    assert everything.height == GIVEN.height


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "ab", "", "甲"]),
            st.integers(-(2**63), 2**63 - 1),
            st.integers(0, 3),
            st.integers(1, 50),
        ),
        max_size=30,
    )
)
def test_packed_order_is_the_plain_order(given_rows: list[tuple[str, int, int, int]]) -> None:
    frame = pl.DataFrame(
        given_rows,
        schema={"name": pl.String, "number": pl.Int64, FILE: pl.Int32, "_line": pl.Int64},
        orient="row",
    )
    for group in (["name"], ["name", "number"], ["number"]):
        plain = frame.sort([*group, FILE, "_line"])
        by_ours = _sorted(frame, group, []).select([*group, FILE, "_line"])
        assert by_ours.equals(plain.select([*group, FILE, "_line"]))
