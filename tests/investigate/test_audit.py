"""The audit log: every kind of tampering is found, writers take turns, death leaves no lie."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from pipelines.errors import SettingsError
from pipelines.investigate import audit
from pipelines.settings import PROJECT_ROOT, Settings

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def filled(settings: Settings, count: int = 5) -> Path:
    for number in range(1, count + 1):
        audit.append(settings, "look_up", {"case_number": f"CASE-{number}", "名": "值"}, at=AT)
    return settings.path(settings.audit_dir) / audit.LOG_NAME


def test_the_hash_is_over_the_one_before_the_canonical_json_and_the_utc_time(
    settings: Settings,
) -> None:
    first = audit.append(settings, "look_up", {"b": 1, "a": "二"}, at=AT)
    text = '{"action":"look_up","details":{"a":"二","b":1},"number":1}'
    expected = sha256(("0" * 64 + text + "2026-03-01T12:00:00.000000+00:00").encode()).hexdigest()
    assert first.hash == expected
    second = audit.append(settings, "look_up", {}, at=AT)
    assert second.previous_hash == first.hash
    assert audit.verify(settings) == audit.Head(2, second.hash)


def test_an_empty_log_is_whole(settings: Settings) -> None:
    assert audit.verify(settings) == audit.Head(0, audit.ZERO_HASH)
    assert audit.records(settings) == []


def test_only_the_owner_can_open_it(settings: Settings) -> None:
    path = filled(settings, 1)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    path.parent.chmod(0o750)
    with pytest.raises(SettingsError, match="chmod 700"):
        audit.append(settings, "look_up", {})


def test_it_does_not_lie_in_the_lake(settings: Settings) -> None:
    inside = settings.model_copy(update={"audit_dir": Path(settings.lake) / "audit"})
    with pytest.raises(SettingsError, match="inside the lake"):
        audit.append(inside, "look_up", {})


def _changed(lines: list[bytes]) -> list[bytes]:
    return [*lines[:2], lines[2].replace(b"CASE-3", b"CASE-9"), *lines[3:]]


def _retimed(lines: list[bytes]) -> list[bytes]:
    return [*lines[:2], lines[2].replace(b"T12:00", b"T11:00"), *lines[3:]]


def _respaced(lines: list[bytes]) -> list[bytes]:
    return [*lines[:2], lines[2].replace(b'":"', b'": "'), *lines[3:]]


def _rehashed(lines: list[bytes]) -> list[bytes]:
    """Changed, with its own hash made anew: the next record no longer follows."""
    old = json.loads(lines[2])
    before = audit.Head(2, old["previous_hash"])
    forged = audit.Record.made(before, AT, "look_up", {"case_number": "CASE-9"})
    return [*lines[:2], forged.line().rstrip(b"\n"), *lines[3:]]


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (_changed, "record 3, was changed"),
        (_retimed, "record 3, was changed"),
        (_respaced, "line 3 of the audit log is not a record"),
        (_rehashed, "record 4, does not follow record 3"),
        (lambda lines: lines[:2] + lines[3:], "record 4, follows a missing one: record 3"),
        (lambda lines: lines[1:], "record 2, follows a missing one: record 1"),
        (
            lambda lines: [lines[0], lines[2], lines[1], *lines[3:]],
            "record 3, follows a missing one: record 2",
        ),
        (lambda lines: [*lines[:3], lines[1], *lines[3:]], "record 2, is out of order"),
        (lambda lines: [*lines[:2], lines[2][:40], *lines[3:]], "line 3 .* is not a record"),
        (lambda lines: [*lines[:4], lines[4][:40]], "line 5 .* is not a record"),
        (lambda lines: [*lines[:2], b"", *lines[2:]], "line 3 .* is not a record"),
    ],
    ids=[
        "changed", "time", "respaced", "rehashed", "missing", "first missing", "reordered",
        "repeated", "cut in the middle", "cut last", "blank line",
    ],
)  # fmt: skip
def test_tampering_is_found(
    settings: Settings, tamper: Callable[[list[bytes]], list[bytes]], said: str
) -> None:
    path = filled(settings)
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"".join(line + b"\n" for line in tamper(lines)))
    with pytest.raises(audit.AuditBroken, match=said):
        audit.verify(settings)


def test_a_cut_off_end_needs_an_anchor(settings: Settings) -> None:
    path = filled(settings)
    anchor = audit.verify(settings)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:3]))
    assert audit.verify(settings).records == 3  # the chain alone cannot know
    with pytest.raises(audit.AuditBroken, match="there were 5 once: its end was cut off"):
        audit.verify(settings, [anchor])


def test_a_log_rewritten_as_a_whole_needs_an_anchor(settings: Settings) -> None:
    path = filled(settings)
    anchor = audit.verify(settings)
    path.unlink()
    for number in range(6):
        audit.append(settings, "look_up", {"case_number": f"INNOCENT-{number}"}, at=AT)
    with pytest.raises(audit.AuditBroken, match=r"record 5 .* rewritten"):
        audit.verify(settings, [anchor])


def test_an_anchor_is_read_as_it_is_printed(settings: Settings) -> None:
    filled(settings, 2)
    head = audit.verify(settings)
    assert audit.Head.parse(str(head)) == head
    with pytest.raises(audit.AuditUnavailable, match="is not an anchor"):
        audit.Head.parse("5")


@pytest.mark.parametrize("cut", [1, 40, 200])
def test_a_torn_last_line_is_reported_closed_and_vouched_for(settings: Settings, cut: int) -> None:
    path = filled(settings)
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(audit.AuditBroken, match="after record 4, is torn"):
        audit.verify(settings)
    added = audit.append(settings, "look_up", {"case_number": "NEXT-1"}, at=AT)
    # a line that lost only its end is a record still
    assert added.number == 6
    assert audit.verify(settings).records == 6
    actions = [record.action for record in audit.records(settings)]
    assert (audit.TORN_LINE in actions) == (cut > 1)
    # what was vouched for cannot be changed either
    if cut > 1:
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join([*lines[:4], b"x" + lines[4][1:], *lines[5:]]))
        with pytest.raises(audit.AuditBroken, match=r"line 5 .* is not a record"):
            audit.verify(settings)


def test_a_record_longer_than_the_block_read_from_the_end(settings: Settings) -> None:
    for text in ("x" * 200_000, "y" * 70_000, "z"):
        audit.append(settings, "look_up", {"text": text}, at=AT)
    assert audit.verify(settings).records == 3


WRITER = """
import sys
from pathlib import Path
from pipelines.investigate import audit
from pipelines.settings import Settings
home = Path(sys.argv[1])
settings = Settings(home=home, key_file=home / "key", audit_dir=home / "audit")
for number in range(int(sys.argv[2])):
    details = {"writer": sys.argv[3], "n": number, "pad": "p" * 4000}
    record = audit.append(settings, "look_up", details)
    print(record.number, record.hash, flush=True)
"""


def _writer(settings: Settings, count: int, name: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(settings.home), str(count), name],
        env=os.environ | {"PYTHONPATH": str(PROJECT_ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_writers_in_several_processes_take_turns(settings: Settings) -> None:
    writers = [_writer(settings, 30, name) for name in ("a", "b", "c")]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert audit.verify(settings).records == 90
    written = [record.details for record in audit.records(settings)]
    for name in ("a", "b", "c"):
        assert [d["n"] for d in written if d["writer"] == name] == list(range(30))


@pytest.mark.parametrize("after_s", [0.0, 0.01, 0.03])
def test_a_writer_killed_while_writing_loses_nothing_it_reported(
    settings: Settings, after_s: float
) -> None:
    writer = _writer(settings, 100_000, "doomed")
    assert writer.stdout is not None
    first = writer.stdout.readline()
    time.sleep(after_s)
    os.kill(writer.pid, signal.SIGKILL)
    reported = [line.split() for line in (first + writer.stdout.read()).splitlines()]
    writer.wait()
    whole = [line for line in reported if len(line) == 2 and len(line[1]) == 64]
    assert whole
    added = audit.append(settings, "look_up", {"case_number": "AFTER"})
    audit.verify(settings, [audit.Head(int(n), digest) for n, digest in whole])
    assert added.number > len(whole)
