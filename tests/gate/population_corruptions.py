"""What breaks the rules of present population, weights and signaling quality."""

from __future__ import annotations

POPULATION_CORRUPTIONS: dict[tuple[str, str], str] = {
    ("present_population_hourly", "small_cells_empty"): "UPDATE marts.present_population_hourly "
    "SET device_count = 15 WHERE region_id = '990500'",
    ("present_population_hourly", "counts_devices"): "UPDATE marts.present_population_hourly "
    "SET device_count = device_count * 2",
    ("present_population_hourly", "missing_explained"): "UPDATE marts.present_population_hourly "
    "SET persons = NULL WHERE region_id = '990101'",
    ("present_population_hourly", "outages_empty"): "UPDATE marts.present_population_hourly "
    "SET device_count = 25 WHERE missing_reason = 'not_collected'",
    ("present_population_hourly", "hours_complete"): "DELETE FROM marts.present_population_hourly "
    "WHERE hour = 3 AND region_id = '990500'",
    (
        "present_population_hourly",
        "persons_within_census",
    ): "UPDATE marts.present_population_hourly SET persons = persons * 2",
    ("population_weights_daily", "small_cells_empty"): "UPDATE marts.population_weights_daily "
    "SET persons = 30 WHERE home_region_id = '990500' AND carrier = 'cmcc'",
    ("population_weights_daily", "census_met"): "UPDATE marts.population_weights_daily "
    "SET persons = persons + 2",
    ("population_weights_daily", "margins_met"): "UPDATE marts.population_weights_daily "
    "SET margins = 'census'",
    ("signaling_quality_daily", "missing_explained"): "UPDATE marts.signaling_quality_daily "
    "SET device_count = NULL, event_count = NULL WHERE error_code = 'machine'",
    ("signaling_quality_daily", "identifiers_stable"): "INSERT INTO marts.signaling_quality_daily "
    "VALUES (DATE '2020-02-18', 'carrier', 'identifiers_changed', NULL, 500, NULL)",
}
