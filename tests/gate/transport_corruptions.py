"""Corruptions of the marts of ticketing, footfall and the fused index, one a rule."""

from __future__ import annotations

TRANSPORT_CORRUPTIONS: dict[tuple[str, str], str] = {
    ("ticketing_daily", "small_counts_empty"): "UPDATE marts.ticketing_daily "
    "SET boardings = 10 WHERE station = 'small'",
    ("ticketing_daily", "missing_explained"): "UPDATE marts.ticketing_daily "
    "SET missing_reason = NULL WHERE station = 'unheard'",
    ("ticketing_daily", "recovery_names_its_baseline"): "UPDATE marts.ticketing_daily "
    "SET baseline_kind = NULL WHERE line = 'L1' AND station = 'all'",
    ("ticketing_daily", "totals_foot"): "UPDATE marts.ticketing_daily "
    "SET boardings = boardings + 1 WHERE mode = 'metro' AND line = 'all'",
    ("ticketing_daily", "unknown_stations"): "UPDATE marts.ticketing_daily "
    "SET unknown_station_count = 1 WHERE station = 'unheard'",
    ("ticketing_daily", "silent_stations"): "UPDATE marts.ticketing_daily "
    "SET silent_station_count = 1 WHERE line = 'L1' AND station = 'all'",
    ("ticketing_month_daily", "small_counts_empty"): "UPDATE marts.ticketing_month_daily "
    "SET month_before_daily_boardings = 15, month_before_recovery_pct = NULL WHERE line = 'L1'",
    ("ticketing_month_daily", "recovery_follows_means"): "UPDATE marts.ticketing_month_daily "
    "SET year_before_recovery_pct = 81 WHERE line = 'L1'",
    ("ticketing_intercity_daily", "small_cells_empty"): "UPDATE marts.ticketing_intercity_daily "
    "SET ticket_count = 40, passenger_count = 20 WHERE other_region_id = '990300'",
    ("ticketing_intercity_daily", "tickets_not_under_passengers"): "UPDATE "
    "marts.ticketing_intercity_daily SET ticket_count = 49 WHERE other_region_id = '990200'",
    ("ticketing_intercity_daily", "missing_explained"): "UPDATE marts.ticketing_intercity_daily "
    "SET missing_reason = NULL",
    ("footfall_recovery_daily", "few_venues_hidden"): "UPDATE marts.footfall_recovery_daily "
    "SET matched_venue_count = 2",
    ("footfall_recovery_daily", "missing_explained"): "UPDATE marts.footfall_recovery_daily "
    "SET recovery_pct = NULL",
    (
        "footfall_recovery_daily",
        "fitted_on_the_time_before",
    ): "UPDATE marts.footfall_recovery_daily SET fit_last_date = '2020-01-20'",
    ("footfall_recovery_daily", "open_at_least_all"): "UPDATE marts.footfall_recovery_daily "
    "SET open_recovery_pct = 24",
    (
        "return_to_work_fused_daily",
        "index_follows_sources",
    ): "UPDATE marts.return_to_work_fused_daily SET index_value = 54.1 WHERE region_id = '990101'",
    (
        "return_to_work_fused_daily",
        "weights_as_published",
    ): "UPDATE marts.return_to_work_fused_daily "
    "SET power_weight_share = 0.5, ticketing_weight_share = 0.5",
    (
        "return_to_work_fused_daily",
        "interval_holds_index",
    ): "UPDATE marts.return_to_work_fused_daily SET upper_value = 53 WHERE region_id = '990101'",
    ("return_to_work_fused_daily", "sources_named"): "UPDATE marts.return_to_work_fused_daily "
    "SET sources = 'power' WHERE region_id = '990101'",
    ("return_to_work_fused_daily", "missing_explained"): "UPDATE marts.return_to_work_fused_daily "
    "SET index_value = 0 WHERE region_id = '990102'",
    (
        "return_to_work_fused_daily",
        "city_stands_on_several",
    ): "UPDATE marts.return_to_work_fused_daily SET source_count = 1 WHERE region_id = '990100'",
}
