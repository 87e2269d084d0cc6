"""The audit log: append-only, one JSON line a record, each hashed over the one before.

hash_n = SHA256(hash_{n-1} || canonical JSON of the record || its UTC time); hash_0 is 64 zeros.
A changed, missing or reordered record breaks the chain at its place. Records cut off at the end
leave a shorter chain that is whole in itself: only an anchor kept elsewhere (`Head`) shows that.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from pipelines.errors import CityPulseError, SettingsError
from pipelines.settings import Settings

LOG_NAME = "audit.jsonl"
LOCK_TIMEOUT_S = 60
ZERO_HASH = "0" * 64
TORN_LINE = "torn_line"
_TAIL_BYTES = 1 << 16


class AuditBroken(CityPulseError):
    """The audit log is not what was written."""

    exit_status = 3


class AuditUnavailable(CityPulseError):
    """The audit log cannot be written or read; without it nothing is looked up."""


@dataclass(frozen=True)
class Head:
    """How many records a log had and the hash of its last: what an anchor elsewhere keeps."""

    records: int
    hash: str

    @classmethod
    def parse(cls, text: str) -> Head:
        """Read `N:HASH`, as `str` writes it."""
        number, _, digest = text.partition(":")
        if not number.isdecimal() or not re.fullmatch(r"[0-9a-f]{64}", digest):
            raise AuditUnavailable(
                f"'{text}' is not an anchor: write it as 'citypulse audit verify' prints it, "
                "<number>:<64 hexadecimal digits>."
            )
        return cls(int(number), digest)

    def __str__(self) -> str:
        return f"{self.records}:{self.hash}"


@dataclass(frozen=True)
class Record:
    """One act. `number` counts from 1; `at` is the UTC instant of the act; `details` is JSON."""

    number: int
    at: datetime
    action: str
    details: dict[str, Any]
    previous_hash: str
    hash: str

    @classmethod
    def made(cls, before: Head, at: datetime, action: str, details: Mapping[str, Any]) -> Record:
        """The record that follows `before`."""
        number = before.records + 1
        body = {"number": number, "action": action, "details": dict(details)}
        digest = _digest(before.hash, body, at)
        return cls(number, at, action, dict(details), before.hash, digest)

    def line(self) -> bytes:
        """The line of the log, with its end."""
        return (
            canonical(
                {
                    "number": self.number,
                    "at": _instant(self.at),
                    "action": self.action,
                    "details": self.details,
                    "previous_hash": self.previous_hash,
                    "hash": self.hash,
                }
            )
            + b"\n"
        )

    @property
    def head(self) -> Head:
        return Head(self.number, self.hash)


def canonical(value: Any) -> bytes:
    """One way to write a JSON value: sorted keys, no spaces, UTF-8."""
    text = json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return text.encode()


def audit_folder(settings: Settings) -> Path:
    """The log's folder, made owner-only on first use.

    Raises `SettingsError` when it lies inside the lake or others can open it.
    """
    folder = settings.path(settings.audit_dir)
    if not settings.lake_is_remote and folder.is_relative_to(settings.lake_location):
        raise SettingsError(
            f"the audit log's folder {folder} lies inside the lake: set CITYPULSE_AUDIT_DIR to a "
            "place outside."
        )
    return owner_only(folder)


def owner_only(folder: Path) -> Path:
    """Make the folder (0700) if absent; raise `SettingsError` when others can open it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    mode = folder.stat().st_mode
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SettingsError(
            f"{folder} can be opened by others (mode {stat.S_IMODE(mode):04o}): make it yours "
            f"alone with 'chmod 700 {folder}'."
        )
    return folder


def append(
    settings: Settings, action: str, details: Mapping[str, Any], *, at: datetime | None = None
) -> Record:
    """Add a record and return it once it is on the disk.

    `at`: the instant of the act (now); `details` must be JSON. Writers in any number of processes
    take turns. A line that an earlier writer left torn (it died while writing) is closed first and
    a record says so. Raises `AuditUnavailable` when the log cannot be written and `AuditBroken`
    when its end is not a record.
    """
    instant = (at or datetime.now(UTC)).astimezone(UTC)
    path = audit_folder(settings) / LOG_NAME
    with _locked(path):
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        except OSError as error:
            raise AuditUnavailable(f"the audit log {path} cannot be opened: {error}.") from None
        try:
            before, torn = _end_of(descriptor, path)
            records = []
            closed = _parsed(torn)
            if closed is not None:
                before = closed.head  # only its line end was lost
            elif torn:
                mark = {"bytes": len(torn), "sha256": hashlib.sha256(torn).hexdigest()}
                records.append(Record.made(before, instant, TORN_LINE, mark))
                before = records[0].head
            records.append(Record.made(before, instant, action, details))
            content = b"\n" * bool(torn) + b"".join(record.line() for record in records)
            _write_whole(descriptor, content, path)
        finally:
            os.close(descriptor)
        _sync_folder(path.parent)
    return records[-1]


def records(settings: Settings) -> list[Record]:
    """Every record, oldest first; raises `AuditBroken` where the chain breaks."""
    return list(_checked(_content(settings)))


def verify(settings: Settings, anchors: Iterable[Head] = ()) -> Head:
    """Check every record and that every anchor is part of the chain; return the chain's head.

    Raises `AuditBroken` naming the first record that was changed, is missing or out of order, a
    torn last line, or an anchor that the log does not reach: its end was cut off or rewritten.
    """
    content = _content(settings)
    hashes = [ZERO_HASH, *(record.hash for record in _checked(content))]
    for anchor in sorted(anchors, key=lambda a: a.records):
        if anchor.records >= len(hashes):
            raise AuditBroken(
                f"the audit log ends after record {len(hashes) - 1}, but there were "
                f"{anchor.records} once: its end was cut off; restore it from a copy."
            )
        if hashes[anchor.records] != anchor.hash:
            raise AuditBroken(
                f"record {anchor.records} of the audit log is not the one that was anchored: the "
                "log was rewritten; restore it from a copy."
            )
    if content and not content.endswith(b"\n"):
        raise AuditBroken(
            f"the last line of the audit log, after record {len(hashes) - 1}, is torn: a writer "
            "died while writing; the next record closes it and says so."
        )
    return Head(len(hashes) - 1, hashes[-1])


def _checked(content: bytes) -> Iterator[Record]:
    """The records of the log; a torn last line is left to the caller."""
    lines = content.split(b"\n")[:-1]
    head, torn = Head(0, ZERO_HASH), None
    for line_number, line in enumerate(lines, 1):
        record = _parsed(line)
        if torn is not None:
            _check_torn(torn, record, line_number)
        elif record is None:
            torn = line
            continue
        assert record is not None
        _check_link(head, record, line_number)
        head, torn = record.head, None
        yield record
    if torn is not None:
        raise AuditBroken(f"line {len(lines)} of the audit log is not a record: it was changed.")


def _check_torn(torn: bytes, record: Record | None, line_number: int) -> None:
    """An unreadable line is accepted only when the record after it vouches for its very bytes."""
    known = record is not None and record.action == TORN_LINE
    if not known or record.details.get("sha256") != hashlib.sha256(torn).hexdigest():  # type: ignore[union-attr]
        raise AuditBroken(
            f"line {line_number - 1} of the audit log is not a record: it was changed."
        )


def _check_link(before: Head, record: Record, line_number: int) -> None:
    where = f"line {line_number} of the audit log"
    body = {"number": record.number, "action": record.action, "details": record.details}
    if record.hash != _digest(record.previous_hash, body, record.at):
        raise AuditBroken(f"{where}, record {record.number}, was changed after it was written.")
    if record.previous_hash != before.hash:
        expected = before.records + 1
        kind = "is out of order" if record.number <= before.records else "follows a missing one"
        if record.number == expected:
            kind = f"does not follow record {before.records}, which was replaced"
        raise AuditBroken(
            f"{where}, record {record.number}, {kind}: record {expected} belongs here."
        )


def _parsed(line: bytes) -> Record | None:
    """The record of a line, or None when it is none, or not written the one way we write them."""
    try:
        value = json.loads(line)
        record = Record(
            number=int(value["number"]),
            at=datetime.fromisoformat(value["at"]),
            action=str(value["action"]),
            details=dict(value["details"]),
            previous_hash=str(value["previous_hash"]),
            hash=str(value["hash"]),
        )
    except (ValueError, KeyError, TypeError):
        return None
    return record if record.line() == line + b"\n" else None


def _digest(previous_hash: str, body: Mapping[str, Any], at: datetime) -> str:
    parts = previous_hash.encode() + canonical(body) + _instant(at).encode()
    return hashlib.sha256(parts).hexdigest()


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _content(settings: Settings) -> bytes:
    path = audit_folder(settings) / LOG_NAME
    with _locked(path):
        return path.read_bytes() if path.exists() else b""


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    lock = FileLock(path.with_suffix(".lock"), timeout=LOCK_TIMEOUT_S, mode=0o600)
    try:
        lock.acquire()
    except Timeout:
        raise AuditUnavailable(
            f"another process has held the audit log {path} for over {LOCK_TIMEOUT_S} s: end it, "
            "then run this again."
        ) from None
    try:
        yield
    finally:
        lock.release()


def _end_of(descriptor: int, path: Path) -> tuple[Head, bytes]:
    """The log's head, and the bytes of a torn last line."""
    size = os.fstat(descriptor).st_size
    block = _TAIL_BYTES
    while True:
        start = max(0, size - block)
        tail = os.pread(descriptor, size - start, start)
        whole, _, torn = tail.rpartition(b"\n")
        last = whole.rpartition(b"\n")
        # the last record is complete in the block once a line end before it, or the start, is seen
        if start == 0 or last[1]:
            break
        block *= 2
    if not whole:
        return Head(0, ZERO_HASH), torn
    record = _parsed(last[2])
    if record is None:
        raise AuditBroken(
            f"the last line of {path} is not a record: find out why with 'citypulse audit verify'."
        )
    return record.head, torn


def _write_whole(descriptor: int, content: bytes, path: Path) -> None:
    try:
        done = 0
        while done < len(content):
            done += os.write(descriptor, content[done:])
        os.fsync(descriptor)
    except OSError as error:
        raise AuditUnavailable(f"the audit log {path} cannot be written: {error}.") from None


def _sync_folder(folder: Path) -> None:
    """Make the entry of a new file survive a crash."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
