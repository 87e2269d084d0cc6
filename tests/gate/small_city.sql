-- A candidate made by hand that passes every rule: two districts, two industries, a few devices.
-- Variables: first_day, last_day (the window) and number, which shows in every mart (tenfold in
-- counts of people, which are rounded to ten).
CREATE SCHEMA intermediate;
CREATE SCHEMA marts;

CREATE TEMP TABLE days AS
SELECT CAST(day AS DATE) AS data_date
FROM generate_series(getvariable('first_day'), getvariable('last_day'), INTERVAL 1 DAY) AS t (day);

CREATE TABLE marts.return_to_work_daily AS
WITH enterprises AS (
  SELECT data_date, district, industry, size_class, 5 AS n
  FROM days
  CROSS JOIN (VALUES ('990101'), ('990102')) AS r (district)
  CROSS JOIN (VALUES ('C'), ('G')) AS i (industry)
  CROSS JOIN (VALUES ('above'), ('below')) AS s (size_class)
),
cells AS (
  SELECT data_date,
    CASE WHEN grouping(district) = 1 THEN '990100' ELSE district END AS region_id,
    CASE WHEN grouping(industry) = 1 THEN 'all' ELSE industry END AS industry_code,
    CASE WHEN grouping(size_class) = 1 THEN 'all' ELSE size_class END AS scale,
    CAST(sum(n) AS BIGINT) AS enterprise_count,
    CAST(sum(n - 1) AS BIGINT) AS resumed_count,
    CAST(sum(n * 100 + getvariable('number')) AS DECIMAL(18, 3)) AS energy_kwh,
    CAST(sum(n * 200) AS DECIMAL(18, 3)) AS baseline_kwh
  FROM enterprises
  GROUP BY data_date, CUBE (district, industry, size_class)
),
rates AS (
  SELECT *, round(100.0 * resumed_count / enterprise_count, 4) AS rw,
    round(100 * energy_kwh::DOUBLE / baseline_kwh, 4) AS rp, enterprise_count >= 3 AS shown
  FROM cells
)
SELECT data_date, data_date AS value_date, region_id, industry_code, scale,
  enterprise_count + 1 AS registered_count, enterprise_count, 1::BIGINT AS imputed_count,
  1::BIGINT AS refused_count, 0::BIGINT AS no_baseline_count, 0.9::DOUBLE AS reporting_share,
  CASE WHEN shown THEN 0.95 END::DOUBLE AS reporting_baseline_share,
  CASE WHEN shown THEN 0.05 END::DOUBLE AS imputed_baseline_share,
  CASE WHEN shown THEN resumed_count END AS resumed_count,
  CASE WHEN shown THEN rw::DOUBLE END AS resumption_rate_pct,
  CASE WHEN shown THEN rp END AS recovery_rate_pct,
  CASE WHEN shown THEN round(0.5 * rw + 0.5 * rp, 4)::DOUBLE END AS index_value,
  CASE WHEN shown THEN 60 END::DOUBLE AS index_value_7d_mean,
  CASE WHEN shown THEN CASE WHEN 0.5 * rw + 0.5 * rp < 66.7 THEN 'recovering' ELSE 'stabilised' END END AS band,
  CASE WHEN NOT shown THEN 'suppressed' END AS missing_reason
FROM rates;

CREATE TABLE marts.return_to_work_variants_daily AS
SELECT data_date, value_date, DATE '2020-01-25' AS lunar_new_year_date,
  (data_date - DATE '2020-01-25')::INTEGER AS days_from_lunar_new_year,
  region_id, industry_code, scale, variant, baseline_kind, users, enterprise_count, imputed_count,
  imputed_baseline_share, resumption_rate_pct, recovery_rate_pct,
  round(weight_resumption * resumption_rate_pct + weight_recovery * recovery_rate_pct, 4)::DOUBLE
    AS index_value,
  index_value_7d_mean, band, missing_reason
FROM marts.return_to_work_daily CROSS JOIN (VALUES ('all'), ('without_largest')) AS u (users)
CROSS JOIN seeds.power_variants;

CREATE TABLE intermediate.int_power__cell_day AS
SELECT data_date, variant, users, region_id, industry_code, scale,
  (100 * enterprise_count)::DECIMAL(18, 3) AS energy_kwh
FROM marts.return_to_work_variants_daily;

CREATE TABLE intermediate.int_mobility__flow_day AS
SELECT data_date, from_region_id, to_region_id,
  CASE WHEN to_region_id = '990300' THEN 3 ELSE 100 + 10 * getvariable('number') END::BIGINT
    AS device_count
FROM days
CROSS JOIN (VALUES ('990101'), ('990102')) AS f (from_region_id)
CROSS JOIN (VALUES ('990200'), ('990300'), ('990400')) AS t (to_region_id);

CREATE TABLE intermediate.int_mobility__city_flow_day AS
SELECT data_date, '990100' AS from_city_region_id, to_region_id AS to_city_region_id,
  sum(device_count)::BIGINT AS device_count
FROM intermediate.int_mobility__flow_day
GROUP BY ALL;

CREATE TABLE marts.migration_daily AS
SELECT data_date, data_date AS value_date, from_region_id, to_region_id,
  CASE WHEN device_count >= 16 THEN device_count END AS device_count,
  CASE WHEN device_count >= 16 THEN 0.5::DOUBLE END AS share,
  CASE WHEN device_count < 16 THEN 'suppressed' END AS missing_reason
FROM intermediate.int_mobility__flow_day;

CREATE TABLE marts.city_migration_daily AS
WITH sides AS (
  SELECT data_date, direction, other_city_region_id, risk_level,
    devices + 10 * getvariable('number') AS device_count
  FROM days CROSS JOIN (VALUES
    ('in', '990200', 'high', 100), ('in', '990400', 'low', 60), ('in', '990300', 'medium', NULL),
    ('out', '990200', 'high', 20), ('out', '990400', 'low', 30)
  ) AS f (direction, other_city_region_id, risk_level, devices)
),
rows AS (
  SELECT * FROM sides
  UNION ALL
  SELECT data_date, direction, 'all', NULL, sum(device_count) FROM sides GROUP BY ALL
)
SELECT data_date, data_date AS value_date, '990100' AS city_region_id, direction,
  other_city_region_id, risk_level, device_count::BIGINT AS device_count,
  device_count::BIGINT * 20 AS persons,
  CASE WHEN device_count IS NOT NULL THEN 15.0 END::DOUBLE AS standard_error_persons,
  round(device_count * 20 * 3.24e-5, 6)::DOUBLE AS migration_index,
  round(device_count / sum(device_count) FILTER (other_city_region_id = 'all')
    OVER (PARTITION BY data_date, direction), 6)::DOUBLE AS share,
  CASE WHEN device_count IS NOT NULL AND other_city_region_id <> 'all' THEN 1 END AS size_rank,
  CASE WHEN device_count IS NULL THEN 'suppressed' END AS missing_reason
FROM rows;

CREATE TABLE marts.city_inflow_risk_daily AS
SELECT data_date, value_date, city_region_id, risk_level, 1::BIGINT AS origin_count,
  (device_count IS NULL)::BIGINT AS suppressed_origin_count, device_count, share, missing_reason
FROM marts.city_migration_daily
WHERE direction = 'in' AND other_city_region_id <> 'all';

CREATE TABLE marts.commuting_weekly AS
SELECT data_date, home_region_id, work_region_id, device_count,
  device_count * 20 AS persons,
  CASE WHEN device_count IS NOT NULL THEN 30.0 END::DOUBLE AS standard_error_persons,
  CASE WHEN device_count IS NULL THEN 'suppressed' END AS missing_reason
FROM days CROSS JOIN (VALUES
  ('990101', '990102', 300::BIGINT), ('990102', '990101', 200), ('990101', '990200', NULL)
) AS r (home_region_id, work_region_id, device_count)
WHERE isodow(data_date) = 1;

-- 700 devices at work in the city, of which two small districts have 20 and show nothing
CREATE TABLE marts.mobility_return_to_work_daily AS
SELECT data_date, data_date AS value_date, region_id, isodow(data_date) < 6 AS is_workday,
  device_count, device_count * 20 AS active_persons,
  CASE WHEN shown THEN 12.0 END::DOUBLE AS active_standard_error_persons,
  CASE WHEN shown THEN 60.0 + getvariable('number') END::DOUBLE AS index_pct,
  CASE WHEN shown THEN 0.5 END::DOUBLE AS index_standard_error_pct,
  CASE WHEN shown THEN 58.0 END::DOUBLE AS index_7d_pct,
  CASE WHEN shown THEN 80.0 END::DOUBLE AS in_city_pct,
  CASE WHEN shown THEN 45.0 END::DOUBLE AS cumulative_active_pct,
  CASE WHEN shown THEN 40.0 END::DOUBLE AS intracity_loss_pct,
  CASE WHEN NOT shown THEN 'suppressed' END AS missing_reason
FROM days CROSS JOIN (VALUES
  ('990100', 700::BIGINT, true), ('990101', 400, true), ('990102', 280, true),
  ('990103', NULL, false), ('990104', NULL, false)
) AS r (region_id, device_count, shown);

CREATE TABLE intermediate.int_mobility__od_hour AS
SELECT data_date, h::INTEGER AS hour, from_region_id, to_region_id, device_count + h AS trip_count,
  device_count
FROM intermediate.int_mobility__flow_day CROSS JOIN (VALUES (8), (18)) AS t (h);

CREATE TABLE intermediate.int_mobility__od_day AS
SELECT data_date, from_region_id, to_region_id, sum(trip_count)::BIGINT AS trip_count,
  max(device_count) AS device_count
FROM intermediate.int_mobility__od_hour
GROUP BY ALL;

CREATE TABLE marts.origin_destination_daily AS
SELECT data_date, data_date AS value_date, from_region_id, to_region_id,
  CASE WHEN device_count >= 16 THEN trip_count END AS trip_count,
  CASE WHEN device_count >= 16 THEN device_count END AS device_count,
  CASE WHEN device_count < 16 THEN 'suppressed' END AS missing_reason
FROM intermediate.int_mobility__od_day;

CREATE TABLE marts.origin_destination_hourly AS
SELECT data_date, data_date AS value_date, hour, from_region_id, to_region_id,
  CASE WHEN device_count >= 16 THEN device_count END AS device_count,
  CASE WHEN device_count < 16 THEN 'suppressed' END AS missing_reason
FROM intermediate.int_mobility__od_hour;
CREATE TABLE marts.supply_demand_forecast AS
SELECT data_date, data_date AS value_date, region_id, 'mask' AS category,
  data_date + h::INTEGER AS target_date, h::INTEGER AS horizon_days,
  10.0::DOUBLE + getvariable('number') AS demand_units,
  8.0::DOUBLE AS demand_lower_units, 2000.0::DOUBLE AS demand_upper_units,
  140.000::DECIMAL(18, 3) AS stock_units, data_date AS stock_date,
  14.0::DOUBLE AS days_of_cover, 30::INTEGER AS cover_target_days,
  'week_level_x_weekday' AS method, NULL::VARCHAR AS missing_reason
FROM days
CROSS JOIN (VALUES ('990101'), ('990102')) AS r (region_id)
CROSS JOIN range(1, 15) AS t (h);

CREATE TABLE marts.price_leads AS
SELECT data_date, md5(concat_ws('|', data_date, rule_id, shop_id)) AS lead_id, rule_id,
  'national' AS jurisdiction, shop_id, 'mask-10' AS product_id, '990101' AS region_id,
  baseline_date, 'deal' AS baseline_source, baseline_price_cny,
  NULL::DECIMAL(18, 4) AS baseline_cost_cny, 20.0000::DECIMAL(18, 4) + getvariable('number') AS price_cny,
  2.0000::DECIMAL(18, 4) AS cost_cny, baseline_margin_pct, 900.0::DOUBLE AS margin_pct, cap_pct,
  modified_z, grade, reason
FROM days
CROSS JOIN (VALUES
  ('CN-2020-21', 'shop-1', DATE '2020-01-18', 5.0000::DECIMAL(18, 4), 150.0::DOUBLE, NULL::DOUBLE,
   NULL::DOUBLE, 'A', 'margin_above_last_deal'),
  ('CN-HB-2020', 'shop-2', DATE '2020-01-18', 5.0000, 150.0, NULL, NULL, 'A',
   'price_above_last_deal'),
  ('CN-HB-2020', 'shop-3', NULL, NULL, NULL, 15.0, NULL, 'B', 'margin_above_cap'),
  ('STAT', 'shop-4', NULL, NULL, NULL, NULL, 4.2, 'C', 'price_outlier')
) AS l (rule_id, shop_id, baseline_date, baseline_price_cny, baseline_margin_pct, cap_pct,
  modified_z, grade, reason);

CREATE TABLE intermediate.int_voucher__campaign_change AS
SELECT campaign_id, DATE '2020-01-02' AS change_date, issued_users, redeemed_users, refunded_users
FROM (VALUES ('spring', 400::BIGINT, 300::BIGINT, 0::BIGINT), ('village', 9, 4, 1))
  AS c (campaign_id, issued_users, redeemed_users, refunded_users);

CREATE TABLE marts.voucher_campaign_daily AS
SELECT data_date, campaign_id, '990100' AS region_id,
  CASE WHEN shown THEN 5000 + 10 * getvariable('number') END::BIGINT AS issued_count,
  CASE WHEN shown THEN 350 END::BIGINT AS redeemed_count,
  CASE WHEN shown THEN 0.7 END::DOUBLE AS redeemed_7d_share,
  CASE WHEN shown THEN 3500 END::DECIMAL(18, 4) AS subsidy_cny,
  CASE WHEN shown THEN 14000 END::DECIMAL(18, 4) AS order_cny,
  CASE WHEN shown THEN 4 END::DOUBLE AS leverage, 4::DOUBLE AS mechanical_leverage,
  CASE WHEN shown THEN 10 END::BIGINT AS expired_count,
  CASE WHEN shown THEN 0 END::BIGINT AS refunded_count,
  CASE WHEN NOT shown THEN 'suppressed' END AS missing_reason
FROM days CROSS JOIN (VALUES ('spring', true), ('village', false)) AS c (campaign_id, shown);

CREATE TABLE marts.epidemic_daily AS
SELECT data_date, data_date AS value_date, region_id,
  100::BIGINT + getvariable('number') AS confirmed, 5::BIGINT AS suspected, 20::BIGINT AS cured,
  1::BIGINT AS dead, 79::BIGINT + getvariable('number') AS active, 2::BIGINT AS new_confirmed,
  1::BIGINT AS new_cured, 0::BIGINT AS new_dead, 2.0::DOUBLE AS new_confirmed_7d_mean,
  false AS is_revision, 1::INTEGER AS days_since_previous, NULL::VARCHAR AS missing_reason
FROM days CROSS JOIN (VALUES ('990100'), ('990101')) AS r (region_id);

CREATE TABLE marts.footfall_daily_summary AS
SELECT data_date, data_date AS value_date, 4::BIGINT AS open_venue_count,
  5::BIGINT AS reporting_venue_count, 1000::BIGINT + getvariable('number') AS visitors,
  round((1000 + getvariable('number')) / 4, 4)::DOUBLE AS visitors_per_open_venue,
  NULL::VARCHAR AS missing_reason
FROM days;
