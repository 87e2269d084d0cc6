/*
kind: figure
title: {zh: 商场客流, en: Footfall}
*/
WITH days AS (
    SELECT * FROM lake.marts.footfall_daily_summary
    WHERE data_date BETWEEN $data_date - 7 AND $data_date
)
SELECT
    t.data_date,
    t.value_date,
    t.missing_reason,
    t.open_venue_count,
    t.open_venue_count - p.open_venue_count AS open_venue_change,
    t.visitors,
    100.0 * (t.visitors - w.visitors) / nullif(w.visitors, 0) AS visitors_week_change_pct,
    t.visitors_per_open_venue
FROM days AS t
LEFT JOIN days AS p ON p.data_date = t.data_date - 1 AND p.value_date = t.value_date - 1
LEFT JOIN days AS w ON w.data_date = t.data_date - 7 AND w.value_date = t.value_date - 7
WHERE t.data_date = $data_date
