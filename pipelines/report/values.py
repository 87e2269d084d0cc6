"""How a figure's value is printed: formats of numbers and dates, and the names of codes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from pipelines.dates import CITY_TIMEZONE
from pipelines.report.figures import FigureError, Row, Value, read_seed

Language = Literal["zh", "en"]
LABELS_FILE = Path(__file__).parent / "labels.yaml"

# not a hyphen: figures in a column of signed numbers stay aligned
MINUS = "−"


# groups whose phrases are a dbt seed: group -> (seed, column of the code)
SEED_LABELS = {
    "industry": ("industries", "industry_code"),
    "category": ("product_categories", "category"),
    "risk_level": ("risk_levels", "risk_level"),
}


@cache
def labels() -> dict[str, dict[str, dict[str, str]]]:
    """Group -> code -> language -> phrase."""
    groups: dict[str, dict[str, dict[str, str]]] = yaml.safe_load(
        LABELS_FILE.read_text(encoding="utf-8")
    )
    for group, (seed, code) in SEED_LABELS.items():
        named = {r[code]: {"zh": r["name_zh"], "en": r["name_en"]} for r in read_seed(seed)}
        groups[group] = named | groups.get(group, {})
    return groups


def label(group: str, code: Value, language: str) -> str:
    """The phrase of a code; an unknown code stands for itself."""
    known = labels()[group].get(str(code))
    return known[language] if known else str(code)


def _number(value: Value) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FigureError(f"'{value}' is not a number.")
    return value


def _fixed(value: Value, decimals: int) -> str:
    text = f"{_number(value):,.{decimals}f}"
    # a tiny negative must not print as -0.0
    if float(text.replace(",", "")) == 0:
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def _signed(value: Value, decimals: int) -> str:
    text = _fixed(value, decimals)
    is_positive = not text.startswith(MINUS) and any(digit in text for digit in "123456789")
    return f"+{text}" if is_positive else text


def _magnitude(value: Value, decimals: int) -> str:
    return _fixed(abs(_number(value)), decimals)


def _day(value: Value, language: str) -> str:
    day = date.fromisoformat(str(value)[:10])
    return f"{day.month}月{day.day}日" if language == "zh" else f"{day.day} {day:%B}"


def _long_day(value: Value, language: str) -> str:
    day = date.fromisoformat(str(value)[:10])
    if language == "zh":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {day:%B} {day.year}"


def _instant(value: Value, _: str) -> str:
    """UTC as stored, shown as the city's time."""
    instant = datetime.fromisoformat(str(value)).replace(tzinfo=UTC).astimezone(CITY_TIMEZONE)
    return f"{instant:%Y-%m-%d %H:%M}"


# name -> (value, language) -> text. `share` is 0-1 in the data and a percentage on paper.
FORMATS: dict[str, Callable[[Value, str], str]] = {
    "text": lambda value, _: str(value),
    "short": lambda value, _: str(value)[:10],
    "integer": lambda value, _: _fixed(value, 0),
    "one_decimal": lambda value, _: _fixed(value, 1),
    "two_decimals": lambda value, _: _fixed(value, 2),
    "share": lambda value, _: _fixed(100 * _number(value), 1),
    "signed_integer": lambda value, _: _signed(value, 0),
    "signed_one_decimal": lambda value, _: _signed(value, 1),
    "signed_two_decimals": lambda value, _: _signed(value, 2),
    "integer_magnitude": lambda value, _: _magnitude(value, 0),
    "one_decimal_magnitude": lambda value, _: _magnitude(value, 1),
    "two_decimals_magnitude": lambda value, _: _magnitude(value, 2),
    "day": _day,
    "long_day": _long_day,
    "instant": _instant,
}
TEXT_FORMATS = ("text", "short", "label:")


def is_text_format(format_name: str) -> bool:
    """Whether cells of this format are words, aligned left."""
    return format_name.startswith(TEXT_FORMATS)


def format_value(value: Any, format_name: str, language: str) -> str:
    """A value that is present, as text."""
    if format_name.startswith("label:"):
        return label(format_name.removeprefix("label:"), value, language)
    if format_name not in FORMATS:
        raise FigureError(f"there is no format '{format_name}': use {', '.join(FORMATS)}.")
    return FORMATS[format_name](value, language)


def cell_value(row: Row, column: str, language: str) -> Value:
    """A row's value; a column in two languages is named `<column>_zh` and `<column>_en`."""
    for name in (column, f"{column}_{language}"):
        if name in row:
            return row[name]
    raise FigureError(f"a template asks for '{column}', the figure has {', '.join(row)}.")
