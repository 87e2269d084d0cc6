"""Corruptions of the mart of returnees, one for each `fail` rule of its suite."""

from __future__ import annotations

RETURNEE_CORRUPTIONS: dict[tuple[str, str], str] = {
    ("returnee_risk_daily", "counts_devices"): "UPDATE marts.returnee_risk_daily "
    "SET arrival_count = arrival_count * 5",
    ("returnee_risk_daily", "totals_foot"): "UPDATE marts.returnee_risk_daily "
    "SET arrival_count = arrival_count + 5 WHERE origin_risk = 'all'",
    ("returnee_risk_daily", "level_of_communities_only"): "UPDATE marts.returnee_risk_daily "
    "SET community_level = 'red'",
    ("returnee_risk_daily", "missing_explained"): "UPDATE marts.returnee_risk_daily "
    "SET missing_reason = NULL",
}
