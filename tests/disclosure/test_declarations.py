"""Every mart says whom it is about; a mart with a count of somebody and no rules fails here."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import yaml

from pipelines.disclosure import Declaration, DeclarationError, load_declarations
from pipelines.disclosure.declarations import FOLDER
from pipelines.settings import PROJECT_ROOT

MARTS = PROJECT_ROOT / "dbt" / "models" / "marts"
INTEGERS = {"bigint", "integer", "int", "hugeint"}
# whole numbers that count nobody: days, places in an order, years
NO_COUNTS = ("hour", "_days", "_rank", "_year", "days_from_lunar_new_year", "days_since_previous")


def _marts() -> dict[str, dict[str, str]]:
    """Columns and types of every mart."""
    found = {}
    for path in sorted(MARTS.glob("*.yml")):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models") or []:
            columns = {column["name"]: column["data_type"] for column in model["columns"]}
            found[model["name"]] = columns
    return found


MODELS = _marts()
DECLARATIONS = load_declarations()


def _parameters() -> dict[str, float]:
    with (PROJECT_ROOT / "dbt" / "seeds" / "parameters.csv").open(encoding="utf-8") as file:
        rows = csv.DictReader(file)
        return {row["parameter_name"]: float(row["parameter_value"]) for row in rows}


@pytest.mark.parametrize("mart", sorted(MODELS))
def test_every_mart_is_declared_with_all_its_counts(mart: str) -> None:
    assert mart in DECLARATIONS, (
        f"write pipelines/disclosure/marts/{mart}.yaml: whom the mart is about (people, "
        "enterprises, published_elsewhere, neither), why, its counts of distinct contributors with "
        "the measures that are empty with them, and which rows add up; see docs/disclosure.md."
    )
    columns, declaration = MODELS[mart], DECLARATIONS[mart]
    counts = {
        name for name, kind in columns.items() if kind in INTEGERS and not name.endswith(NO_COUNTS)
    }
    undeclared = sorted(counts - declaration.declared_counts)
    assert not undeclared, (
        f"{mart}.{undeclared[0]} counts something: list it in "
        f"pipelines/disclosure/marts/{mart}.yaml under 'counts' (distinct people, devices or "
        "enterprises) or, with the reason, under "
        "'open_counts'."
    )


@pytest.mark.parametrize("mart", sorted(DECLARATIONS))
def test_a_declaration_names_columns_of_its_mart(mart: str) -> None:
    declaration = DECLARATIONS[mart]
    named = {
        *declaration.key,
        *declaration.declared_counts,
        *(name for measures in declaration.counts.values() for name in measures),
        *(name for group in declaration.adds_up for name in (*group.roll_ups, *group.by)),
    }
    assert named <= set(MODELS[mart])
    assert (declaration.missing_reason is None) or "missing_reason" in MODELS[mart]


def test_a_visible_change_may_always_be_k_people() -> None:
    # two counts rounded to b that differ by b stand for a change of up to 2 b - 1
    parameters = _parameters()
    assert 2 * parameters["published_count_base"] - 1 >= parameters["k_anonymity"]
    assert (
        parameters["enterprise_pattern_width_share"] >= parameters["enterprise_interval_share"] > 0
    )


GOOD = "mart: a\nabout: people\nreason: because it counts people\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD + "counts: {n: []}\nkey: [d]\nthreshold: k_anonymity", "missing_reason"),
        (
            GOOD + "counts: {n: []}\nkey: [d]\nthreshold: k_anonymity\nmissing_reason: suppressed",
            "rounded: true",
        ),
        (GOOD + "adds_up: [{roll_ups: {r: all}, measures: [n]}]", "of_published: true"),
        (GOOD + "colour: red", "colour"),
        (GOOD.replace("mart: a", "mart: b"), "name the file like the mart"),
        ("mart: [", "is no YAML"),
    ],
)
def test_an_incomplete_declaration_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(DeclarationError, match=message):
        load_declarations(tmp_path)


def test_every_file_is_a_declaration() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(DECLARATIONS)
    assert all(isinstance(found, Declaration) for found in DECLARATIONS.values())
