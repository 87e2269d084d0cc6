"""Reads a rendered report as a reader would: values with their figures, and all other text."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

VOID = {"meta", "br", "hr", "link", "img", "input"}


@dataclass
class Cell:
    """One element with data-figure: what was printed and where it says it came from."""

    figure_id: str
    row: int
    column: str
    format: str | None
    missing: str | None
    text: str = ""


@dataclass
class Printed:
    cells: list[Cell] = field(default_factory=list)
    # text outside cells, chart axes, the head and the kept queries
    free_text: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)

    @property
    def text(self) -> str:
        return " ".join([*self.free_text, *(cell.text for cell in self.cells)])

    def value(self, figure_id: str, column: str, row: int = 0) -> str:
        """The text of the first such cell."""
        return next(
            c.text for c in self.cells if (c.figure_id, c.column, c.row) == (figure_id, column, row)
        )


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found = Printed()
        self.open: list[tuple[str, bool]] = []
        self.cell: Cell | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.found.tags.append(tag)
        self.found.links += [given[name] for name in ("href", "src", "xlink:href") if name in given]
        if "id" in given:
            self.found.ids.add(given["id"])
        if tag in VOID:
            return
        hidden = (self.open[-1][1] if self.open else False) or (
            tag in ("head", "pre", "code") or "data-axis" in given
        )
        self.open.append((tag, hidden))
        if "data-figure" in given:
            self.cell = Cell(
                given["data-figure"],
                int(given["data-row"]),
                given["data-column"],
                given.get("data-format"),
                given.get("data-missing"),
            )
            self.found.cells.append(self.cell)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("span", "tspan"):
            self.cell = None
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self.cell is not None:
            self.cell.text += data
        elif not (self.open and self.open[-1][1]) and data.strip():
            self.found.free_text.append(data.strip())


def read(path: Path) -> Printed:
    """Parse one report."""
    reader = _Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    return reader.found
