"""The archive: every file's bytes under their SHA-256, before anything looks inside them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from pipelines.errors import CityPulseError
from pipelines.lake import storage
from pipelines.settings import Settings

_CHUNK_BYTES = 1 << 23


class StillGrowing(CityPulseError):
    """A file changed while it was being archived; a later ingest takes it."""


def archive_key(sha256: str) -> str:
    """Where an object of the archive lies in the lake's storage."""
    return f"archive/{sha256[:2]}/{sha256}"


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes, 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _checked_chunks(path: Path, sha256: str) -> Iterator[bytes]:
    """The file's bytes; raises at their end, which aborts the write, unless they hash to that."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
            yield chunk
    if digest.hexdigest() != sha256:
        raise StillGrowing(f"{path} changed while it was being archived: run this again later.")


def archive(settings: Settings, path: Path, sha256: str) -> None:
    """Keep the bytes under their hash; bytes that are there already are not stored again.

    The object appears whole or not at all, and only if it hashes to its key, so of two writers
    either may win. Raises `StillGrowing` when the file no longer has that hash.
    """
    store = storage(settings)
    key = archive_key(sha256)
    if not store.exists(key):
        # obstore takes any iterable of bytes and keeps memory bounded
        store.put(key, cast(Any, _checked_chunks(path, sha256)))


def open_archived(settings: Settings, sha256: str, name: str, folder: Path) -> Path:
    """A path in `folder` to read an archived file from, under its own file name.

    A lake in a folder is linked to, a remote one is downloaded from.
    """
    path = folder / Path(name).name
    key = archive_key(sha256)
    if settings.lake_is_remote:
        storage(settings).download(key, path)
    else:
        path.symlink_to(Path(settings.lake_location) / key)
    return path
