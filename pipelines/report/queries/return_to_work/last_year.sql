/*
kind: figure
title: {zh: 与上年农历同日比较, en: Against the same lunar day of last year}
*/
WITH days AS (
    SELECT
        data_date,
        days_from_lunar_new_year,
        year(lunar_new_year_date) AS lunar_year,
        index_value,
        missing_reason
    FROM lake.marts.return_to_work_variants_daily
    WHERE region_id = $city_region_id AND industry_code = 'all' AND scale = 'all'
        AND users = 'all'
        AND variant = (SELECT variant FROM $seed_power_variants WHERE is_primary = 'true')
        AND data_date <= $data_date
)
SELECT
    t.days_from_lunar_new_year,
    l.data_date AS last_year_date,
    t.index_value,
    l.index_value AS last_year_index_value,
    t.index_value - l.index_value AS index_difference,
    100.0 * t.index_value / nullif(l.index_value, 0) AS share_of_last_year_pct
FROM days AS t
LEFT JOIN days AS l
    ON l.lunar_year = t.lunar_year - 1
    AND l.days_from_lunar_new_year = t.days_from_lunar_new_year
    AND l.missing_reason IS NULL
WHERE t.data_date = $data_date
