"""Outcome records: what every step did, with conservation of rows asserted on construction."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Literal

import duckdb

Status = Literal["ok", "noop", "refused", "failed", "stale"]

CREATE_OUTCOMES = """
CREATE TABLE IF NOT EXISTS lake.ops.outcomes (
    run_id VARCHAR, step VARCHAR, feed VARCHAR, table_name VARCHAR, provider VARCHAR,
    partition_date DATE, rows_in BIGINT, rows_accepted BIGINT, rows_quarantined BIGINT,
    rows_duplicate BIGINT, bytes_in BIGINT, seconds DOUBLE, input_hashes VARCHAR[],
    status VARCHAR, error VARCHAR, recorded_at TIMESTAMP
)
"""


class ConservationBroken(AssertionError):
    """Rows went missing inside a step: a bug of ours, never of the data."""


@dataclass(frozen=True)
class Outcome:
    """One step's result for one feed, table or model.

    Rows are counts; `bytes_in` bytes; `seconds` wall time. `partition_date` is the data date, or
    None when the step covered several. Raises `ConservationBroken` unless
    rows_in = rows_accepted + rows_quarantined + rows_duplicate.
    """

    run_id: str
    step: str
    status: Status
    feed: str | None = None
    table_name: str | None = None
    provider: str | None = None
    partition_date: date | None = None
    rows_in: int = 0
    rows_accepted: int = 0
    rows_quarantined: int = 0
    rows_duplicate: int = 0
    bytes_in: int = 0
    seconds: float = 0.0
    input_hashes: Sequence[str] = field(default_factory=tuple)
    error: str | None = None

    def __post_init__(self) -> None:
        out = self.rows_accepted + self.rows_quarantined + self.rows_duplicate
        if self.rows_in != out:
            raise ConservationBroken(
                f"{self.step} {self.feed}.{self.table_name}: {self.rows_in} rows in, {out} out "
                f"({self.rows_accepted} accepted, {self.rows_quarantined} quarantined, "
                f"{self.rows_duplicate} duplicate)"
            )

    def as_json(self) -> str:
        """One line for logs."""
        return json.dumps(self.__dict__ | {"input_hashes": list(self.input_hashes)}, default=str)


def new_run_id() -> str:
    """A sortable name for one execution; operational only, never part of data or a hash."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def record(con: duckdb.DuckDBPyConnection, outcomes: Iterable[Outcome]) -> None:
    """Insert outcomes into `ops.outcomes` inside the caller's transaction."""
    rows = [
        (
            o.run_id, o.step, o.feed, o.table_name, o.provider, o.partition_date, o.rows_in,
            o.rows_accepted, o.rows_quarantined, o.rows_duplicate, o.bytes_in,
            round(o.seconds, 3), list(o.input_hashes), o.status, o.error,
            datetime.now(UTC).replace(tzinfo=None),
        )
        for o in outcomes
    ]  # fmt: skip
    if rows:
        con.executemany(f"INSERT INTO lake.ops.outcomes VALUES ({','.join('?' * 16)})", rows)
