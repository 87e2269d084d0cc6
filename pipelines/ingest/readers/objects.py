"""JSON arrays, JSON lines and Excel sheets, read row by row."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from pipelines.errors import LayoutMismatch
from pipelines.ingest.providers import Layout
from pipelines.ingest.readers.layout import expected_columns
from pipelines.ingest.readers.source import MALFORMED_ROW, Record, Rejected, Source, Spool
from pipelines.ingest.readers.text import Text

_READ_CHARACTERS = 1 << 20
_DECODER = json.JSONDecoder()
_SPACES = re.compile(r"[ \t\r\n]*")
_BETWEEN = re.compile(r"[ \t\r\n,]*")


def _as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)


class _Window:
    """Text of a file read on demand, so that one JSON value after another can be decoded."""

    def __init__(self, path: Path) -> None:
        self._file = path.open(encoding="utf-8")
        self._text = ""
        self._at = 0
        self._ended = False

    def _more(self) -> None:
        rest = self._text[self._at :]
        chunk = self._file.read(max(_READ_CHARACTERS, len(rest)))
        self._text, self._at, self._ended = rest + chunk, 0, not chunk
        if self._ended:
            self._file.close()

    def next_mark(self, passing: re.Pattern[str] = _SPACES) -> str:
        """The next character that is not passed over; '' at the end."""
        while True:
            match = passing.match(self._text, self._at)
            assert match is not None
            self._at = match.end()
            if self._at < len(self._text) or self._ended:
                return self._text[self._at : self._at + 1]
            self._more()

    def take(self, expected: str, problem: str) -> None:
        """Step over one character that must come next."""
        if self.next_mark() != expected:
            raise ValueError(problem)
        self._at += 1

    def value(self) -> Any:
        """Decode the value at the start; raise `ValueError` when it is cut off or malformed."""
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except ValueError:
                if self._ended:
                    raise
                self._more()
                continue
            if end == len(self._text) and not self._ended:
                self._more()  # a number may go on
                continue
            self._at = end
            return value


def _enter(window: _Window, key: str) -> None:
    """Move to the value under `key` of the outermost object."""
    window.take("{", "no object at the start")
    while window.next_mark(_BETWEEN) == '"':
        name = window.value()
        window.take(":", f"no value for '{name}'")
        window.next_mark()
        if name == key:
            return
        window.value()
    raise ValueError(f"no key '{key}'")


def json_array(path: Path, key: str | None, where: str) -> Iterator[Any]:
    """Elements of a JSON array, one at a time; raise `LayoutMismatch` when it breaks off."""
    window = _Window(path)
    done = 0
    try:
        if key is not None:
            _enter(window, key)
        window.take("[", "no array of records")
        while (mark := window.next_mark(_BETWEEN)) != "]":
            if not mark:
                raise ValueError("the end of the array is missing")
            yield window.value()
            done += 1
    except ValueError as error:
        expected = "a JSON array" if key is None else f"a JSON object with an array '{key}'"
        raise LayoutMismatch(
            f"{where} cannot be read after {done} records ({error}): expected {expected}, whole."
        ) from None


def _json_lines(path: Path) -> Iterator[tuple[int, Any, str]]:
    with path.open(encoding="utf-8", newline="\n") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                yield number, json.loads(line), line
            except ValueError:
                yield number, None, line


class Objects:
    """Rows of a JSON array or JSON lines.

    `names` are the keys of all objects, found in a first pass: no key that turns up late is lost.
    """

    def __init__(self, text: Text, layout: Layout, where: str) -> None:
        self._text, self._layout, self._where = text, layout, where
        seen: dict[str, None] = {}
        for _, item, _ in self._items():
            if isinstance(item, dict):
                seen.update(dict.fromkeys(item))
        # no object, no keys: an empty array has no rows, and no fault
        self.names = list(seen) or expected_columns(layout)

    def _items(self) -> Iterator[tuple[int, Any, str]]:
        if self._layout.format == "jsonl":
            yield from _json_lines(self._text.path)
            return
        array = json_array(self._text.path, self._layout.records, self._where)
        for number, item in enumerate(array, start=1):
            yield number, item, str(item)

    def records(self) -> Iterator[Record | Rejected]:
        """One record an object; whatever else stands there is refused by its line."""
        for number, item, raw in self._items():
            if isinstance(item, dict):
                yield Record(number, [_as_text(item.get(name)) for name in self.names])
            else:
                message = "expected a JSON object with one value a column"
                yield Rejected(number, MALFORMED_ROW, raw.strip(), message)


def _check_workbook(path: Path, where: str, limit: int) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except zipfile.BadZipFile as error:
        raise LayoutMismatch(f"{where} is not a whole Excel workbook ({error}).") from None
    if size > limit:
        raise LayoutMismatch(
            f"{where} holds {size:,} bytes when unpacked, more than max_uncompressed_bytes "
            f"({limit:,}) in the provider's YAML."
        )


def sheet_rows(path: Path, layout: Layout, where: str) -> Iterator[tuple[int, list[str | None]]]:
    """Rows of a sheet as text with their row numbers, empty rows left out."""
    _check_workbook(path, where, layout.max_uncompressed_bytes)
    # opened as a stream: openpyxl would refuse a path without its usual ending
    with path.open("rb") as stream:
        try:
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
        except (InvalidFileException, KeyError, ValueError, OSError) as error:
            raise LayoutMismatch(
                f"{where} cannot be read as an Excel workbook ({error})."
            ) from None
        if layout.sheet is not None and layout.sheet not in book.sheetnames:
            raise LayoutMismatch(
                f"{where}: expected a sheet '{layout.sheet}', found {', '.join(book.sheetnames)}."
            )
        sheet = book[layout.sheet or book.sheetnames[0]]
        for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
            values = [_as_text(value) for value in row]
            if number > layout.skip_lines and any(value is not None for value in values):
                yield number, values


def read_sheet(path: Path, layout: Layout, where: str, scratch: Path) -> Source:
    """The rows of a workbook's sheet under its header (or the layout's names)."""
    rows = sheet_rows(path, layout, where)
    names = layout.names
    if names is None:
        header = next(rows, (0, []))[1]
        while header and header[-1] is None:
            header.pop()
        names = [(name or "").strip() for name in header]
    spool = Spool(scratch, names)
    for number, values in rows:
        if any(value is not None for value in values[len(names) :]):
            message = f"expected {len(names)} fields, found {len(values)}"
            raw = ",".join(value or "" for value in values)
            spool.rejected.append(Rejected(number, MALFORMED_ROW, raw, message))
        else:
            padded = [*values, *[None] * (len(names) - len(values))]
            spool.add(Record(number, padded[: len(names)]))
    return spool.source()
