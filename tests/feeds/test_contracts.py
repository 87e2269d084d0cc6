"""Contracts: every column the issue promises, valid ODCS, rules that mean what they say."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest
import yaml

from pipelines.errors import ContractError
from pipelines.feeds.contract import all_feeds, all_tables, load_feed, read_contract

PROMISED = {
    "events": "device_id event_at cell_id latitude longitude event_type carrier",
    "cells": "cell_id latitude longitude region_id valid_from_date valid_to_date",
    "trips": "ticket_id passenger_id mode service_no service_date carriage seat sealed "
    "from_station to_station from_seq to_seq depart_at arrive_at fare_cny",
    "station_counts": "data_date mode line station_id station boardings alightings",
    "energy_daily": "enterprise_id data_date energy_kwh",
    "enterprises": "enterprise_id industry_code region_id above_scale",
    "listings": "listing_id shop_id platform product_id category title description spec "
    "pack_quantity pack_unit price_cny shipping_cny cost_cny captured_at region_id",
    "sales_daily": "shop_id product_id data_date units revenue_cny stock_units",
    "footfall_daily": "venue_id data_date visitors is_open",
    "campaigns": "campaign_id region_id face_value_cny threshold_cny issued_from_date "
    "issued_to_date valid_days quantity",
    "applications": "campaign_id user_id applied_at won",
    "issues": "voucher_id campaign_id user_id issued_at expires_at",
    "redemptions": "voucher_id user_id merchant_id redeemed_at order_cny subsidy_cny device_id "
    "region_id refunded_at",
    "spend_weekly": "user_id week_start_date spend_cny",
    "stock_daily": "site_id site_type product_code category data_date capacity_units "
    "output_units received_units used_units stock_units",
    "cases_daily": "region_id data_date confirmed suspected cured dead",
    "regions": "region_id name_zh name_en level parent_id population",
    "calendar": "date is_workday lunar_month lunar_day days_from_lunar_new_year",
}
IDENTIFIERS = {
    "events": {"device_id"},
    "trips": {"passenger_id"},
    "applications": {"user_id"},
    "issues": {"user_id"},
    "redemptions": {"user_id", "device_id"},
    "spend_weekly": {"user_id"},
}


@pytest.mark.parametrize("table", PROMISED)
def test_tables_have_the_promised_columns_first_and_in_order(table: str) -> None:
    names = [column.name for column in all_tables()[table].columns]
    promised = PROMISED[table].split()
    assert names[: len(promised)] == promised


def test_identifiers_are_the_promised_ones() -> None:
    found = {name: set(t.identifiers) for name, t in all_tables().items() if t.identifiers}
    assert found == IDENTIFIERS


def test_every_column_is_described_in_both_languages_with_its_unit() -> None:
    units = {"_kwh": "kWh", "_cny": "CNY", "_units": "nits"}
    for table in all_tables().values():
        assert table.key
        assert table.business_name
        for column in table.columns:
            assert column.business_name, (table.name, column.name)
            for ending, unit in units.items():
                if column.name.endswith(ending):
                    assert unit in column.description, (table.name, column.name)
            assert column.name.endswith("_at") == (column.duckdb_type == "TIMESTAMP")


def test_key_and_date_columns_are_required() -> None:
    for table in all_tables().values():
        for name in {*table.key, table.data_date_from} - {None}:
            assert table.column(str(name)).required, (table.name, name)


def test_every_feed_says_how_fresh_and_how_complete_it_must_be() -> None:
    for feed in all_feeds().values():
        assert feed.fresh_within_hours
        assert feed.minimum_rows_share is not None


def test_measures_that_are_summed_are_exact() -> None:
    for table in all_tables().values():
        for name in table.sums:
            assert table.column(name).duckdb_type.startswith(("DECIMAL", "BIGINT"))


@pytest.mark.parametrize(
    ("table", "rule", "good", "bad"),
    [
        (
            "events",
            "cell_or_position",
            {"cell_id": None, "latitude": 31.2, "longitude": 121.5},
            {"cell_id": None, "latitude": 31.2, "longitude": None},
        ),
        (
            "redemptions",
            "refund_after_redemption",
            {"redeemed_at": date(2022, 6, 2), "refunded_at": None},
            {"redeemed_at": date(2022, 6, 2), "refunded_at": date(2022, 6, 1)},
        ),
        (
            "trips",
            "origin_or_destination",
            {"from_station": None, "to_station": "布吉"},
            {"from_station": None, "to_station": None},
        ),
    ],
)
def test_row_rules_tell_good_rows_from_bad(
    table: str, rule: str, good: dict[str, object], bad: dict[str, object]
) -> None:
    expression = {r.id: r.expression for r in all_tables()[table].row_rules}[rule]
    frame = pl.DataFrame([good, bad], strict=False, infer_schema_length=None)
    kept = frame.select(pl.sql_expr(expression).fill_null(value=True)).to_series()
    assert kept.to_list() == [True, False]


def test_row_rules_speak_of_columns_that_exist() -> None:
    for table in all_tables().values():
        for rule in table.row_rules:
            used = set(pl.sql_expr(rule.expression).meta.root_names())
            assert used <= {column.name for column in table.columns}, (table.name, rule.id)


def test_an_unknown_feed_is_named_with_the_known_ones() -> None:
    with pytest.raises(ContractError, match=r"no feed 'energy'.*power"):
        load_feed("energy")


def test_a_rule_without_a_message_is_refused(tmp_path: Path) -> None:
    contract = yaml.safe_load(load_feed("signaling").folder.joinpath("contract.yaml").read_text())
    del contract["schema"][0]["quality"][0]["description"]
    path = tmp_path / "contract.yaml"
    path.write_text(yaml.safe_dump(contract))
    with pytest.raises(ContractError, match="quality rule needs an id"):
        read_contract(path)
