"""Does a file have the columns its layout promises? One sentence when it does not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from pipelines.errors import LayoutMismatch
from pipelines.ingest.providers import ColumnSource, Layout, TableMapping

_SHOWN = 6


@dataclass(frozen=True)
class Resolved:
    """A column's source against one file: the column or templates that exist there.

    `fallback`: the file lacks what is asked for first, so something assumed stands in.
    """

    source: ColumnSource
    column: str | None = None
    templates: tuple[str, ...] = ()
    fallback: bool = False


def expected_columns(layout: Layout) -> list[str]:
    """Every column name the layout knows, in its order."""
    known: dict[str, None] = {}
    for mapping in layout.tables.values():
        for source in mapping.columns.values():
            known.update(dict.fromkeys(source.from_ or ()))
            for needed in source.template_columns:
                known.update(dict.fromkeys(needed))
            if source.when is not None:
                known[source.when.column] = None
        if mapping.only is not None:
            known[mapping.only.column] = None
    if layout.wide is not None:
        known = {k: None for k in known if k not in (layout.wide.name_as, layout.wide.value_as)}
    return list(known)


def _closest(name: str, candidates: Iterable[str]) -> str | None:
    best = process.extractOne(name, list(candidates), scorer=fuzz.WRatio)
    return None if best is None else best[0]


def _shown(names: list[str]) -> str:
    listed = ", ".join(f"'{name[:60]}'" for name in names[:_SHOWN])
    return listed + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


def _resolve(source: ColumnSource, names: set[str]) -> Resolved | list[str]:
    """What the file offers for a source, or the aliases it lacks."""
    if source.from_ is not None:
        present = [name for name in source.from_ if name in names]
        if present:
            return Resolved(source, column=present[0])
        return Resolved(source, fallback=True) if source.optional else source.from_
    if source.template is not None:
        needed = list(zip(source.template, source.template_columns, strict=True))
        usable = [text for text, columns in needed if names.issuperset(columns)]
        if usable:
            return Resolved(source, templates=tuple(usable), fallback=usable[0] != needed[0][0])
        return [column for column in needed[0][1] if column not in names]
    return Resolved(source, fallback=source.assume is not None)


def _unknown(names: list[str], layout: Layout, known: set[str]) -> list[str]:
    wide = re.compile(layout.wide.columns) if layout.wide is not None else None
    return [n for n in names if n not in known and not (wide is not None and wide.fullmatch(n))]


def _check_names(names: list[str], layout: Layout, where: str) -> list[str]:
    """Refuse repeated names and a wide file without cells; the names nobody knows."""
    repeated = sorted({name for name in names if names.count(name) > 1}) if names else []
    if repeated:
        raise LayoutMismatch(f"{where}: expected each column once, found {_shown(repeated)} twice.")
    known = {*expected_columns(layout), *layout.ignore_columns}
    unknown = _unknown(names, layout, known)
    if layout.wide is not None and len(names) == len(known & set(names)) + len(unknown):
        raise LayoutMismatch(
            f"{where}: expected columns like '{layout.wide.columns}', found {_shown(names)}."
        )
    return unknown


def _refuse_missing(missing: list[str], unknown: list[str], names: list[str], where: str) -> None:
    wanted = " or ".join(f"'{name}'" for name in missing)
    closest = next((c for name in missing if (c := _closest(name, unknown))), None)
    hint = ""
    if closest:
        hint = (
            f"; the closest is '{closest}': a new name? correct the file, or map it in the "
            "provider's YAML"
        )
    raise LayoutMismatch(
        f"{where}: expected a column {wanted}, found {_shown(unknown or names)}{hint}."
    )


def resolve(layout: Layout, names: list[str], where: str) -> dict[str, dict[str, Resolved]]:
    """Table -> contract column -> source in this file.

    Raises `LayoutMismatch` for a column that is missing, unknown, repeated or given under two
    aliases at once.
    """
    unknown = _check_names(names, layout, where)
    here = set(names)
    if layout.wide is not None:
        here |= {layout.wide.name_as, layout.wide.value_as}
    resolved: dict[str, dict[str, Resolved]] = {}
    for table, mapping in layout.tables.items():
        resolved[table] = {}
        for column, source in mapping.columns.items():
            found = _resolve(source, here)
            if isinstance(found, list):
                _refuse_missing(found, unknown, names, where)
            else:
                resolved[table][column] = found
        _check_conditions(mapping, here, unknown, names, where)
    _refuse_ambiguous(layout, here, where)
    if unknown:
        lacking = [name for name in expected_columns(layout) if name not in here]
        closest = _closest(unknown[0], lacking or expected_columns(layout))
        hint = f"; the closest known one is '{closest}'" if closest else ""
        raise LayoutMismatch(
            f"{where}: expected only the columns mapped, found {_shown(unknown)} too{hint}: "
            "map it or list it under ignore_columns."
        )
    return resolved


def _check_conditions(
    mapping: TableMapping, here: set[str], unknown: list[str], names: list[str], where: str
) -> None:
    conditions = [source.when for source in mapping.columns.values()] + [mapping.only]
    for condition in conditions:
        if condition is not None and condition.column not in here:
            _refuse_missing([condition.column], unknown, names, where)


def _refuse_ambiguous(layout: Layout, here: set[str], where: str) -> None:
    for mapping in layout.tables.values():
        for source in mapping.columns.values():
            both = [name for name in source.from_ or () if name in here]
            if len(both) > 1:
                raise LayoutMismatch(
                    f"{where}: expected one of {_shown(both)}, found both of them."
                )
