-- How much of the inflow comes from risk areas? 流入人口的来源风险
-- A week of published arrivals by the level of their origin; suppressed origins are in no share.
SELECT
    data_date,
    round(100 * max(share) FILTER (WHERE risk_level = 'high'), 1) AS high_pct,
    round(100 * max(share) FILTER (WHERE risk_level = 'medium'), 1) AS medium_pct,
    round(100 * max(share) FILTER (WHERE risk_level = 'low'), 1) AS low_pct,
    sum(suppressed_origin_count) AS suppressed_origins
FROM city_inflow_risk_daily
GROUP BY data_date
ORDER BY data_date DESC
LIMIT 7;
