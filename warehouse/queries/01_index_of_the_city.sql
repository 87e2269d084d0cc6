-- Is the city back at work? 全市复工复产指数
-- The index, both rates and the share of registered enterprises that reported, newest day first.
SELECT
    data_date,
    resumption_rate_pct,
    recovery_rate_pct,
    index_value,
    round(index_value - lag(index_value) OVER (ORDER BY data_date), 2) AS change_points,
    reporting_share,
    missing_reason
FROM return_to_work_daily
WHERE region_id = '990100' AND industry_code = 'all' AND scale = 'all'
ORDER BY data_date DESC;
