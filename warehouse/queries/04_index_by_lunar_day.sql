-- How does this year compare on the same lunar day? 农历对齐的指数
-- The city's index by days from the lunar new year, one row a day and variant, with and without
-- the largest user. Compare equal days from the new year, never equal solar dates.
SELECT
    year(lunar_new_year_date) AS lunar_year,
    days_from_lunar_new_year,
    variant,
    users,
    index_value
FROM return_to_work_variants_daily
WHERE region_id = '990100' AND industry_code = 'all' AND scale = 'all'
ORDER BY variant, users, days_from_lunar_new_year, lunar_year;
