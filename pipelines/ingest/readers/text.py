"""From bytes to UTF-8 text: gzip, encodings tried strictly in order, and what is no text at all."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pipelines.errors import LayoutMismatch
from pipelines.ingest.providers import Layout
from pipelines.ingest.readers.source import BAD_ENCODING, Rejected

CHUNK_BYTES = 1 << 24
# Above this share of undecodable lines the file has another encoding; below, some lines are broken.
MAX_BAD_LINE_SHARE = 0.1
_GUESSES = ("utf-8", "gb18030", "cp949", "big5", "shift_jis")

_MAGIC = {
    b"PK\x03\x04": "a zip archive or Excel workbook",
    b"\x1f\x8b": "a gzip archive",
    b"PAR1": "a Parquet file",
    b"%PDF": "a PDF document",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word document",
    b"SQLite format 3": "a SQLite database",
    b"BZh": "a bzip2 archive",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
}
_WIDE_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class SupportsRead(Protocol):
    """Anything bytes can be read from."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True)
class Text:
    """A file as UTF-8 without byte order mark; lines that could not be decoded are left blank."""

    path: Path
    encoding: str
    undecodable: tuple[Rejected, ...] = field(default=())


def copy_limited(
    source: SupportsRead, target: Path, limit: int, where: str, already: int = 0
) -> int:
    """Copy a decompressed stream to a file; refuse it beyond `limit` bytes in total.

    Returns the bytes so far, `already` included.
    """
    total = already
    with target.open("wb") as out:
        while chunk := source.read(CHUNK_BYTES):
            total += len(chunk)
            if total > limit:
                raise LayoutMismatch(
                    f"{where} holds more than {limit:,} bytes when unpacked: if that is right, "
                    "raise max_uncompressed_bytes in the provider's YAML."
                )
            out.write(chunk)
    return total


def unpack_gzip(path: Path, where: str, limit: int, scratch: Path) -> Path:
    """Decompress to scratch; raise `LayoutMismatch` for a truncated, damaged or oversized file."""
    target = scratch / "unpacked"
    try:
        with gzip.open(path) as source:
            copy_limited(source, target, limit, where)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise LayoutMismatch(
            f"{where} is not a whole gzip file ({error}): expected a complete archive; send it "
            "again."
        ) from None
    return target


def refuse_what_is_no_text(path: Path, where: str, expected: str) -> None:
    """Raise `LayoutMismatch` for an empty file, a web page or a binary file."""
    with path.open("rb") as file:
        head = file.read(4096)
    if not head.strip(b"\xef\xbb\xbf \t\r\n"):
        raise LayoutMismatch(f"{where} is empty: expected {expected}.")
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            raise LayoutMismatch(f"{where} is {kind}: expected {expected}.")
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<?xml", b"<body")):
        kind = "an XML document" if start.startswith(b"<?xml") else "a web page (HTML)"
        raise LayoutMismatch(
            f"{where} is {kind}, probably an error message saved under that name: expected "
            f"{expected}."
        )
    if head.count(0) and not head.startswith(_WIDE_BOMS) and not _looks_utf16(head):
        raise LayoutMismatch(f"{where} is binary data: expected {expected}.")


def _looks_utf16(head: bytes) -> bool:
    zeros_even, zeros_odd = head[::2].count(0), head[1::2].count(0)
    return max(zeros_even, zeros_odd) > len(head) // 4 and min(zeros_even, zeros_odd) == 0


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    pending = False
    try:
        for chunk in _chunks(path):
            if not pending and encoding.startswith("utf-8") and chunk.isascii():
                continue
            decoder.decode(chunk)
            pending = bool(decoder.getstate()[0])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _bad_lines(path: Path, encoding: str) -> tuple[list[tuple[int, bytes]], int]:
    """(line, bytes) of the lines that do not decode, and the number of lines."""
    bad = []
    number = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.isascii():
                continue
            try:
                line.decode(encoding)
            except UnicodeDecodeError:
                bad.append((number, line))
    return bad, number


def _other_encoding(path: Path, where: str, layout: Layout) -> LayoutMismatch:
    with path.open("rb") as file:
        head = file.read(4096)
    # any even number of bytes decodes as UTF-16: believe it only where it looks like it
    guesses = ["utf-16"] if head.startswith(_WIDE_BOMS) or _looks_utf16(head) else list(_GUESSES)
    guesses = [e for e in guesses if e not in layout.encodings and _decodes(path, e)]
    found = f"its bytes read as {guesses[0]}" if guesses else "its bytes fit none we know"
    return LayoutMismatch(
        f"{where} is in another encoding: expected {' or '.join(layout.encodings)}, {found}; "
        "correct the file or add the encoding to the provider's YAML."
    )


def _tolerated(path: Path, where: str, layout: Layout) -> tuple[str, list[tuple[int, bytes]]]:
    """The encoding under which the fewest lines are broken, and those lines."""
    best: tuple[str, list[tuple[int, bytes]]] | None = None
    for encoding in layout.encodings:
        bad, lines = _bad_lines(path, encoding)
        header_broken = any(number <= layout.skip_lines + 1 for number, _ in bad)
        few = len(bad) == 1 or len(bad) <= MAX_BAD_LINE_SHARE * lines
        if few and lines > 1 and not header_broken and (best is None or len(bad) < len(best[1])):
            best = (encoding, bad)
    if best is None:
        raise _other_encoding(path, where, layout)
    return best


def _transcode(path: Path, encoding: str, target: Path) -> None:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    with target.open("wb") as out:
        for chunk in _chunks(path):
            out.write(decoder.decode(chunk).encode())
        out.write(decoder.decode(b"", final=True).encode())


def _transcode_lines(path: Path, encoding: str, bad: set[int], target: Path) -> None:
    with path.open("rb") as file, target.open("wb") as out:
        for number, line in enumerate(file, start=1):
            out.write(b"\n" if number in bad else line.decode(encoding).encode())


def as_utf8(path: Path, where: str, layout: Layout, scratch: Path) -> Text:
    """The file as UTF-8: itself where it is already, else a copy in scratch.

    The encodings of the layout are tried strictly, in order. Raises `LayoutMismatch` when none
    fits; single broken lines do not refuse the file but come back as `undecodable`.
    """
    encoding = next((e for e in layout.encodings if _decodes(path, e)), None)
    target = scratch / "utf8"
    if encoding is None:
        encoding, bad = _tolerated(path, where, layout)
        _transcode_lines(path, encoding, {number for number, _ in bad}, target)
        message = f"the line is not {encoding}"
        rejected = tuple(
            Rejected(
                number, BAD_ENCODING, line.decode(encoding, "backslashreplace").strip(), message
            )
            for number, line in bad
        )
        return Text(target, encoding, rejected)
    with path.open("rb") as file:
        has_mark = file.read(3) == codecs.BOM_UTF8
    if encoding.startswith("utf-8") and not has_mark:
        return Text(path, encoding)
    _transcode(path, encoding, target)
    return Text(target, encoding)
