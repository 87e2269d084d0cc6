"""Pseudonyms of person-level identifiers: HMAC-SHA256 under a key kept apart from the data.

One master key a city, in a file that only its owner can read, made on first use. Every feed and
column has a key derived from it (HKDF-Expand of RFC 5869 with one block), so pseudonyms of two
columns that mean different things cannot be joined, and those of one column always can. The lake
remembers a fingerprint of the key and refuses another: mixed keys would quietly tear one person
into two.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from pipelines.errors import SettingsError
from pipelines.lake import storage
from pipelines.settings import Settings

KEY_BYTES = 32
PSEUDONYM_DIGITS = 32  # hexadecimal: 128 bits, no collision to be expected below 10^18 persons
FINGERPRINT_KEY = "archive/pseudonym-key.fingerprint"
_PURPOSE = b"citypulse pseudonym v1"
_BLOCK = hashlib.sha256().block_size


class Pseudonyms:
    """Computes the pseudonyms of one column of one feed."""

    def __init__(self, key: bytes) -> None:
        padded = key.ljust(_BLOCK, b"\0")
        # HMAC's two keyed states, hashed once and copied for every value
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in padded))

    def of(self, value: str) -> str:
        """The pseudonym of one value: 32 hexadecimal digits."""
        inner = self._inner.copy()
        inner.update(value.encode())
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.hexdigest()[:PSEUDONYM_DIGITS]

    def lookup(self, distinct: pl.Series, value: str, pseudonym: str) -> pl.DataFrame:
        """Two columns, of those names: each distinct value (no nulls) and its pseudonym."""
        made = pl.Series(pseudonym, [self.of(text) for text in distinct], dtype=pl.String)
        return pl.DataFrame({value: distinct, pseudonym: made})

    def series(self, values: pl.Series) -> pl.Series:
        """The pseudonyms of a column's values in place; null stays null."""
        of = self.of
        made = [None if text is None else of(text) for text in values]
        return pl.Series(values.name, made, dtype=pl.String)


def pseudonyms_of(settings: Settings, feed: str, column: str) -> Pseudonyms:
    """The pseudonyms of a feed's column; the key file is made if this is the first use of it."""
    info = b"\0".join((_PURPOSE, feed.encode(), column.encode(), b"\x01"))
    return Pseudonyms(hmac.digest(master_key(settings), info, "sha256"))


def pseudonymise(settings: Settings, feed: str, column: str, values: Iterable[str]) -> list[str]:
    """Pseudonyms of raw identifiers, e.g. to look a known person up under a case number."""
    of = pseudonyms_of(settings, feed, column).of
    return [of(value) for value in values]


def master_key(settings: Settings) -> bytes:
    """The key in `settings.key_file`, made when absent.

    Raises `SettingsError` when others can read the file, when it lies inside the lake, when it is
    no key, or when the lake's pseudonyms were made under another.
    """
    path = settings.path(settings.key_file)
    _refuse_inside_lake(settings, path)
    if not path.exists():
        _make_key(path)
    mode = path.stat().st_mode
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SettingsError(
            f"the pseudonym key {path} can be read by others (mode {stat.S_IMODE(mode):04o}): "
            f"make it yours alone with 'chmod 600 {path}'."
        )
    text = path.read_text(encoding="ascii", errors="replace").strip()
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise SettingsError(
            f"{path} is no pseudonym key: expected {2 * KEY_BYTES} hexadecimal digits; restore the "
            "file, or point CITYPULSE_KEY_FILE at the right one."
        )
    _check_fingerprint(settings, path, key)
    return key


def _refuse_inside_lake(settings: Settings, path: Path) -> None:
    if not settings.lake_is_remote and path.is_relative_to(settings.lake_location):
        raise SettingsError(
            f"the pseudonym key {path} lies inside the lake: keep it apart from the data, set "
            "CITYPULSE_KEY_FILE to a place outside."
        )


def _make_key(path: Path) -> None:
    """Create the key whole or not at all; of several racers one key wins for all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()


def _check_fingerprint(settings: Settings, path: Path, key: bytes) -> None:
    """Bind the lake to its key by a one-way mark of the key (256 random bits: not guessable)."""
    store = storage(settings)
    fingerprint = hmac.digest(key, b"citypulse key fingerprint v1", "sha256").hex().encode()
    if store.put_new(FINGERPRINT_KEY, fingerprint):
        return
    if not hmac.compare_digest(store.get(FINGERPRINT_KEY), fingerprint):
        raise SettingsError(
            f"the pseudonym key {path} is not the one this lake's pseudonyms were made with: "
            "restore that key, or start a new lake (CITYPULSE_LAKE, CITYPULSE_CATALOG)."
        )
