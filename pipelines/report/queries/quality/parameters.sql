/*
kind: figure
title: {zh: 口径参数, en: Parameters}
*/
SELECT
    max(CAST(parameter_value AS DOUBLE)) FILTER (WHERE parameter_name = 'k_anonymity') AS k_anonymity,
    max(CAST(parameter_value AS DOUBLE)) FILTER (WHERE parameter_name = 'min_enterprises_per_cell')
        AS min_enterprises_per_cell,
    (
        SELECT max(100 * CAST(threshold_share AS DOUBLE)) FROM $seed_power_variants
        WHERE is_primary = 'true'
    ) AS resumption_threshold_pct,
    100 * max(CAST(parameter_value AS DOUBLE)) FILTER (WHERE parameter_name = 'demand_interval_share')
        AS demand_interval_pct
FROM $seed_parameters
