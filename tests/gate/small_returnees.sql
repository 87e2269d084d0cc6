-- Arrivals by community: enough of them, too few, and nobody; and by rail.
CREATE TABLE intermediate.int_mobility__returnee_day AS
SELECT data_date, region_id, origin_risk, 900::BIGINT AS resident_count,
  device_count::BIGINT AS device_count
FROM days CROSS JOIN (VALUES ('990101', 'high', 30), ('990101', 'low', 5), ('990102', 'high', 0),
  ('990102', 'low', 20)) AS c (region_id, origin_risk, device_count);

CREATE TABLE marts.returnee_risk_daily AS
WITH cells AS (
  SELECT data_date, region_id, 'all' AS mode, origin_risk,
    CASE WHEN device_count = 0 OR device_count >= 16 THEN device_count END AS arrival_count
  FROM intermediate.int_mobility__returnee_day
  UNION ALL SELECT data_date, '990100', 'rail', 'high', 50 + 10 * getvariable('number') FROM days
),
with_total AS (
  SELECT * FROM cells
  UNION ALL
  SELECT data_date, region_id, mode, 'all', sum(arrival_count) FROM cells GROUP BY ALL
)
SELECT data_date, data_date AS value_date, region_id, mode, origin_risk,
  arrival_count::BIGINT AS arrival_count,
  CASE WHEN mode = 'all' AND origin_risk = 'all' THEN 'red' END AS community_level,
  CASE WHEN arrival_count IS NULL THEN 'suppressed' END AS missing_reason
FROM with_total;
