"""Feed contracts: Open Data Contract Standard v3 YAML read into the few facts the pipeline needs.

The YAML beside this module (`<feed>/contract.yaml`) is the only place where a feed's columns,
types, ranges, keys and identifiers are written; ingest checks, lake tables, dbt sources and the
data dictionary all come from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from open_data_contract_standard.model import (
    OpenDataContractStandard,
    SchemaObject,
    SchemaProperty,
)
from pydantic import ValidationError

from pipelines.errors import ContractError

FEEDS_FOLDER = Path(__file__).parent
RULE_ENGINE = "citypulse"

OnIdentical = Literal["drop", "keep"]
OnKeyConflict = Literal["latest", "sum", "quarantine"]

# logical type of the standard -> DuckDB type when the contract gives no physicalType
_DEFAULT_TYPES = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}


@dataclass(frozen=True)
class Column:
    """One column of a contract table; `minimum` and `maximum` are inclusive, in its own unit."""

    name: str
    duckdb_type: str
    description: str
    required: bool
    is_identifier: bool
    minimum: float | None = None
    maximum: float | None = None
    exclusive_minimum: float | None = None
    allowed: tuple[str, ...] = ()
    pattern: str | None = None
    business_name: str | None = None
    examples: tuple[Any, ...] = ()


@dataclass(frozen=True)
class RowRule:
    """A promise across the columns of one row, from the contract's `quality` of type `custom`.

    `expression` is a SQL condition for `polars.sql_expr`; a row breaks the rule where it is false,
    and passes where it is true or unknown (null). `message` says what a row must be.
    """

    id: str
    expression: str
    message: str


@dataclass(frozen=True)
class Table:
    """One table of a feed.

    `data_date_from` names the date or timestamp column that gives a row's data date, None for a
    table without dates of its own (kept as a single partition). `latest_by` orders rows of one key
    when `on_key_conflict` is `latest`.
    """

    feed: str
    name: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    data_date_from: str | None
    on_identical: OnIdentical
    on_key_conflict: OnKeyConflict
    latest_by: str | None
    sums: tuple[str, ...]
    row_rules: tuple[RowRule, ...] = ()
    business_name: str | None = None

    @property
    def identifiers(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns if c.is_identifier)

    @property
    def is_dated(self) -> bool:
        return self.data_date_from is not None

    def column(self, name: str) -> Column:
        """The column of that name; raise `ContractError` if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise ContractError(f"{self.feed}.{self.name} has no column '{name}' in its contract.")

    def bronze_columns(self) -> list[tuple[str, str]]:
        """(name, DuckDB type) of `bronze.<table>`: the contract's columns, then technical ones."""
        columns = [(c.name, c.duckdb_type) for c in self.columns]
        if self.is_dated and "data_date" not in {name for name, _ in columns}:
            columns.append(("data_date", "DATE"))
        return [
            *columns,
            ("provider", "VARCHAR"),
            ("source_sha256", "VARCHAR"),
            ("source_line", "BIGINT"),
        ]


@dataclass(frozen=True)
class Feed:
    """A feed: its tables, contract version, and what freshness and volume are expected."""

    name: str
    version: str
    purpose: str
    tables: dict[str, Table]
    fresh_within_hours: float | None
    minimum_rows_share: float | None

    @property
    def folder(self) -> Path:
        return FEEDS_FOLDER / self.name


def _custom(owner: SchemaObject | SchemaProperty) -> dict[str, Any]:
    return {p.property: p.value for p in owner.customProperties or [] if p.property}


def _column(where: str, prop: SchemaProperty) -> Column:
    if not prop.name or not prop.description:
        raise ContractError(f"{where}: every column needs a name and a description.")
    duckdb_type = prop.physicalType or _DEFAULT_TYPES.get(prop.logicalType or "")
    if duckdb_type is None:
        raise ContractError(
            f"{where}: column '{prop.name}' has logicalType '{prop.logicalType}', expected one of "
            f"{', '.join(_DEFAULT_TYPES)}."
        )
    options = prop.logicalTypeOptions or {}
    return Column(
        name=prop.name,
        duckdb_type=duckdb_type,
        description=prop.description,
        required=bool(prop.required),
        is_identifier=bool(_custom(prop).get("pseudonymise", False)),
        minimum=options.get("minimum"),
        maximum=options.get("maximum"),
        exclusive_minimum=options.get("exclusiveMinimum"),
        allowed=tuple(str(v.value) for v in prop.enum or []),
        pattern=options.get("pattern"),
        business_name=prop.businessName,
        examples=tuple(prop.examples or ()),
    )


def _row_rules(where: str, schema: SchemaObject) -> tuple[RowRule, ...]:
    rules = []
    for quality in schema.quality or []:
        if quality.engine != RULE_ENGINE:
            continue
        if not (quality.id and quality.implementation and quality.description):
            raise ContractError(
                f"{where}: every {RULE_ENGINE} quality rule needs an id, an implementation and a "
                "description."
            )
        rules.append(RowRule(quality.id, str(quality.implementation), quality.description))
    return tuple(rules)


def _table(feed: str, where: str, schema: SchemaObject) -> Table:
    if not schema.name or not schema.properties:
        raise ContractError(f"{where}: every schema needs a name and properties.")
    where = f"{where}, table '{schema.name}'"
    columns = tuple(_column(where, prop) for prop in schema.properties)
    keyed = [p for p in schema.properties if p.primaryKey and p.name]
    keyed.sort(key=lambda p: p.primaryKeyPosition or 0)
    custom = _custom(schema)
    table = Table(
        feed=feed,
        name=schema.name,
        description=schema.description or "",
        columns=columns,
        key=tuple(str(p.name) for p in keyed),
        data_date_from=custom.get("dataDateFrom"),
        on_identical=custom.get("onIdentical", "drop"),
        on_key_conflict=custom.get("onKeyConflict", "quarantine"),
        latest_by=custom.get("latestBy"),
        sums=tuple(custom.get("sums", ())),
        row_rules=_row_rules(where, schema),
        business_name=schema.businessName,
    )
    for name in filter(None, (*table.key, table.data_date_from, table.latest_by, *table.sums)):
        table.column(name)
    return table


def read_contract(path: Path) -> Feed:
    """Read one `contract.yaml`; raise `ContractError` saying what is wrong in it."""
    try:
        contract = OpenDataContractStandard.model_validate(
            yaml.safe_load(path.read_text(encoding="utf-8"))
        )
    except (ValidationError, yaml.YAMLError) as error:
        raise ContractError(f"{path} is not an Open Data Contract Standard v3 file: {error}") from (
            error
        )
    feed = path.parent.name
    tables = [_table(feed, str(path), schema) for schema in contract.schema_ or []]
    sla = {p.property: p.value for p in contract.slaProperties or []}
    return Feed(
        name=feed,
        version=contract.version or "0",
        purpose=(contract.description.purpose or "") if contract.description else "",
        tables={table.name: table for table in tables},
        fresh_within_hours=_number(sla.get("frequency")),
        minimum_rows_share=_number(sla.get("minimumRowsShare")),
    )


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


@cache
def all_feeds() -> dict[str, Feed]:
    """Every feed that has a contract, by name."""
    return {
        path.parent.name: read_contract(path)
        for path in sorted(FEEDS_FOLDER.glob("*/contract.yaml"))
    }


def load_feed(name: str) -> Feed:
    """One feed; raise `ContractError` naming the known ones when it does not exist."""
    feeds = all_feeds()
    if name not in feeds:
        raise ContractError(f"there is no feed '{name}': the feeds are {', '.join(feeds)}.")
    return feeds[name]


def all_tables() -> dict[str, Table]:
    """Every table of every feed by its (unique) name, the name of its bronze table."""
    return {name: table for feed in all_feeds().values() for name, table in feed.tables.items()}
