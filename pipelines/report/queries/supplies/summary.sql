/*
kind: figure
title: {zh: 物资保障概况, en: Supplies in brief}
*/
WITH categories AS (
    SELECT
        data_date,
        category,
        max(missing_reason) AS missing_reason,
        max(value_date) AS value_date,
        max(days_of_cover) AS days_of_cover,
        max(cover_target_days) AS target_days
    FROM lake.marts.supply_demand_forecast
    WHERE data_date BETWEEN $data_date - 1 AND $data_date AND region_id = $city_region_id
    GROUP BY data_date, category
),
judged AS (
    SELECT t.*, t.days_of_cover - p.days_of_cover AS days_of_cover_change
    FROM categories AS t
    LEFT JOIN categories AS p
        ON p.category = t.category
        AND p.data_date = t.data_date - 1
        AND p.value_date = t.value_date - 1
    WHERE t.data_date = $data_date
),
lowest AS (
    SELECT * FROM judged
    WHERE days_of_cover IS NOT NULL
    ORDER BY days_of_cover, category
    LIMIT 1
)
SELECT
    count(*) AS category_count,
    count(judged.days_of_cover) AS stocked_count,
    count(*) FILTER (WHERE judged.days_of_cover IS NOT NULL AND judged.target_days IS NOT NULL)
        AS judged_count,
    count(*) FILTER (WHERE judged.days_of_cover < judged.target_days) AS short_count,
    max(lowest.category) AS lowest_category,
    max(lowest.days_of_cover) AS lowest_days_of_cover,
    max(lowest.days_of_cover_change) AS lowest_days_of_cover_change,
    max(lowest.target_days) AS lowest_target_days,
    max(judged.missing_reason) AS missing_reason,
    max(judged.value_date) AS value_date
FROM judged
LEFT JOIN lowest ON true
HAVING count(*) > 0
