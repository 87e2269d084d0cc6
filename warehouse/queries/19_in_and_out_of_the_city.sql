-- Who comes into the city and who leaves it? 跨市流入流出与迁徙指数
-- The newest day's published flows by other city: persons with their standard error, Baidu-like index,
-- risk level of the other city that day. The row `all` sums the published ones.
SELECT
    data_date,
    direction,
    other_city_region_id,
    persons,
    standard_error_persons,
    migration_index,
    round(100 * share, 1) AS share_pct,
    risk_level
FROM city_migration_daily
WHERE data_date = (SELECT max(data_date) FROM city_migration_daily) AND device_count IS NOT NULL
ORDER BY direction, size_rank NULLS FIRST;
