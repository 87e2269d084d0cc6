"""Why a row or a file is refused: the whole vocabulary of `quarantine.rows` and `quarantine.files`.

A row is refused once, with the code of its first failed check. The order is fixed: first what the
reader could not split or decode, then the contract's columns in its order (type, missing value,
minimum, maximum, enumeration, pattern), then its row rules in their order, then the data date
against the file's date, last the key against the rows of other files.
"""

from __future__ import annotations

from enum import StrEnum


class RowCode(StrEnum):
    """Codes of refused rows; a row rule of the contract adds `rule_<its id>`."""

    MALFORMED_ROW = "malformed_row"
    BAD_ENCODING = "bad_encoding"
    TYPE_MISMATCH = "type_mismatch"
    MISSING_VALUE = "missing_value"
    BELOW_MINIMUM = "below_minimum"
    ABOVE_MAXIMUM = "above_maximum"
    NOT_ALLOWED = "not_allowed"
    PATTERN_MISMATCH = "pattern_mismatch"
    FUTURE_DATE = "future_date"
    STALE_DATE = "stale_date"
    KEY_CONFLICT = "key_conflict"


class FileCode(StrEnum):
    """Codes of files refused whole."""

    LAYOUT_MISMATCH = "layout_mismatch"
    UNREADABLE = "unreadable"


def rule_code(rule_id: str) -> str:
    """The code of a row that breaks the contract's row rule of that id."""
    return f"rule_{rule_id}"
