"""Readers: one file of a provider in, rows of contract tables out, nothing lost on the way.

`read_file` never reads the whole of a large file into memory: CSV and Parquet stay lazy, other
formats go to scratch as Parquet. A file that does not fit its layout raises `LayoutMismatch`, one
sentence saying what was expected, what was found and the closest match; a row that cannot be split
into fields comes back in `RawTable.rejected` with its physical line.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

import polars as pl

from pipelines.errors import LayoutMismatch
from pipelines.feeds.contract import load_feed
from pipelines.ingest.providers import Layout, Provider
from pipelines.ingest.readers.archives import members
from pipelines.ingest.readers.delimited import (
    header_names,
    numbered_lines,
    read_delimited,
    records,
    refuse_if_no_row_fits,
)
from pipelines.ingest.readers.layout import expected_columns, resolve
from pipelines.ingest.readers.mapping import MappedColumn, RawTable, map_table, refuse_nested
from pipelines.ingest.readers.objects import Objects, read_sheet
from pipelines.ingest.readers.source import (
    LINE,
    PATH_PREFIX,
    Record,
    Rejected,
    Source,
    Spool,
    rejected_frame,
)
from pipelines.ingest.readers.text import Text, as_utf8, refuse_what_is_no_text, unpack_gzip

__all__ = ["MappedColumn", "RawTable", "read_file"]


def _expected(layout: Layout) -> str:
    columns = expected_columns(layout)
    listed = ", ".join(columns[:8]) + (", ..." if len(columns) > 8 else "")
    return f"{layout.format} with columns {listed}"


def _member_records(
    text: Text, layout: Layout, where: str
) -> tuple[list[str], Iterator[Record | Rejected]]:
    """Column names and rows of one text file, row by row."""
    if layout.format in ("json", "jsonl"):
        objects = Objects(text, layout, where)
        return objects.names, objects.records()
    names = header_names(text, layout)
    resolve(layout, names, where)
    return names, records(numbered_lines(text.path, layout), len(names), layout)


def _read_members(path: Path, layout: Layout, where: str, scratch: Path) -> Source:
    """All fitting members of an archive as one source; `_line` counts records through all."""
    groups = sorted(layout.member_regex.groupindex)
    spool: Spool | None = None
    line = 0
    for member in members(path, layout, where, scratch):
        inside = f"{where}, member {member.name}"
        refuse_what_is_no_text(member.path, inside, _expected(layout))
        text = as_utf8(member.path, inside, layout, scratch)
        names, rows = _member_records(text, layout, inside)
        columns = [*names, *(PATH_PREFIX + group for group in groups)]
        if spool is None:
            spool = Spool(scratch, columns)
        elif columns != spool.names:
            raise LayoutMismatch(
                f"{inside}: expected the columns of the first member, {', '.join(spool.names)}, "
                f"found {', '.join(columns)}."
            )
        values = [member.groups.get(group) for group in groups]
        for row in chain(rows, text.undecodable):
            line += 1
            if isinstance(row, Rejected):
                spool.rejected.append(replace(row, line=line))
            else:
                spool.add(Record(line, [*row.fields, *values]))
    assert spool is not None  # members() refuses an archive in which none fits
    return spool.source()


def _read_parquet(path: Path, where: str) -> Source:
    try:
        frame = pl.scan_parquet(path, row_index_name=LINE, row_index_offset=1, glob=False)
        names = [name for name in frame.collect_schema().names() if name != LINE]
    except (pl.exceptions.PolarsError, OSError) as error:
        first = str(error).splitlines()[0]
        raise LayoutMismatch(
            f"{where} is not a whole Parquet file ({first}): expected a complete one."
        ) from None
    source = Source(names, frame, rejected_frame([]))
    refuse_nested(source, where)
    return source


def _read_text(path: Path, layout: Layout, where: str, scratch: Path) -> Source:
    if layout.archive == "gzip":
        path = unpack_gzip(path, where, layout.max_uncompressed_bytes, scratch)
    refuse_what_is_no_text(path, where, _expected(layout))
    text = as_utf8(path, where, layout, scratch)
    if layout.format in ("json", "jsonl"):
        objects = Objects(text, layout, where)
        spool = Spool(scratch, objects.names)
        spool.extend(chain(objects.records(), text.undecodable))
        return spool.source()
    names = header_names(text, layout)
    resolve(layout, names, where)
    return read_delimited(text, names, layout, where, scratch)


def _read_source(path: Path, layout: Layout, where: str, scratch: Path) -> Source:
    if layout.format == "parquet":
        return _read_parquet(path, where)
    if layout.format == "xlsx":
        return read_sheet(path, layout, where, scratch)
    if layout.archive in ("zip", "tar"):
        return _read_members(path, layout, where, scratch)
    return _read_text(path, layout, where, scratch)


def _own_names(source: Source) -> list[str]:
    return [name for name in source.names if not name.startswith(PATH_PREFIX)]


def _with_path_groups(source: Source, layout: Layout, relative_path: str) -> Source:
    match = layout.path_regex.fullmatch(relative_path)
    groups = match.groupdict() if match else {}
    literals = [pl.lit(v, dtype=pl.String).alias(PATH_PREFIX + k) for k, v in groups.items()]
    return replace(source, frame=source.frame.with_columns(literals))


def read_file(provider: Provider, path: Path, relative_path: str, scratch: Path) -> list[RawTable]:
    """Read the file at `path` as the provider's YAML says for `relative_path`.

    One `RawTable` for each contract table the layout maps. The lazy frames may read `path` and
    files in `scratch` until they are collected. Raises `LayoutMismatch` when the file is refused.
    """
    layout = provider.layout_of(relative_path)
    if layout is None:
        patterns = " or ".join(f"'{known.pattern}'" for known in provider.layouts[:6])
        raise LayoutMismatch(
            f"{relative_path}: expected a file named like {patterns} of provider {provider.name}, "
            "found none of them fits."
        )
    scratch.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=scratch))
    source = _read_source(path, layout, relative_path, folder)
    resolved = resolve(layout, _own_names(source), relative_path)
    refuse_if_no_row_fits(source, relative_path)
    source = _with_path_groups(source, layout, relative_path)
    tables = load_feed(provider.feed).tables
    return [
        map_table(tables[name], mapping, resolved[name], source, layout)
        for name, mapping in layout.tables.items()
    ]
