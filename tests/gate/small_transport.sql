-- Ticketing of the hand-made candidate: one line open, one closed, a small station, flows by ticket.
CREATE TABLE marts.ticketing_daily AS
WITH lines AS (
  SELECT * FROM days CROSS JOIN (VALUES
    ('metro', 'L1', 'all', 'weekday_pre_festival', 800::BIGINT, 1600.0, 2::BIGINT, 0::BIGINT),
    ('metro', 'L1', 'big', 'weekday_pre_festival', 790, 1580.0, 1, 0),
    ('metro', 'L1', 'small', 'weekday_pre_festival', 10, 20.0, 1, 0),
    ('metro', 'L1', 'unheard', NULL, 20, NULL, 1, 0),
    ('metro', 'closed', 'all', 'weekday_pre_festival', 0, 400.0, 1, 0),
    ('metro', 'all', 'all', 'weekday_pre_festival', 800, 2000.0, 3, 0),
    ('all', 'all', 'all', 'weekday_pre_festival', 800, 2000.0, 3, 0)
  ) AS l (mode, line, station, baseline_kind, boardings, baseline, station_count, silent)
)
SELECT data_date, data_date AS value_date, mode, line, station, baseline_kind,
  4::BIGINT AS baseline_day_count, station_count, station_count AS matched_station_count,
  0::BIGINT AS unknown_station_count, 0::BIGINT AS renamed_station_count,
  silent AS silent_station_count,
  CASE WHEN boardings <> 10 THEN boardings END AS boardings,
  CASE WHEN boardings <> 10 THEN boardings END AS alightings,
  CASE WHEN boardings <> 10 THEN baseline END::DECIMAL(18, 4) AS baseline_boardings,
  CASE WHEN boardings <> 10 THEN baseline END::DECIMAL(18, 4) AS baseline_alightings,
  CASE WHEN boardings <> 10 THEN 100 * boardings / baseline END::DOUBLE AS recovery_pct,
  CASE WHEN boardings <> 10 THEN 100 * boardings / baseline END::DOUBLE AS alightings_recovery_pct,
  CASE WHEN boardings <> 10 THEN 100 * boardings / baseline END::DOUBLE AS recovery_7d_pct,
  7::BIGINT AS smoothed_day_count,
  CASE WHEN boardings = 10 THEN 'suppressed' WHEN baseline IS NULL THEN 'not_collected' END
    AS missing_reason
FROM lines;

CREATE TABLE marts.ticketing_month_daily AS
SELECT data_date, mode, line, station, 18::BIGINT AS day_count, station_count,
  31::BIGINT AS month_before_day_count, station_count AS month_before_station_count,
  NULL::BIGINT AS year_before_day_count, 0::BIGINT AS year_before_station_count,
  100.0000::DECIMAL(18, 4) AS daily_boardings,
  200.0000::DECIMAL(18, 4) AS month_before_daily_boardings,
  125.0000::DECIMAL(18, 4) AS year_before_daily_boardings,
  50.0::DOUBLE AS month_before_recovery_pct, 80.0::DOUBLE AS year_before_recovery_pct,
  NULL::VARCHAR AS missing_reason
FROM marts.ticketing_daily WHERE station = 'all';

CREATE TABLE intermediate.int_ticketing__intercity_day AS
SELECT data_date, 'rail' AS mode, 'arrival' AS direction, other_region_id,
  tickets + getvariable('number') AS ticket_count, passengers AS passenger_count,
  0::BIGINT AS past_midnight_count
FROM days CROSS JOIN (VALUES ('990200', 60::BIGINT, 50::BIGINT), ('990300', 9, 9), ('all', 70, 60))
  AS c (other_region_id, tickets, passengers);

CREATE TABLE marts.ticketing_intercity_daily AS
SELECT data_date, data_date AS value_date, mode, direction, other_region_id,
  CASE WHEN passenger_count >= 16 THEN ticket_count END AS ticket_count,
  CASE WHEN passenger_count >= 16 THEN passenger_count END AS passenger_count,
  CASE WHEN passenger_count >= 16 THEN past_midnight_count END AS past_midnight_count,
  CASE WHEN passenger_count < 16 THEN 'suppressed' END AS missing_reason
FROM intermediate.int_ticketing__intercity_day;

CREATE TABLE marts.footfall_recovery_daily AS
SELECT data_date, data_date AS value_date, '990100' AS region_id, 5::BIGINT AS reporting_venue_count,
  4::BIGINT AS open_venue_count, 0.8::DOUBLE AS open_share,
  1000::BIGINT + getvariable('number') AS visitors, 250.0::DOUBLE AS visitors_per_open_venue,
  5::BIGINT AS matched_venue_count, 4000.0::DOUBLE AS predicted_visitors,
  25.0::DOUBLE AS recovery_pct, 1.0::DOUBLE AS recovery_standard_error_pct,
  40.0::DOUBLE AS open_recovery_pct, 35::BIGINT AS fit_day_count,
  DATE '2020-01-04' AS fit_last_date, 1.0::DOUBLE AS festival_factor,
  NULL::VARCHAR AS missing_reason
FROM days;

CREATE TABLE marts.return_to_work_fused_daily AS
SELECT data_date, region_id, CASE WHEN measured THEN 54.0 END::DOUBLE AS index_value,
  CASE WHEN measured THEN 40.0 END::DOUBLE AS lower_value,
  CASE WHEN measured THEN 68.0 END::DOUBLE AS upper_value,
  CASE WHEN measured THEN 2 ELSE 0 END::BIGINT AS source_count,
  CASE WHEN measured THEN 'power+ticketing' END AS sources,
  CASE WHEN measured THEN 'footfall+mobility' ELSE 'footfall+mobility+power+ticketing' END
    AS missing_sources,
  NULL::DOUBLE AS footfall_value, NULL::DOUBLE AS footfall_weight_share,
  NULL::DOUBLE AS mobility_value, NULL::DOUBLE AS mobility_weight_share,
  CASE WHEN measured THEN 60.0 END::DOUBLE AS power_value,
  CASE WHEN measured THEN 0.727273 END::DOUBLE AS power_weight_share,
  CASE WHEN measured THEN 38.0 END::DOUBLE AS ticketing_value,
  CASE WHEN measured THEN 0.272727 END::DOUBLE AS ticketing_weight_share,
  CASE WHEN measured THEN 0.55 END::DOUBLE AS weight_present_share,
  CASE WHEN measured THEN 9.0 END::DOUBLE AS source_spread_points,
  CASE WHEN measured THEN 5 END::BIGINT AS degrees_of_freedom,
  CASE WHEN NOT measured THEN 'not_collected' END AS missing_reason
FROM days CROSS JOIN (VALUES ('990100', true), ('990101', true), ('990102', false))
  AS r (region_id, measured);
