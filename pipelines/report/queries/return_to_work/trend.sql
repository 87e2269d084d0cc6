/*
kind: chart
title:
  zh: 复工电力指数（农历对齐，与上年比较）
  en: Power index, aligned by the lunar calendar, against last year
unit: {zh: 点, en: points}
note:
  zh: 横轴为距正月初一的天数；按公历比较春节前后没有意义。
  en: Days from lunar new year; comparing solar dates around the Spring Festival means nothing.
*/
WITH days AS (
    SELECT
        data_date,
        days_from_lunar_new_year,
        year(lunar_new_year_date) AS lunar_year,
        CASE WHEN missing_reason IS NULL THEN index_value END AS index_value
    FROM lake.marts.return_to_work_variants_daily
    WHERE region_id = $city_region_id AND industry_code = 'all' AND scale = 'all'
        AND users = 'all'
        AND variant = (SELECT variant FROM $seed_power_variants WHERE is_primary = 'true')
        AND data_date <= $data_date
),
today AS (
    SELECT lunar_year, days_from_lunar_new_year FROM days WHERE data_date = $data_date
)
SELECT
    days.days_from_lunar_new_year,
    max(days.index_value) FILTER (WHERE days.lunar_year = today.lunar_year) AS this_year,
    max(days.index_value) FILTER (WHERE days.lunar_year = today.lunar_year - 1) AS last_year
FROM days
CROSS JOIN today
WHERE days.lunar_year BETWEEN today.lunar_year - 1 AND today.lunar_year
    AND days.days_from_lunar_new_year
        BETWEEN least(today.days_from_lunar_new_year - 45, -15)
        AND greatest(today.days_from_lunar_new_year, 0) + 15
GROUP BY days.days_from_lunar_new_year
ORDER BY days.days_from_lunar_new_year
