-- States, leads and meters that pass every rule, of the enterprises of small_city.sql. The city has one
-- enterprise open under an order; it and the meters are listed by number.
CREATE TABLE marts.enterprise_state_daily AS
SELECT data_date, value_date, region_id, industry_code, scale, enterprise_count,
  1::BIGINT AS unknown_count,
  CASE WHEN shown THEN 0 END::BIGINT AS closed_count,
  CASE WHEN shown THEN enterprise_count - resumed_count END::BIGINT AS keeping_alive_count,
  CASE WHEN shown THEN resumed_count END::BIGINT AS resumed_count,
  CASE WHEN shown THEN resumed_count - 1 END::BIGINT AS at_capacity_count,
  CASE WHEN shown THEN 1 END::BIGINT AS newly_resumed_count,
  CASE WHEN shown THEN 1 END::BIGINT AS relapsed_count,
  CASE WHEN shown THEN 3 END::BIGINT AS ordered_count,
  CASE WHEN shown THEN 3 END::BIGINT AS ordered_open_count,
  CASE WHEN shown THEN 2 END::BIGINT AS allowed_count,
  CASE WHEN shown THEN 1 END::BIGINT AS allowed_closed_count,
  resumption_rate_pct AS resumed_pct,
  CASE WHEN shown THEN round(100.0 * (resumed_count - 1) / enterprise_count, 4) END::DOUBLE
    AS at_capacity_pct,
  missing_reason
FROM (SELECT *, resumed_count IS NOT NULL AS shown FROM marts.return_to_work_daily);

CREATE TABLE marts.closure_watch AS
SELECT data_date, data_date AS value_date, 'LJ-2020-03' AS order_id, enterprise_id,
  '990101' AS region_id, 'H' AS industry_code, 'below' AS scale, 'resumed' AS state,
  DATE '2020-02-10' AS evidence_from_date,
  data_date - DATE '2020-02-10' + 1::BIGINT AS evidence_days, NULL::VARCHAR AS missing_reason
FROM days CROSS JOIN (VALUES ('e1'), ('e4'), ('e5')) AS e (enterprise_id);

CREATE TABLE marts.power_meter_checks AS
SELECT data_date, enterprise_id, '990101' AS region_id, 'C' AS industry_code, check_code,
  data_date - 3 AS first_date, data_date AS last_date, 4::BIGINT AS evidence_days, is_excluded
FROM days
CROSS JOIN (VALUES ('e2', 'stuck', true), ('e3', 'placeholder', false))
  AS c (enterprise_id, check_code, is_excluded);
