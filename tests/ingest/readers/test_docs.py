"""What docs/add-a-provider.md and docs/add-a-feed.md show is what the code takes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipelines.feeds.contract import load_feed, read_contract
from pipelines.ingest.providers import ColumnSource, Layout, TableMapping, When, read_provider
from pipelines.settings import PROJECT_ROOT

PROVIDER_PAGE = (PROJECT_ROOT / "docs" / "add-a-provider.md").read_text(encoding="utf-8")
FEED_PAGE = (PROJECT_ROOT / "docs" / "add-a-feed.md").read_text(encoding="utf-8")


def yaml_blocks(page: str) -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", page, flags=re.DOTALL)


def test_the_provider_shown_is_sound(tmp_path: Path) -> None:
    path = tmp_path / "linjiang_grid.yaml"
    path.write_text(yaml_blocks(PROVIDER_PAGE)[0], encoding="utf-8")
    shown = read_provider(path, load_feed("power"))
    assert shown.claims("linjiang_grid/企业用电量_20200203.csv")
    assert shown.ignores("LICENSE")


def test_the_contract_shown_is_sound(tmp_path: Path) -> None:
    contract, rule = yaml_blocks(FEED_PAGE)
    assert rule.strip().startswith("quality:")
    path = tmp_path / "water" / "contract.yaml"
    path.parent.mkdir()
    path.write_text(contract, encoding="utf-8")
    table = read_contract(path).tables["water_daily"]
    assert table.key == ("region_id", "data_date")
    assert table.column("water_m3").maximum == 10_000_000


@pytest.mark.parametrize("model", [Layout, TableMapping, ColumnSource, When])
def test_every_key_of_the_yaml_is_explained(model: type) -> None:
    keys = {field.alias or name for name, field in model.model_fields.items()}
    missing = {key for key in keys if not re.search(rf"`[^`\n]*\b{key}\b[^`\n]*`", PROVIDER_PAGE)}
    assert not missing
