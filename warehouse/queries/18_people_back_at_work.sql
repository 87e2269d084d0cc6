-- Are people back at their posts? 员工返岗进度
-- The city's last two weeks: share of workers at work against December's days of the same kind, the same
-- over the week, and distinct workers back since the seventh day of the lunar new year.
SELECT
    data_date,
    is_workday,
    index_pct,
    index_standard_error_pct,
    index_7d_pct,
    in_city_pct,
    cumulative_active_pct,
    intracity_loss_pct,
    missing_reason
FROM mobility_return_to_work_daily
WHERE region_id = '990100'
ORDER BY data_date DESC
LIMIT 14;
