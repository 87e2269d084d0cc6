-- Which figures are missing, and why? 缺失与沿用的数据
-- Rows of the newest day by mart and reason: suppressed, not_collected or stale.
WITH reasons AS (
    SELECT 'return_to_work_daily' AS mart, data_date, missing_reason FROM return_to_work_daily
    UNION ALL
    SELECT 'migration_daily', data_date, missing_reason FROM migration_daily
    UNION ALL
    SELECT 'city_migration_daily', data_date, missing_reason FROM city_migration_daily
    UNION ALL
    SELECT 'origin_destination_daily', data_date, missing_reason FROM origin_destination_daily
    UNION ALL
    SELECT 'mobility_return_to_work_daily', data_date, missing_reason
    FROM mobility_return_to_work_daily
    UNION ALL
    SELECT 'supply_demand_forecast', data_date, missing_reason FROM supply_demand_forecast
    UNION ALL
    SELECT 'voucher_campaign_daily', data_date, missing_reason FROM voucher_campaign_daily
    UNION ALL
    SELECT 'epidemic_daily', data_date, missing_reason FROM epidemic_daily
    UNION ALL
    SELECT 'footfall_daily_summary', data_date, missing_reason FROM footfall_daily_summary
)

SELECT
    mart,
    data_date,
    coalesce(missing_reason, 'present') AS state,
    count(*) AS row_count
FROM reasons
WHERE (mart, data_date) IN (SELECT mart, max(data_date) FROM reasons GROUP BY mart)
GROUP BY ALL
ORDER BY mart, state;
