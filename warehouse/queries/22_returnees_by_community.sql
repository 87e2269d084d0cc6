-- Who came back to which community, and what level is it? 返城人员与社区分级
-- Residents back since the day before, by the risk of where they came from; 1 to 15 are empty.
SELECT
    region_id,
    max(arrival_count) FILTER (WHERE origin_risk = 'high') AS from_high,
    max(arrival_count) FILTER (WHERE origin_risk = 'medium') AS from_medium,
    max(arrival_count) FILTER (WHERE origin_risk = 'low') AS from_low,
    max(community_level) AS community_level,
    max(value_date) AS value_date
FROM returnee_risk_daily
WHERE mode = 'all' AND data_date = (SELECT max(data_date) FROM returnee_risk_daily)
GROUP BY region_id
ORDER BY region_id;
