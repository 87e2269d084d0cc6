"""Figures: one SQL file each, with what it is called and how its columns are shown in a header.

A figure's id is its path under `queries/` without the ending (`epidemic/city`). A question that
several sections ask of their own mart is one file with a `sections` list (`freshness.sql` makes
`epidemic/freshness`, `flows/freshness`...). The SQL names its parameters (`parameters()` below:
`$release`, `$data_date`, `$seed_<name>` for a dbt seed as a table...); they are written into the
text as literals, so the query kept with a report runs as it stands.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Literal

import duckdb
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from pipelines.errors import CityPulseError
from pipelines.feeds.contract import all_feeds
from pipelines.lake import quote
from pipelines.settings import PROJECT_ROOT

QUERIES_FOLDER = Path(__file__).parent / "queries"
SEEDS_FOLDER = PROJECT_ROOT / "dbt" / "seeds"

Kind = Literal["table", "chart", "figure"]
Value = str | int | float | bool | None
Row = dict[str, Value]

_HEADER = re.compile(r"\A/\*\n(?P<yaml>.*?)\n\*/\n(?P<sql>.*)\Z", re.DOTALL)
_PARAMETER = re.compile(r"\$(\w+)")


class FigureError(CityPulseError):
    """A figure's SQL file cannot be used."""


class Text(BaseModel):
    """One phrase in both languages."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zh: str
    en: str

    def __getitem__(self, language: str) -> str:
        return str(getattr(self, language))


class ShownColumn(BaseModel):
    """A column of a table figure: its heading with the unit, and a format of `values.FORMATS`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    heading: Text
    format: str


class Section(BaseModel):
    """Where a shared question looks in one section: its mart and the column that counts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Text
    mart: str
    measure: str


class Header(BaseModel):
    """The YAML comment a figure's SQL file begins with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    title: Text
    unit: Text | None = None
    note: Text | None = None
    columns: dict[str, ShownColumn] = {}


@dataclass(frozen=True)
class Figure:
    """A figure's id, header and SQL with parameters not yet written in."""

    id: str
    header: Header
    sql: str


@dataclass(frozen=True)
class FigureResult:
    """A figure's rows on one release. `problem` says why there are none when the query failed."""

    figure: Figure
    query: str
    rows: list[Row] = field(default_factory=list)
    problem: str | None = None

    @property
    def first(self) -> Row:
        """The first row, or an empty one: every value of it is then missing."""
        return self.rows[0] if self.rows else {}

    def value_json(self) -> str:
        """The rows as JSON, as kept in `ops.reports`."""
        return json.dumps(self.rows, ensure_ascii=False)


def read_figures(path: Path) -> list[Figure]:
    """The figures of one SQL file; raise `FigureError` naming the file and its header's mistake."""
    figure_id = path.relative_to(QUERIES_FOLDER).with_suffix("").as_posix()
    match = _HEADER.match(path.read_text(encoding="utf-8"))
    if match is None:
        raise FigureError(f"{path} must begin with a YAML header between lines '/*' and '*/'.")
    sql = match["sql"].strip()
    try:
        header = yaml.safe_load(match["yaml"])
        shared = {n: Section.model_validate(s) for n, s in header.pop("sections", {}).items()}
        if not shared:
            return [Figure(figure_id, Header.model_validate(header), sql)]
        return [
            Figure(
                f"{name}/{figure_id}",
                Header.model_validate({**header, "title": section.title}),
                sql.replace("$measure", section.measure).replace("$mart", section.mart),
            )
            for name, section in shared.items()
        ]
    except (ValidationError, yaml.YAMLError, AttributeError) as error:
        raise FigureError(f"the header of {path} is not a figure's header: {error}") from error


@cache
def all_figures() -> dict[str, Figure]:
    """Every figure by id."""
    paths = sorted(QUERIES_FOLDER.rglob("*.sql"))
    return {figure.id: figure for path in paths for figure in read_figures(path)}


def _values(rows: list[tuple[str, ...]]) -> str:
    return "(VALUES " + ", ".join(f"({', '.join(row)})" for row in rows) + ")"


@cache
def read_seed(name: str) -> list[dict[str, str]]:
    """The rows of a dbt seed, as text."""
    with (SEEDS_FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _seed_sql(name: str, columns: tuple[str, ...]) -> str:
    """Columns of a seed as a table of text; an empty cell is null."""
    rows = [tuple(quote(row[c]) if row[c] else "NULL" for c in columns) for row in read_seed(name)]
    return f"(SELECT * FROM {_values(rows)} AS seed({', '.join(columns)}))"


def _feed_dates_sql(data_date: date) -> str:
    """Each dated contract table: its feed, newest data date so far, and the promised freshness."""
    parts = [
        f"SELECT {quote(feed.name)} AS feed, {feed.fresh_within_hours or 'NULL'} AS "
        f"fresh_within_hours, max(data_date) AS last_date FROM lake.bronze.{table.name} "
        f"WHERE data_date <= DATE '{data_date}'"
        for feed in all_feeds().values()
        for table in feed.tables.values()
        if table.is_dated
    ]
    return "(\n    " + "\n    UNION ALL ".join(parts) + "\n)"


def parameters(release: int, data_date: date, city_region_id: str) -> dict[str, str]:
    """SQL text of every parameter that figures may use."""
    return {
        "release": str(release),
        "data_date": f"DATE '{data_date}'",
        "city_region_id": quote(city_region_id),
        "feed_dates": _feed_dates_sql(data_date),
        "seed_parameters": _seed_sql("parameters", ("parameter_name", "parameter_value")),
        "seed_power_variants": _seed_sql(
            "power_variants", ("variant", "name_zh", "threshold_share", "is_primary")
        ),
        "seed_fused_index_sources": _seed_sql(
            "fused_index_sources", ("source", "name_zh", "name_en", "weight")
        ),
    }


def bind(figure: Figure, values: Mapping[str, str]) -> str:
    """The figure's SQL with its parameters written in; raise `FigureError` on an unknown one."""

    def literal(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise FigureError(
                f"queries/{figure.id}.sql uses ${match[1]}; the parameters are "
                f"{', '.join(f'${name}' for name in values)}."
            )
        return values[match[1]]

    return _PARAMETER.sub(literal, figure.sql)


def plain(value: Any) -> Value:
    """A DuckDB value as JSON can hold it: decimals as numbers, dates and instants in ISO form."""
    if isinstance(value, Decimal):
        return float(value) if value != value.to_integral_value() else int(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return value  # type: ignore[no-any-return]


def query_rows(con: duckdb.DuckDBPyConnection, query: str) -> list[Row]:
    """Run a kept query: one dict a row."""
    cursor = con.execute(query)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, map(plain, row), strict=True)) for row in cursor.fetchall()]


def run_figure(
    con: duckdb.DuckDBPyConnection, figure: Figure, values: Mapping[str, str]
) -> FigureResult:
    """The figure's rows. A table or column the release does not have is a problem, not an error:

    the report says so instead of failing, for a release may be older than a mart.
    """
    query = bind(figure, values)
    try:
        return FigureResult(figure, query, query_rows(con, query))
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        return FigureResult(figure, query, problem=str(error).splitlines()[0])
