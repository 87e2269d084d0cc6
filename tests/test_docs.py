"""Pages that are generated or that make promises hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipelines.dictionary import PAGE, data_dictionary, mart_models
from pipelines.settings import PROJECT_ROOT

PAGES = sorted([*PROJECT_ROOT.glob("*.md"), *PROJECT_ROOT.glob("docs/**/*.md")])


def test_the_data_dictionary_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == data_dictionary(), (
        "run: python -m pipelines.dictionary"
    )


def test_every_mart_column_is_described() -> None:
    models = mart_models()
    assert models
    bare = [
        f"{model['name']}.{column['name']}"
        for model in models
        for column in model["columns"]
        if not column.get("description")
    ]
    assert not bare


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT_ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", page.read_text(encoding="utf-8"))
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert not missing
