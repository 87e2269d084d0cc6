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
FROM days CROSS JOIN (VALUES ('990200', 60::BIGINT, 50::BIGINT), ('990300', 9, 9), ('all', 69, 59))
  AS c (other_region_id, tickets, passengers);

CREATE TABLE marts.ticketing_intercity_daily AS
SELECT data_date, data_date AS value_date, mode, direction, other_region_id,
  CASE WHEN passenger_count >= 16 THEN ticket_count END AS ticket_count,
  CASE WHEN passenger_count >= 16 THEN passenger_count END AS passenger_count,
  CASE WHEN passenger_count >= 16 THEN past_midnight_count END AS past_midnight_count,
  CASE WHEN passenger_count < 16 THEN 'suppressed' END AS missing_reason
FROM intermediate.int_ticketing__intercity_day;
