-- Which industries resumed but do not produce? 复工未复产的行业
-- City totals by industry on the newest day; a wide gap means open doors and idle machines.
SELECT
    industry_code,
    enterprise_count,
    resumption_rate_pct,
    recovery_rate_pct,
    round(resumption_rate_pct - recovery_rate_pct, 2) AS gap_points,
    missing_reason
FROM return_to_work_daily
WHERE
    region_id = '990100' AND scale = 'all' AND industry_code <> 'all'
    AND data_date = (SELECT max(data_date) FROM return_to_work_daily)
ORDER BY gap_points DESC NULLS LAST, industry_code;
