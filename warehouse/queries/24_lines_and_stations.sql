-- Which lines carry how much of what they used to, and which stations went silent or are unknown? 各线路恢复到基期的多少，哪些车站无数据或不在册？
-- Read the seven-day figure where last year's lunar days are the baseline; a closed line is 0, a missing file is stale.
SELECT data_date, line, baseline_kind, boardings, recovery_pct, recovery_7d_pct,
    unknown_station_count, silent_station_count, missing_reason
FROM ticketing_daily
WHERE mode <> 'all' AND station = 'all'
    AND data_date = (SELECT max(data_date) FROM ticketing_daily)
ORDER BY line
