-- Present population, its weights and the quality of signaling; see small_city.sql.
-- 990400 is out of reception at noon, 990500 is too small to publish
CREATE TABLE intermediate.int_mobility__present_hour AS
SELECT data_date, h AS hour, region_id,
  CASE WHEN NOT down THEN devices + 10 * getvariable('number') END::BIGINT AS device_count,
  CASE WHEN NOT down THEN 2.0 * devices END::DOUBLE AS persons,
  CASE WHEN down THEN 0.5 ELSE 1 END::DOUBLE AS coverage_share,
  CASE WHEN down THEN 'not_collected' END AS missing_reason
FROM (
  SELECT *, region_id = '990400' AND h = 12 AS down
  FROM days
  CROSS JOIN range(24) AS t (h)
  CROSS JOIN (VALUES ('990101', 100), ('990400', 50), ('990500', 3 - 10 * getvariable('number')))
    AS r (region_id, devices)
);

CREATE TABLE marts.present_population_hourly AS
SELECT data_date, data_date AS value_date, hour::INTEGER AS hour, region_id,
  CASE WHEN device_count >= 16 THEN device_count END AS device_count,
  CASE WHEN device_count >= 16 THEN persons END::BIGINT AS persons,
  CASE WHEN device_count >= 16 THEN 9 END::BIGINT AS standard_error_persons, coverage_share,
  CASE WHEN missing_reason IS NOT NULL THEN missing_reason
    WHEN device_count < 16 THEN 'suppressed' END AS missing_reason,
  CASE WHEN missing_reason IS NOT NULL THEN missing_reason
    WHEN device_count < 16 THEN 'suppressed' END AS persons_missing_reason
FROM intermediate.int_mobility__present_hour;

CREATE TABLE intermediate.int_mobility__census AS
SELECT '990101' AS region_id, 300::DOUBLE AS population UNION ALL SELECT '990500', 40;

CREATE TABLE intermediate.int_mobility__weight_day AS
SELECT data_date, home_region_id, carrier, devices::BIGINT AS device_count,
  persons::DOUBLE AS persons, persons / devices AS weight, 'census_and_carrier' AS margins
FROM days
CROSS JOIN (VALUES ('990101', 'cmcc', 80, 160), ('990101', 'unicom', 70, 140),
  ('990500', 'cmcc', 20, 30), ('990500', 'unicom', 5, 10))
  AS t (home_region_id, carrier, devices, persons);

CREATE TABLE marts.population_weights_daily AS
SELECT data_date, home_region_id, carrier,
  CASE WHEN home_region_id = '990101' THEN device_count + 10 * getvariable('number') END AS device_count,
  CASE WHEN home_region_id = '990101' THEN persons END::BIGINT AS persons,
  CASE WHEN home_region_id = '990101' THEN weight END AS weight, margins,
  CASE WHEN home_region_id = '990500' THEN 'suppressed' END AS missing_reason
FROM intermediate.int_mobility__weight_day;

CREATE TABLE marts.signaling_quality_daily AS
SELECT data_date, step, error_code,
  CASE WHEN devices >= 16 THEN 10 * devices END::BIGINT AS event_count,
  CASE WHEN devices >= 16 THEN devices + 10 * getvariable('number') END::BIGINT AS device_count,
  CASE WHEN devices < 16 THEN 'suppressed' END AS missing_reason
FROM days
CROSS JOIN (VALUES ('cleaning', 'accepted', 150), ('cleaning', 'machine', 20),
  ('ingest', 'future_date', 3)) AS t (step, error_code, devices);
