"""Damage done to deliveries on purpose, each piece of it logged in the truth.

What the log promises: `file` and `line` (physical, from 1) of a row fault are where the damaged
row really is, and `expected` is what a right pipeline makes of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import polars as pl
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from pipelines.errors import CityPulseError
from pipelines.feeds.contract import load_feed
from pipelines.simulator.delivery import Delivery
from pipelines.simulator.rng import stream

FAULTS_FILE = Path(__file__).with_name("faults.yaml")

RowKind = Literal[
    "duplicate_rows", "impossible_value", "null_key", "malformed_row", "wrong_unit",
    "clock_skew", "late",
]  # fmt: skip
FileKind = Literal[
    "duplicate_file", "gap", "bad_encoding", "schema_drift", "truncated_gz", "html_page"
]
NetworkKind = Literal["cells_down", "second_carrier", "new_salt"]
RegisterKind = Literal["cell_without_position", "moving_cell"]
ROW_KINDS, FILE_KINDS, NETWORK_KINDS, REGISTER_KINDS = (
    frozenset(get_args(kinds)) for kinds in (RowKind, FileKind, NetworkKind, RegisterKind)
)
# kinds that are of one table only
_TABLES = dict.fromkeys(NETWORK_KINDS, "signaling.events") | dict.fromkeys(
    REGISTER_KINDS, "signaling.cells"
)

_NEEDS = {
    "impossible_value": ("column", "value"),
    "null_key": ("column",),
    "wrong_unit": ("column", "factor"),
    "clock_skew": ("column", "days"),
    "late": ("days",),
    "bad_encoding": ("encoding",),
    "schema_drift": ("column", "renamed_to"),
    "new_salt": ("value",),
    "cell_without_position": ("from_date",),
    "moving_cell": ("from_date",),
}
_HTML = (
    "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\n"
    "<body><h1>502 Bad Gateway</h1><p>{name}</p></body></html>\n"
)

FAULT_SCHEMA = {
    "data_date": pl.Date,
    "kind": pl.String,
    "feed": pl.String,
    "table_name": pl.String,
    "provider": pl.String,
    "file": pl.String,
    "same_as": pl.String,
    "line": pl.Int64,
    "row_count": pl.Int64,
    "key": pl.String,
    "expected": pl.String,
    "code": pl.String,
    "is_lost": pl.Boolean,
    "detail": pl.String,
}


class FaultsError(CityPulseError):
    """A faults file does not say what it must."""


class Fault(BaseModel):
    """One line of the faults file; see `faults.yaml` for what each kind does and needs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: RowKind | FileKind | NetworkKind | RegisterKind
    table: str
    provider: str = "canonical"
    every_days: int = 1
    phase: int = 0
    from_date: date | None = None
    to_date: date | None = None
    rate: float = 0.0
    column: str | None = None
    value: str | None = None
    factor: float | None = None
    at_least: float | None = None
    below: float | None = None
    days: int | None = None
    corrected_after: int | None = None
    encoding: str | None = None
    renamed_to: str | None = None
    resend: bool = False

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Fault:
        missing = [name for name in _NEEDS.get(self.kind, ()) if getattr(self, name) is None]
        if missing:
            raise ValueError(f"a {self.kind} fault needs {' and '.join(missing)}")
        table = _TABLES.get(self.kind, self.table)
        if table != self.table:
            raise ValueError(f"a {self.kind} fault is of {table}, not of {self.table}")
        return self

    def strikes(self, delivery: Delivery, day: date) -> bool:
        """Whether this fault is for that delivery on that day."""
        return (
            self.table == f"{delivery.feed}.{delivery.table}"
            and self.provider == delivery.provider
            and day.toordinal() % self.every_days == self.phase
            and (self.from_date is None or self.from_date <= day)
            and (self.to_date is None or day <= self.to_date)
        )


def load_faults(which: str | Path) -> list[Fault]:
    """`default`, `none` or a YAML file; raise `FaultsError` naming the file and the fault."""
    if which == "none":
        return []
    path = FAULTS_FILE if which == "default" else Path(which)
    if not path.is_file():
        raise FaultsError(f"--faults names {path}, which is not a file: give none, default or one.")
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))["faults"]
        return [Fault.model_validate(entry) for entry in entries]
    except (yaml.YAMLError, KeyError, TypeError):
        raise FaultsError(
            f"{path} must be YAML with one list named 'faults', like {FAULTS_FILE.name}."
        ) from None
    except ValidationError as error:
        first = error.errors()[0]
        raise FaultsError(
            f"{path}: a fault is wrong at {'.'.join(map(str, first['loc'])) or 'its kind'}: "
            f"{first['msg']} (found {first['input']})."
        ) from None


@dataclass
class Dropped:
    """What a delivery turned into: files by name, and the log of the damage."""

    files: dict[str, bytes] = field(default_factory=dict)
    log: list[dict[str, object]] = field(default_factory=list)


@dataclass
class _Draft:
    """A delivery being damaged. `position` orders rows in the file; rows keep their index in
    `frame`, so the log is written once the order is final."""

    delivery: Delivery
    day: date
    frame: pl.DataFrame
    marks: list[tuple[Fault, np.ndarray, str, str | None, str]] = field(default_factory=list)
    position: np.ndarray = field(default_factory=lambda: np.zeros(0))
    later: dict[tuple[str, int], list[np.ndarray]] = field(default_factory=dict)

    def send_later(self, kind: str, days: int, rows: np.ndarray) -> None:
        """Have clean `rows` arrive `days` later, as `late` or as `correction`."""
        self.later.setdefault((kind, days), []).append(rows)


def drop(delivery: Delivery, day: date, faults: Iterable[Fault], seed: int) -> Dropped:
    """The files of one delivery on `day`, damaged as `faults` say."""
    striking = [fault for fault in faults if fault.strikes(delivery, day)]
    of_file = next((fault for fault in striking if fault.kind in FILE_KINDS), None)
    dropped = Dropped()
    if of_file is not None and _loses_the_file(of_file):
        _damage_file(dropped, delivery, day, of_file, delivery.frame)
        return dropped
    draft = _Draft(delivery, day, delivery.frame)
    draft.position = np.arange(delivery.frame.height, dtype=np.float64)
    rows = [fault for fault in striking if fault.kind in ROW_KINDS]
    if rows and delivery.frame.height:
        _damage_rows(draft, rows, seed)
    order = np.argsort(draft.position, kind="stable")
    order = order[np.isfinite(draft.position[order])]
    frame = draft.frame[order] if draft.marks or draft.later else draft.frame
    resent = of_file is not None and of_file.resend
    name = delivery.file_name(day, "-resent" if resent else "")
    dropped.files[name] = delivery.content(frame)
    _log_rows(dropped, draft, order, name)
    _write_later(dropped, draft)
    if of_file is not None:
        _damage_file(dropped, delivery, day, of_file, frame)
    return dropped


def _loses_the_file(fault: Fault) -> bool:
    return fault.kind != "duplicate_file" and not fault.resend


def _damage_rows(draft: _Draft, faults: list[Fault], seed: int) -> None:
    """Apply row faults to disjoint rows."""
    rng = stream(seed, "faults", draft.delivery.provider, draft.delivery.name, draft.day)
    free = rng.permutation(draft.delivery.frame.height)
    for fault in faults:
        candidates = free
        if fault.at_least is not None or fault.below is not None:
            value = draft.frame[_column(fault)].cast(pl.Float64).to_numpy()[free]
            low = -np.inf if fault.at_least is None else fault.at_least
            high = np.inf if fault.below is None else fault.below
            candidates = free[(value >= low) & (value < high)]
        wanted = max(1, round(fault.rate * draft.delivery.frame.height))
        rows = np.sort(candidates[:wanted])
        if len(rows):
            free = free[~np.isin(free, rows)]
            _damage(draft, fault, rows)
            if fault.corrected_after is not None:
                draft.send_later("correction", fault.corrected_after, rows)


def _column(fault: Fault) -> str:
    assert fault.column is not None, "checked by Fault._has_what_it_needs"
    return fault.column


def _damage(draft: _Draft, fault: Fault, rows: np.ndarray) -> None:
    """Apply one row fault to `rows` (indices into the draft's frame)."""
    if fault.kind == "duplicate_rows":
        copies = np.arange(draft.frame.height, draft.frame.height + len(rows))
        draft.frame = pl.concat([draft.frame, draft.frame[rows]])
        draft.position = np.concatenate([draft.position, rows + 0.5])
        draft.marks.append((fault, copies, "duplicate", None, "an exact copy of the row before"))
    elif fault.kind == "late":
        draft.position[rows] = np.inf
        draft.send_later("late", fault.days or 0, rows)
    elif fault.kind == "malformed_row":
        last = draft.frame.columns[-1]
        extra = draft.frame[last][rows].fill_null("") + ",0"
        _set(draft, last, rows, extra)
        draft.marks.append((fault, rows, "quarantine_row", None, "one field too many"))
    elif fault.kind == "wrong_unit":
        _wrong_unit(draft, fault, rows)
    elif fault.kind == "clock_skew":
        _clock_skew(draft, fault, rows)
    else:  # impossible_value, null_key
        value = pl.Series([fault.value], dtype=pl.String).new_from_index(0, len(rows))
        _set(draft, _column(fault), rows, value)
        detail = f"{fault.column} is {'empty' if fault.value is None else fault.value}"
        draft.marks.append((fault, rows, "quarantine_row", None, detail))


def _set(draft: _Draft, column: str, rows: np.ndarray, values: pl.Series) -> None:
    draft.frame = draft.frame.with_columns(draft.frame[column].scatter(rows, values).alias(column))


def _wrong_unit(draft: _Draft, fault: Fault, rows: np.ndarray) -> None:
    """Multiply; beyond the contract's maximum it must be refused, below it no row check can see."""
    column, factor = _column(fault), fault.factor or 1.0
    values = draft.frame[column][rows].cast(pl.Float64) * factor
    _set(draft, column, rows, values.round(2).cast(pl.String))
    table = load_feed(draft.delivery.feed).tables[draft.delivery.table]
    maximum = next((c.maximum for c in table.columns if c.name == column), None)
    seen = (values > (np.inf if maximum is None else maximum)).to_numpy()
    for mask, expected, note in (
        (seen, "quarantine_row", "beyond the contract's range"),
        (~seen, "semantic", "within the contract's range: no row check can see it"),
    ):
        if mask.any():
            detail = f"{column} x {factor:g}, {note}"
            draft.marks.append((fault, rows[mask], expected, None, detail))


def _clock_skew(draft: _Draft, fault: Fault, rows: np.ndarray) -> None:
    column, days = _column(fault), fault.days or 0
    text = draft.frame[column][rows]
    moved = text.str.slice(0, 10).str.to_date("%Y-%m-%d") + timedelta(days=days)
    _set(draft, column, rows, moved.dt.strftime("%Y-%m-%d") + text.str.slice(10))
    code = "future_date" if days > 0 else "stale_date"
    draft.marks.append((fault, rows, "quarantine_row", code, f"{column} moved by {days} days"))


def _log_rows(dropped: Dropped, draft: _Draft, order: np.ndarray, name: str) -> None:
    """Log every damaged row with the line it ended up on."""
    line_of = np.empty(draft.frame.height, dtype=np.int64)
    line_of[order] = np.arange(len(order)) + draft.delivery.first_line
    for fault, rows, expected, code, detail in draft.marks:
        entries = zip(line_of[rows].tolist(), _keys(draft, rows), strict=True)
        for line, key in entries:
            entry = log_entry(draft.delivery, draft.day, fault.kind, name, expected, detail)
            dropped.log.append(entry | {"line": line, "key": key, "code": code})


def _keys(draft: _Draft, rows: np.ndarray) -> list[str]:
    """The key of each row as JSON, as it was before the damage (a copy: its original's)."""
    clean = draft.delivery.frame
    source = clean if rows.max() < clean.height else draft.frame
    copied = source[rows].select(draft.delivery.key)
    return [json.dumps(key, ensure_ascii=False) for key in copied.iter_rows(named=True)]


def _write_later(dropped: Dropped, draft: _Draft) -> None:
    """Rows that come, or come again and right this time, in a file dated some days later."""
    delivery = draft.delivery
    for (kind, days), groups in draft.later.items():
        rows = np.sort(np.concatenate(groups))
        arrives = draft.day + timedelta(days=days)
        name = delivery.file_name(arrives, f"-{kind}{draft.day:%m%d}")
        dropped.files[name] = delivery.content(delivery.frame[rows])
        detail = f"rows of {draft.day} in the file of {arrives}"
        for offset, key in enumerate(_keys(draft, rows)):
            entry = log_entry(delivery, draft.day, kind, name, "late", detail)
            dropped.log.append(entry | {"line": delivery.first_line + offset, "key": key})


def _damage_file(
    dropped: Dropped, delivery: Delivery, day: date, fault: Fault, frame: pl.DataFrame
) -> None:
    """Add the damaged file (none for a gap) and log it."""
    name = delivery.file_name(day)
    expected, detail, content = "quarantine_file", "", b""
    if fault.kind == "duplicate_file":
        name = delivery.file_name(day, "-copy")
        expected, detail = "duplicate", f"{frame.height} rows sent again, byte for byte"
        content = delivery.content(frame)
    elif fault.kind == "gap":
        expected, detail = "gap", "no file"
    elif fault.kind == "bad_encoding":
        content, detail = delivery.content(frame, fault.encoding), f"in {fault.encoding}"
    elif fault.kind == "schema_drift":
        drifted = frame.rename({_column(fault): fault.renamed_to or ""})
        content, detail = delivery.content(drifted), f"{fault.column} is {fault.renamed_to}"
    elif fault.kind == "truncated_gz":
        if not delivery.is_compressed:
            raise FaultsError(
                f"a truncated_gz fault is for compressed files, and {fault.table} of "
                f"{fault.provider} is not one: choose another table."
            )
        whole = delivery.content(frame)
        content, detail = whole[: len(whole) * 3 // 5], "cut off at three fifths"
    else:
        content, detail = _HTML.format(name=name).encode(), "an error page"
    if fault.kind != "gap":
        dropped.files[name] = content
    entry = log_entry(delivery, day, fault.kind, name, expected, detail)
    same_as = delivery.file_name(day) if fault.kind == "duplicate_file" else None
    dropped.log.append(entry | {"same_as": same_as, "is_lost": _loses_the_file(fault)})


def log_entry(
    delivery: Delivery, day: date, kind: str, name: str, expected: str, detail: str
) -> dict[str, object]:
    """A row of FAULT_SCHEMA; what is not said is null."""
    return {
        "data_date": day,
        "kind": kind,
        "feed": delivery.feed,
        "table_name": delivery.table,
        "provider": delivery.provider,
        "file": name,
        "same_as": None,
        "line": None,
        "row_count": None,
        "key": None,
        "expected": expected,
        "code": None,
        "is_lost": False,
        "detail": detail,
    }
