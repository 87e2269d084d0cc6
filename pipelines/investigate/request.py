"""What a look-up needs before anything is read: case, people, purpose, window, subjects.

A request is complete or refused with one sentence. Subjects are pseudonymised while their file is
read; the raw identifiers are kept nowhere.
"""

from __future__ import annotations

import csv
import io
import re
import stat
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.dates import DateWindow
from pipelines.errors import CityPulseError
from pipelines.investigate.rules import load_rules
from pipelines.settings import Settings

# whose pseudonyms each kind of look-up needs: (feed, column) by feed
IDENTIFIERS = {"signaling": "device_id", "ticketing": "passenger_id"}
FEED_OF_KIND = {
    "travel-history": "signaling",
    "fellow-travellers": "ticketing",
    "same-place": "signaling",
    "returnees": "signaling",
}
SUBJECT_COLUMNS = ("feed", "id")
# the audit log's pseudonyms are of a purpose of their own: it cannot be joined to the lake
_AUDIT_FEED = "audit"


class RequestRefused(CityPulseError):
    """A look-up lacks something it needs, or asks for what may not be asked."""


class SubjectsUnreadable(CityPulseError):
    """The file of subjects cannot be used as it is."""


@dataclass(frozen=True)
class Request:
    """A look-up as asked for. `subjects`: pseudonyms by feed. `options`: what the kind needs
    beside that (JSON values). `approvers`: the people who said yes."""

    kind: str
    case_number: str
    requester: str
    approvers: tuple[str, ...]
    purpose: str
    window: DateWindow | None
    subjects: Mapping[str, Sequence[str]] = field(repr=False)
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def feed(self) -> str:
        """The feed that the kind looks into."""
        return FEED_OF_KIND[self.kind]

    @property
    def wanted(self) -> tuple[str, ...]:
        """The subjects' pseudonyms in that feed."""
        return tuple(self.subjects.get(self.feed, ()))

    def check(self) -> DateWindow:
        """The window; raises `RequestRefused` naming the first thing that is missing or wrong."""
        rules = load_rules().request
        if self.kind not in FEED_OF_KIND:
            kinds = ", ".join(FEED_OF_KIND)
            raise RequestRefused(f"there is no look-up of kind '{self.kind}': give one of {kinds}.")
        if not re.fullmatch(rules.case_pattern.value, self.case_number):
            raise RequestRefused(
                f"'{self.case_number}' is not a case number: give 4 to 40 letters, digits, dots, "
                "dashes or underscores, e.g. LJ-2020-0018."
            )
        self._check_people(rules.approvers.value)
        purposes = load_rules().purposes
        if self.purpose not in purposes:
            raise RequestRefused(
                f"'{self.purpose}' is not a purpose people may be looked up for: give one of "
                f"{', '.join(purposes)}."
            )
        if self.window is None:
            raise RequestRefused("the request names no window of dates: give its first and last.")
        if len(self.window) > rules.max_days.value:
            raise RequestRefused(
                f"{self.window} is {len(self.window)} days: ask for {rules.max_days.value} at most."
            )
        self._check_subjects(rules.max_subjects.value)
        return self.window

    def _check_people(self, needed: int) -> None:
        requester = _name(self.requester)
        if not requester:
            raise RequestRefused("the request names no requester: say who asks.")
        approvers = {_name(approver) for approver in self.approvers} - {""}
        if requester in approvers:
            raise RequestRefused(
                f"{self.requester} asks and approves: a requester cannot approve, find somebody "
                "else."
            )
        if len(approvers) < needed:
            raise RequestRefused(
                f"the request has {len(approvers)} of the {needed} different approvers it needs."
            )

    def _check_subjects(self, most: int) -> None:
        if not self.wanted:
            raise RequestRefused(
                f"the request names nobody in the feed '{self.feed}', which {self.kind} looks into:"
                f" give a line '{self.feed},<id>' in the file of subjects."
            )
        if len(self.wanted) > most:
            raise RequestRefused(
                f"the request names {len(self.wanted)} persons, more than the {most} of one case: "
                "narrow it."
            )

    def for_audit(self, settings: Settings) -> dict[str, Any]:
        """The request as the audit log keeps it: subjects under the log's own pseudonyms."""
        return {
            "kind": self.kind,
            "case_number": self.case_number,
            "requester": self.requester,
            "approvers": list(self.approvers),
            "purpose": self.purpose,
            "window": None
            if self.window is None
            else [str(self.window.start), str(self.window.end)],
            "options": dict(self.options),
            "subjects": {
                feed: audit_pseudonyms(settings, feed, ids)
                for feed, ids in sorted(self.subjects.items())
            },
        }


def _name(text: str) -> str:
    """A person's name as compared: case and spaces do not make two people."""
    return " ".join(text.split()).casefold()


def audit_pseudonyms(settings: Settings, feed: str, pseudonyms: Sequence[str]) -> list[str]:
    """How the audit log names persons known by their pseudonyms in a feed; sorted."""
    from pipelines.ingest.pseudonyms import pseudonymise

    return sorted(pseudonymise(settings, _AUDIT_FEED, feed, pseudonyms))


def read_subjects(settings: Settings, source: Path) -> dict[str, tuple[str, ...]]:
    """Pseudonyms by feed of the persons named in a CSV file with the header `feed,id`.

    `source`: the file, which only its owner may be able to read, or `-` for standard input. The
    identifiers are the raw ones, one person under one for each feed. Raises `SubjectsUnreadable`
    naming the line, never the identifier.
    """
    from pipelines.ingest.pseudonyms import pseudonymise

    rows = list(csv.reader(io.StringIO(_text(source), newline="")))
    if not rows or tuple(cell.strip() for cell in rows[0]) != SUBJECT_COLUMNS:
        raise SubjectsUnreadable(
            f"{source} does not begin with the line 'feed,id': write one person and feed a line "
            "below it."
        )
    named: dict[str, set[str]] = {}
    for number, row in enumerate(rows[1:], 2):
        if not row:
            continue
        feed, raw = (row[0].strip(), row[1].strip()) if len(row) == 2 else ("", "")
        if feed not in IDENTIFIERS or not raw:
            raise SubjectsUnreadable(
                f"line {number} of {source} is not '<feed>,<id>' with a feed of "
                f"{', '.join(IDENTIFIERS)}: correct it."
            )
        named.setdefault(feed, set()).add(raw)
    return {
        feed: tuple(sorted(pseudonymise(settings, feed, IDENTIFIERS[feed], sorted(raws))))
        for feed, raws in named.items()
    }


def _text(source: Path) -> str:
    if str(source) == "-":
        return sys.stdin.read()
    try:
        mode = source.stat().st_mode
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise SubjectsUnreadable(
                f"{source} names persons and can be read by others: 'chmod 600 {source}' first."
            )
        return source.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise SubjectsUnreadable(f"{source} cannot be read: {reason}.") from None
