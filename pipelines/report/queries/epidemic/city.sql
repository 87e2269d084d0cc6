/*
kind: figure
title: {zh: 全市疫情, en: Epidemic in the city}
unit: {zh: 例, en: cases}
*/
WITH days AS (
    SELECT * FROM lake.marts.epidemic_daily WHERE region_id = $city_region_id
)
SELECT
    t.data_date,
    t.value_date,
    t.missing_reason,
    t.new_confirmed,
    t.new_confirmed - p.new_confirmed AS new_confirmed_change,
    t.new_confirmed_7d_mean,
    t.new_confirmed_7d_mean - w.new_confirmed_7d_mean AS week_mean_change,
    t.confirmed,
    t.suspected,
    t.cured,
    t.dead,
    t.new_cured,
    t.new_dead,
    t.active,
    t.active - p.active AS active_change,
    t.is_revision
FROM days AS t
LEFT JOIN days AS p ON p.data_date = t.data_date - 1 AND p.value_date = t.value_date - 1
LEFT JOIN days AS w ON w.data_date = t.data_date - 7 AND w.value_date = t.value_date - 7
WHERE t.data_date = $data_date
