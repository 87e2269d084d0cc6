-- How many enterprises are closed, back at work, at capacity? 停工、复工、达产各多少户
-- Newest day first; the last two columns are leads and counts against the orders of the day.
SELECT
    data_date,
    enterprise_count,
    closed_count,
    keeping_alive_count,
    resumed_count,
    at_capacity_count,
    newly_resumed_count,
    relapsed_count,
    ordered_open_count,
    allowed_closed_count,
    missing_reason
FROM enterprise_state_daily
WHERE region_id = '990100' AND industry_code = 'all' AND scale = 'all'
ORDER BY data_date DESC;
