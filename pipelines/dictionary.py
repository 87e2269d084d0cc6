"""The data dictionary: every column of every contract table and mart, from contracts and dbt.

`python -m pipelines.dictionary` writes `docs/data-dictionary.md`; a test holds the committed page
against what this module would write.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from pipelines.feeds.contract import Column, Feed, all_feeds
from pipelines.settings import PROJECT_ROOT

PAGE = PROJECT_ROOT / "docs" / "data-dictionary.md"
MODELS_FOLDER = PROJECT_ROOT / "dbt" / "models"


def _cell(text: object) -> str:
    return " ".join(str(text).split()).replace("|", "\\|")


def _limits(column: Column) -> str:
    limits = []
    if column.allowed:
        limits.append("one of " + ", ".join(column.allowed))
    if column.minimum is not None:
        limits.append(f"≥ {column.minimum:g}")
    if column.exclusive_minimum is not None:
        limits.append(f"> {column.exclusive_minimum:g}")
    if column.maximum is not None:
        limits.append(f"≤ {column.maximum:g}")
    if column.is_identifier:
        limits.append("pseudonymised")
    return "; ".join(limits)


def _feed_lines(feed: Feed) -> Iterator[str]:
    yield f"## Feed `{feed.name}` (contract {feed.version})"
    yield ""
    yield feed.purpose.strip()
    for table in feed.tables.values():
        yield ""
        yield f"### `bronze.{table.name}` {table.business_name or ''}".rstrip()
        yield ""
        yield f"{_cell(table.description)} Key: {', '.join(table.key) or 'none'}."
        yield ""
        yield "| column | 中文 | type | required | limits | meaning |"
        yield "|---|---|---|---|---|---|"
        for c in table.columns:
            cells = (
                f"`{c.name}`", c.business_name or "", c.duckdb_type, "yes" if c.required else "no",
                _limits(c), c.description,
            )  # fmt: skip
            yield "| " + " | ".join(_cell(cell) for cell in cells) + " |"
    yield ""


def mart_models() -> list[dict[str, Any]]:
    """The dbt descriptions of the marts, by name."""
    found = []
    for path in sorted((MODELS_FOLDER / "marts").rglob("*.y*ml")):
        found += yaml.safe_load(path.read_text(encoding="utf-8")).get("models", [])
    return sorted(found, key=lambda model: str(model["name"]))


def _mart_lines(model: dict[str, Any]) -> Iterator[str]:
    yield f"### `marts.{model['name']}`"
    yield ""
    yield _cell(model.get("description", ""))
    yield ""
    yield "| column | type | meaning |"
    yield "|---|---|---|"
    for column in model.get("columns", []):
        cells = (f"`{column['name']}`", column.get("data_type", ""), column.get("description", ""))
        yield "| " + " | ".join(_cell(cell) for cell in cells) + " |"
    yield ""


def data_dictionary() -> str:
    """The whole page as Markdown."""
    lines = [
        "# Data dictionary",
        "",
        "Generated from the feeds' contracts and the dbt models by "
        "`python -m pipelines.dictionary`; change those, not this page.",
        "",
        "Every bronze table also has `provider`, `source_sha256` and `source_line` (which file and "
        "line a row came from), and `data_date`, its partition, where it is dated.",
        "",
    ]
    for feed in all_feeds().values():
        lines += _feed_lines(feed)
    lines += ["## Marts", ""]
    for model in mart_models():
        lines += _mart_lines(model)
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    Path(PAGE).write_text(data_dictionary(), encoding="utf-8")
