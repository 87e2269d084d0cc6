"""Providers: how one publisher's files map onto a feed's contract, as YAML beside the contract.

`pipelines/feeds/<feed>/providers/<name>.yaml` holds one `ProviderFile`. A feed needs no YAML to be
handed over in the contract's own columns: every feed has a `canonical` provider made from the
contract itself. docs/add-a-provider.md explains every key with examples.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from pipelines.errors import ContractError
from pipelines.feeds.contract import Feed, Table, load_feed

CANONICAL = "canonical"
Scalar = str | int | float | bool


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _regex(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"'{value}' is not a regular expression: {error}") from None
    return value


Names = Annotated[list[str], BeforeValidator(_listed), Field(min_length=1)]
Regex = Annotated[str, BeforeValidator(_regex)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class When(_Strict):
    """A condition on a source column's text; a missing value meets no condition."""

    column: str
    is_in: list[str] | None = Field(None, alias="in", description="one of these texts")
    matches: Regex | None = Field(None, description="the pattern occurs in the text")
    lacks: Regex | None = Field(None, description="the pattern does not occur in the text")

    @model_validator(mode="after")
    def _one_condition(self) -> When:
        if sum(c is not None for c in (self.is_in, self.matches, self.lacks)) != 1:
            raise ValueError("a condition needs exactly one of 'in', 'matches' and 'lacks'")
        return self


class ColumnSource(_Strict):
    """Where one contract column comes from and how its text is read.

    Exactly one origin: `from` (a column of the file, aliases in order), `template` (texts with
    `{column}` in braces; of several the first whose columns all have values), `path` (a named group
    of the file's pattern), `constant` (a fact the publisher states), or `assume` (our assignment,
    labelled as assumed). `assume` beside an optional `from` fills in when the file lacks it.
    """

    from_: Names | None = Field(None, alias="from")
    template: Names | None = None
    path: str | None = None
    constant: Scalar | None = None
    assume: Scalar | None = None
    optional: bool = Field(False, description="the file may lack the column")
    when: When | None = Field(None, description="rows to which the value applies; else missing")
    pattern: Regex | None = Field(None, description="take group 1; no match: cannot be read")
    values: dict[str, Scalar] | None = Field(None, description="text -> value; others: unreadable")
    factor: float | None = Field(None, description="unit factor of a number")
    plus: float = Field(0.0, description="added after the factor")
    formats: Names | None = Field(None, description="strptime formats, in order")
    timezone: str = Field("Asia/Shanghai", description="zone of instants without an offset")

    @model_validator(mode="after")
    def _one_origin(self) -> ColumnSource:
        given = [self.from_, self.template, self.path, self.constant]
        origins = sum(origin is not None for origin in given)
        if origins > 1 or (origins == 0 and self.assume is None):
            raise ValueError("give exactly one of 'from', 'template', 'path', 'constant', 'assume'")
        if origins == 1 and self.assume is not None and not (self.from_ and self.optional):
            raise ValueError("'assume' goes alone or beside an optional 'from'")
        return self

    @property
    def template_columns(self) -> list[list[str]]:
        """Source columns each template needs."""
        return [re.findall(r"\{([^{}]+)\}", text) for text in self.template or ()]


def _short_source(value: Any) -> Any:
    return {"from": value} if isinstance(value, str | list) else value


Source = Annotated[ColumnSource, BeforeValidator(_short_source)]


class TableMapping(_Strict):
    """How rows of the file become rows of one contract table."""

    columns: dict[str, Source]
    only: When | None = Field(None, description="rows that belong here; others are counted outside")
    duplicates: Literal["sum"] | None = Field(None, description="'sum': rows of one key are added")


class Wide(_Strict):
    """Columns that become rows: each cell one row, its column's name in `name_as`."""

    columns: Regex
    name_as: str
    value_as: str


class Layout(_Strict):
    """One kind of file of a provider."""

    pattern: Regex = Field(description="of the file's path below the provider's folder, whole")
    format: Literal["csv", "tsv", "jsonl", "json", "parquet", "xlsx"]
    archive: Literal["gzip", "zip", "tar"] | None = None
    members: Regex | None = Field(None, description="of paths inside a zip or tar, whole")
    encodings: Names = ["utf-8-sig"]
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    quote: Annotated[str, Field(min_length=1, max_length=1)] | None = '"'
    skip_lines: int = Field(0, ge=0, description="lines before the header or the first row")
    names: list[str] | None = Field(None, description="columns of a file without a header")
    trailing_empty_field: bool = Field(False, description="rows may end in one empty field more")
    records: str | None = Field(None, description="json: key of the array of records")
    sheet: str | None = Field(None, description="xlsx: the sheet's name; else the first")
    null_values: list[str] = []
    ignore_columns: list[str] = Field([], description="known columns that are not needed")
    wide: Wide | None = None
    max_uncompressed_bytes: int = Field(32 * 2**30, gt=0, description="refuse archives above it")
    tables: dict[str, TableMapping] = Field(min_length=1)

    @model_validator(mode="after")
    def _fits_together(self) -> Layout:
        if (self.archive in ("zip", "tar")) != (self.members is not None):
            raise ValueError("'members' goes with archive zip or tar, and they need it")
        if self.archive is not None and self.format in ("parquet", "xlsx"):
            raise ValueError(f"{self.format} is read as it is, not from an archive")
        return self

    @property
    def separator(self) -> str:
        return "\t" if self.format == "tsv" else self.delimiter

    @cached_property
    def path_regex(self) -> re.Pattern[str]:
        # the pattern speaks of the path below the provider's folder, wherever that is
        return re.compile(rf"(?:.*/)?(?:{self.pattern})")

    @cached_property
    def member_regex(self) -> re.Pattern[str]:
        return re.compile(self.members or "")

    @property
    def path_groups(self) -> set[str]:
        """Names of the groups the path (and a member's path) give."""
        groups = set(self.path_regex.groupindex)
        return groups | set(self.member_regex.groupindex)


class IgnoredFiles(_Strict):
    """Files the provider ships that the feed does not use, and why."""

    pattern: Regex
    reason: str


class ProviderFile(_Strict):
    """The whole YAML of one provider."""

    provider: str
    description: str
    files: list[Layout] = Field(min_length=1)
    ignore_files: list[IgnoredFiles] = []


_FILE_DATE = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)|(?<!\d)(\d{4})(\d{2})(\d{2})(?!\d)")


@dataclass(frozen=True)
class Provider:
    """A feed's provider; `version` changes with its YAML."""

    feed: str
    name: str
    version: str
    layouts: tuple[Layout, ...] = field(repr=False)
    ignored: tuple[IgnoredFiles, ...] = field(default=(), repr=False)

    def layout_of(self, relative_path: str) -> Layout | None:
        """The first layout whose pattern fits a path relative to the landing folder."""
        for layout in self.layouts:
            if layout.path_regex.fullmatch(relative_path):
                return layout
        return None

    def claims(self, relative_path: str) -> bool:
        """Whether this provider reads the file of that path."""
        return self.ignores(relative_path) is None and self.layout_of(relative_path) is not None

    def ignores(self, relative_path: str) -> str | None:
        """Why the YAML leaves that file aside, or None when it does not."""
        for ignored in self.ignored:
            if re.fullmatch(rf"(?:.*/)?(?:{ignored.pattern})", relative_path):
                return ignored.reason
        return None

    def file_date(self, relative_path: str) -> date | None:
        """The last valid `YYYY-MM-DD` or `YYYYMMDD` in the path, if any."""
        found = None
        for match in _FILE_DATE.finditer(relative_path):
            digits = "".join(part for part in match.groups() if part)
            try:
                found = datetime.strptime(digits, "%Y%m%d").date()  # noqa: DTZ007 (a date)
            except ValueError:
                continue
        return found


def _canonical_layouts(feed: Feed) -> tuple[Layout, ...]:
    layouts: list[Layout] = []
    for table in feed.tables.values():
        columns: dict[str, Any] = {
            column.name: {"from": column.name, "optional": not column.required}
            for column in table.columns
        }
        tables = {table.name: {"columns": columns}}
        name = rf"{re.escape(table.name)}(?:-[^/]+)?"
        kinds: tuple[tuple[str, dict[str, Any]], ...] = (
            (r"\.csv", {"format": "csv"}),
            (r"\.csv\.gz", {"format": "csv", "archive": "gzip"}),
            (r"\.parquet", {"format": "parquet"}),
        )
        for ending, how in kinds:
            layout = {"pattern": name + ending, "tables": tables, **how}
            layouts.append(Layout.model_validate(layout))
    return tuple(layouts)


def _check_table(where: str, table: Table, mapping: TableMapping, groups: set[str]) -> None:
    for name, source in mapping.columns.items():
        table.column(name)
        if source.path is not None and source.path not in groups:
            raise ContractError(
                f"{where}, {table.name}.{name}: path group '{source.path}' is in no pattern; "
                f"the groups are {', '.join(sorted(groups)) or 'none'}."
            )
    missing = [c.name for c in table.columns if c.required and c.name not in mapping.columns]
    if missing:
        raise ContractError(
            f"{where}, table {table.name}: the contract requires {', '.join(missing)}; say where "
            "they come from."
        )


def _check(where: str, feed: Feed, layouts: tuple[Layout, ...]) -> None:
    for layout in layouts:
        for name, mapping in layout.tables.items():
            if name not in feed.tables:
                raise ContractError(
                    f"{where}: there is no table '{name}' in feed {feed.name}; its tables are "
                    f"{', '.join(feed.tables)}."
                )
            _check_table(where, feed.tables[name], mapping, layout.path_groups)


def read_provider(path: Path, feed: Feed) -> Provider:
    """Read one provider's YAML; raise `ContractError` naming the file and the key at fault."""
    text = path.read_text(encoding="utf-8")
    try:
        parsed = ProviderFile.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise ContractError(f"{path} is not YAML: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise ContractError(f"{path}, key {key}: {first['msg']}.") from None
    if parsed.provider != path.stem:
        raise ContractError(
            f"{path}, key provider: '{parsed.provider}' must be the file's name, '{path.stem}'."
        )
    layouts = tuple(parsed.files)
    _check(str(path), feed, layouts)
    version = hashlib.sha256(text.encode()).hexdigest()[:12]
    return Provider(feed.name, parsed.provider, version, layouts, tuple(parsed.ignore_files))


def canonical_provider(feed: Feed) -> Provider:
    """The provider whose files have the contract's own column names."""
    layouts = _canonical_layouts(feed)
    text = "".join(layout.model_dump_json() for layout in layouts)
    return Provider(feed.name, CANONICAL, hashlib.sha256(text.encode()).hexdigest()[:12], layouts)


@cache
def providers_of(feed: str) -> dict[str, Provider]:
    """Every provider of a feed by name, `canonical` first."""
    contract = load_feed(feed)
    providers = {CANONICAL: canonical_provider(contract)}
    for path in sorted((contract.folder / "providers").glob("*.yaml")):
        providers[path.stem] = read_provider(path, contract)
    return providers


def load_provider(feed: str, name: str) -> Provider:
    """One provider; raise `ContractError` naming the known ones when it does not exist."""
    providers = providers_of(feed)
    if name not in providers:
        raise ContractError(
            f"feed {feed} has no provider '{name}': its providers are {', '.join(providers)}."
        )
    return providers[name]
