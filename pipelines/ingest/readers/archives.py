"""Files inside zip and tar archives, one after another, never extracted under their own names."""

from __future__ import annotations

import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from pipelines.errors import LayoutMismatch
from pipelines.ingest.providers import Layout
from pipelines.ingest.readers.text import copy_limited


@dataclass(frozen=True)
class Member:
    """One file of an archive, copied to scratch; `groups` are named groups of its path."""

    name: str
    path: Path
    groups: dict[str, str]


def _refuse_climbing(name: str, where: str) -> None:
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or (path.parts and path.parts[0].endswith(":")):
        raise LayoutMismatch(
            f"{where} holds a member '{name}' that climbs out of the archive: expected paths "
            "inside it; have it packed again."
        )


def _tar_members(path: Path, where: str) -> Iterator[tuple[str, IO[bytes]]]:
    with tarfile.open(path, "r:*") as archive:
        for info in archive:
            _refuse_climbing(info.name, where)
            content = archive.extractfile(info) if info.isfile() else None
            if content is not None:
                yield info.name, content


def _zip_members(path: Path, where: str) -> Iterator[tuple[str, IO[bytes]]]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            _refuse_climbing(info.filename, where)
            if not info.is_dir():
                with archive.open(info) as content:
                    yield info.filename, content


_BROKEN: tuple[type[Exception], ...] = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    RuntimeError,  # zipfile: encrypted
    NotImplementedError,  # zipfile: unknown compression
)


def members(path: Path, layout: Layout, where: str, scratch: Path) -> Iterator[Member]:
    """The members whose path fits the layout, each valid until the next one is asked for.

    Raises `LayoutMismatch` for a truncated or damaged archive, a path that climbs out, contents
    above the layout's limit, and when no member fits.
    """
    pattern = layout.member_regex
    opened = _tar_members(path, where) if layout.archive == "tar" else _zip_members(path, where)
    target = scratch / "member"
    names: list[str] = []
    total = fitting = 0
    try:
        for name, content in opened:
            names.append(name)
            match = pattern.fullmatch(name)
            if match is None:
                continue
            fitting += 1
            total = copy_limited(content, target, layout.max_uncompressed_bytes, where, total)
            groups: dict[str, Any] = match.groupdict()
            yield Member(name, target, {k: v for k, v in groups.items() if v is not None})
    except _BROKEN as error:
        reason = (str(error).splitlines() or ["broken off"])[0].rstrip(":")
        raise LayoutMismatch(
            f"{where} is not a whole {layout.archive} archive ({reason}): expected a complete, "
            "unencrypted one; send it again."
        ) from None
    if not fitting:
        shown = ", ".join(names[:3]) or "nothing"
        raise LayoutMismatch(
            f"{where}: expected members like '{layout.members}', found {shown}"
            f"{' and more' if len(names) > 3 else ''}."
        )
