-- A city's marts made by hand: enough history for every chart, each with a gap, a suppressed cell or
-- a revision somewhere. Shapes follow early 2020; the numbers are invented.
CREATE TEMP TABLE districts AS
SELECT * FROM (VALUES
    ('990101', '江口区', 'Jiangkou', 1.00), ('990102', '北岸区', 'Beian', 0.86),
    ('990103', '东湖区', 'Donghu', 0.74), ('990104', '高新区', 'Gaoxin', 0.55),
    ('990105', '南山区', 'Nanshan', 0.47), ('990106', '西港区', 'Xigang', 0.38),
    ('990107', '清溪县', 'Qingxi', 0.12)
) AS d(region_id, name_zh, name_en, weight);

INSERT INTO lake.bronze.regions BY NAME
SELECT region_id, name_zh, name_en, 'district' AS level, '990100' AS parent_id FROM districts
UNION ALL BY NAME SELECT '990100' AS region_id, '临江市' AS name_zh, 'Linjiang' AS name_en,
    'city' AS level, '990000' AS parent_id
UNION ALL BY NAME SELECT '990200' AS region_id, '安原市' AS name_zh, 'Anyuan' AS name_en,
    'city' AS level, '990000' AS parent_id
UNION ALL BY NAME SELECT '990300' AS region_id, '石门市' AS name_zh, 'Shimen' AS name_en,
    'city' AS level, '990000' AS parent_id;

CREATE TEMP TABLE days AS
SELECT CAST(d AS DATE) AS data_date, CAST(d AS DATE) - DATE '2020-01-25' AS k
FROM generate_series(DATE '2020-01-10', DATE '2020-02-18', INTERVAL 1 DAY) AS s(d);

-- epidemic: a curve with the jump of 13 February; one district revised downwards
CREATE TEMP TABLE news AS
SELECT
    data_date,
    region_id,
    CAST(round(26 * weight * exp(-power((k - 11) / 7.0, 2))) AS BIGINT)
    + CASE WHEN data_date = DATE '2020-02-13' THEN CAST(40 * weight AS BIGINT) ELSE 0 END
    - CASE WHEN data_date = DATE '2020-02-18' AND region_id = '990106' THEN 2 ELSE 0 END
        AS new_confirmed
FROM days, districts;
CREATE TEMP TABLE cases AS
SELECT
    data_date,
    region_id,
    new_confirmed,
    sum(new_confirmed) OVER w AS confirmed,
    CAST(floor(0.35 * sum(new_confirmed) OVER earlier) AS BIGINT) AS cured,
    CAST(floor(0.03 * sum(new_confirmed) OVER earlier) AS BIGINT) AS dead,
    sum(new_confirmed) OVER (
        PARTITION BY region_id ORDER BY data_date ROWS 6 PRECEDING
    ) AS new_confirmed_7d
FROM news
WINDOW w AS (PARTITION BY region_id ORDER BY data_date),
    earlier AS (PARTITION BY region_id ORDER BY data_date
                ROWS BETWEEN UNBOUNDED PRECEDING AND 8 PRECEDING);
INSERT INTO lake.marts.epidemic_daily BY NAME
SELECT
    data_date,
    data_date AS value_date,
    coalesce(region_id, '990100') AS region_id,
    sum(confirmed) AS confirmed,
    coalesce(sum(cured), 0) AS cured,
    coalesce(sum(dead), 0) AS dead,
    sum(new_confirmed) AS new_confirmed,
    0 AS new_cured,
    0 AS new_dead,
    sum(confirmed) - coalesce(sum(cured), 0) - coalesce(sum(dead), 0) AS active,
    round(sum(new_confirmed_7d) / 7.0, 4) AS new_confirmed_7d_mean,
    min(new_confirmed) < 0 AS is_revision,
    1 AS days_since_previous
FROM cases
GROUP BY data_date, ROLLUP (region_id);

-- return to work: a trough at the festival, then a slow return; the county has too few enterprises
-- in industry Q; the power feed of the last day is the day's own
CREATE TEMP TABLE cells AS
SELECT
    data_date,
    k,
    region_id,
    industry_code,
    CAST(greatest(2, round(90 * weight * share)) AS BIGINT) AS enterprise_count,
    least(0.97, greatest(0.12, pace * (0.86 + 0.14 * weight) * (1 - 0.85 * exp(-power((k - 4) / 12.0, 2))))) AS resumed_share
FROM days, districts
CROSS JOIN (VALUES ('C', 0.5, 0.92), ('F', 0.3, 0.80), ('H', 0.15, 0.45), ('I', 0.2, 0.95),
                   ('Q', 0.05, 1.05)) AS i(industry_code, share, pace);
INSERT INTO lake.marts.return_to_work_daily BY NAME
WITH sums AS (
    SELECT
        data_date,
        coalesce(region_id, '990100') AS region_id,
        coalesce(industry_code, 'all') AS industry_code,
        scale.scale,
        sum(CAST(round(enterprise_count * part) AS BIGINT)) AS enterprise_count,
        sum(enterprise_count * part * resumed_share) / sum(enterprise_count * part) AS resumed
    FROM cells
    CROSS JOIN (VALUES ('all', 1.0), ('above', 0.3), ('below', 0.7)) AS scale(scale, part)
    GROUP BY data_date, CUBE (region_id, industry_code), scale.scale
)
SELECT
    data_date,
    data_date AS value_date,
    region_id,
    industry_code,
    scale,
    enterprise_count,
    enterprise_count AS registered_count,
    CASE WHEN enterprise_count >= 3 THEN round(100 * resumed, 4) END AS resumption_rate_pct,
    CASE WHEN enterprise_count >= 3 THEN round(88 * resumed + 4, 4) END AS recovery_rate_pct,
    CASE WHEN enterprise_count >= 3 THEN round(94 * resumed + 2, 4) END AS index_value,
    0.9873 AS reporting_share,
    0.9951 AS reporting_baseline_share,
    4 AS imputed_count,
    1 AS refused_count,
    CASE WHEN enterprise_count >= 3
        THEN CASE WHEN 94 * resumed + 2 < 33.3 THEN 'depressed'
            WHEN 94 * resumed + 2 < 66.7 THEN 'recovering' ELSE 'stabilised' END
    END AS band,
    CASE WHEN enterprise_count < 3 THEN 'suppressed' END AS missing_reason
FROM sums;
INSERT INTO lake.marts.enterprise_state_daily BY NAME
SELECT
    data_date, value_date, region_id, industry_code, scale, enterprise_count,
    0 AS unknown_count, 212 AS closed_count, 31 AS keeping_alive_count,
    enterprise_count - 243 AS resumed_count, 118 AS at_capacity_count, 17 AS newly_resumed_count,
    2 AS relapsed_count, 60 AS ordered_count, 5 AS ordered_open_count, 140 AS allowed_count,
    44 AS allowed_closed_count
FROM lake.marts.return_to_work_daily
WHERE region_id = '990100' AND industry_code = 'all' AND scale = 'all';
INSERT INTO lake.marts.power_meter_checks BY NAME
SELECT DATE '2020-02-18' AS data_date, 'e' || n AS enterprise_id, 'stuck' AS check_code
FROM range(3) AS t (n);

INSERT INTO lake.marts.return_to_work_variants_daily BY NAME
SELECT
    r.data_date,
    r.value_date,
    DATE '2020-01-25' AS lunar_new_year_date,
    r.data_date - DATE '2020-01-25' AS days_from_lunar_new_year,
    r.region_id,
    r.industry_code,
    'all' AS scale,
    v.variant,
    v.users,
    r.enterprise_count,
    CASE WHEN v.variant <> 'lunar_aligned' THEN r.index_value + v.shift END AS index_value,
    CASE WHEN v.variant = 'lunar_aligned' THEN 'not_collected' ELSE r.missing_reason END
        AS missing_reason
FROM lake.marts.return_to_work_daily AS r
CROSS JOIN (VALUES ('dec_mean', 'all', 0.0), ('dec_mean', 'without_largest', -2.41),
                   ('pre_festival_mean', 'all', 1.3), ('pre_festival_mean', 'without_largest', -1.9),
                   ('lunar_aligned', 'all', 0), ('lunar_aligned', 'without_largest', 0)
) AS v(variant, users, shift)
WHERE r.scale = 'all' AND r.region_id = '990100' AND r.industry_code = 'all'
UNION ALL BY NAME
-- last year, when people were back by the twentieth day
SELECT
    DATE '2019-02-05' + k AS data_date,
    DATE '2019-02-05' + k AS value_date,
    DATE '2019-02-05' AS lunar_new_year_date,
    k AS days_from_lunar_new_year,
    '990100' AS region_id,
    'all' AS industry_code,
    'all' AS scale,
    'dec_mean' AS variant,
    'all' AS users,
    800 AS enterprise_count,
    round(96 - 62 * exp(-power((k - 2) / 8.5, 2)), 4) AS index_value
FROM (SELECT CAST(n AS INTEGER) AS k FROM generate_series(-20, 40) AS g(n)) AS s;

-- flows: small ones suppressed
INSERT INTO lake.marts.migration_daily BY NAME
WITH ends AS (
    SELECT region_id, weight FROM districts
    UNION ALL SELECT * FROM (VALUES ('990200', 0.6), ('990300', 0.2)) AS c(region_id, weight)
),
flows AS (
    SELECT
        data_date,
        a.region_id AS from_region_id,
        b.region_id AS to_region_id,
        CAST(round(240 * a.weight * b.weight * (1 - 0.8 * exp(-power((k - 8) / 14.0, 2)))
            * CASE WHEN b.region_id < '990200' AND a.region_id >= '990200' THEN 0.7 ELSE 1 END)
            AS BIGINT) AS device_count
    FROM days, ends AS a, ends AS b
    WHERE a.region_id <> b.region_id
)
SELECT
    data_date,
    data_date AS value_date,
    from_region_id,
    to_region_id,
    CASE WHEN device_count >= 16 THEN device_count END AS device_count,
    CASE WHEN device_count < 16 THEN 'suppressed' END AS missing_reason
FROM flows;

-- in and out of the city: the smaller neighbour suppressed in the epidemic's trough
INSERT INTO lake.marts.city_migration_daily BY NAME
WITH seen AS (
    SELECT data_date, direction, city AS other_city_region_id, risk_level,
        CAST(round(size * (1 - 0.8 * exp(-power((k - 8) / 14.0, 2)))) AS BIGINT) AS seen_count
    FROM days, (VALUES
        ('in', '990200', 'high', 420), ('in', '990300', 'medium', 60),
        ('out', '990200', 'high', 380), ('out', '990300', 'medium', 40)
    ) AS c(direction, city, risk_level, size)
),
sides AS (
    SELECT * EXCLUDE (seen_count), CASE WHEN seen_count >= 16 THEN seen_count END AS device_count
    FROM seen
),
rows AS (
    FROM sides
    UNION ALL
    SELECT data_date, direction, 'all', NULL, sum(device_count) FROM sides GROUP BY ALL
)
SELECT
    data_date,
    data_date AS value_date,
    '990100' AS city_region_id,
    direction,
    other_city_region_id,
    risk_level,
    device_count,
    device_count * 480 AS persons,
    round(device_count * 480 * 3.24e-5, 6) AS migration_index,
    round(device_count / sum(device_count) FILTER (WHERE other_city_region_id <> 'all')
        OVER (PARTITION BY data_date, direction), 6) AS share,
    CASE WHEN other_city_region_id <> 'all' AND device_count IS NOT NULL THEN
        rank() OVER (PARTITION BY data_date, direction, other_city_region_id = 'all'
            ORDER BY device_count DESC NULLS LAST) END AS size_rank,
    CASE WHEN device_count IS NULL THEN 'suppressed' END AS missing_reason
FROM rows;
INSERT INTO lake.marts.city_inflow_risk_daily BY NAME
SELECT
    data_date, value_date, city_region_id, risk_level, 1 AS origin_count,
    CAST(device_count IS NULL AS INTEGER) AS suppressed_origin_count, device_count, share,
    missing_reason
FROM lake.marts.city_migration_daily
WHERE direction = 'in' AND other_city_region_id <> 'all'
UNION ALL BY NAME
SELECT data_date, data_date AS value_date, '990100' AS city_region_id, 'low' AS risk_level,
    0 AS origin_count, 0 AS suppressed_origin_count, 0 AS device_count, 0.0 AS share
FROM days;

-- people at work: the city and its districts, the smallest two suppressed
INSERT INTO lake.marts.mobility_return_to_work_daily BY NAME
SELECT
    data_date,
    data_date AS value_date,
    region_id,
    isodow(data_date) < 6 AS is_workday,
    CASE WHEN weight > 0.4 THEN CAST(round(2000 * weight) AS BIGINT) END AS device_count,
    CASE WHEN weight > 0.4 THEN round(100 - 80 * exp(-power((k - 12) / 14.0, 2)), 4) END
        AS index_pct,
    CASE WHEN weight > 0.4 THEN round(99 - 76 * exp(-power((k - 13) / 14.0, 2)), 4) END
        AS index_7d_pct,
    CASE WHEN weight > 0.4 THEN 81.25 END AS in_city_pct,
    CASE WHEN weight > 0.4 AND k >= 6 THEN round(15 + 2.1 * (k - 6), 1) END
        AS cumulative_active_pct,
    CASE WHEN weight > 0.4 THEN 44.5 END AS intracity_loss_pct,
    CASE WHEN weight <= 0.4 THEN 'suppressed' END AS missing_reason
FROM days, (FROM districts UNION ALL SELECT '990100', '临江市', 'Linjiang', 4.12)
    AS r(region_id, name_zh, name_en, weight);

-- supplies: one category without stock, one below its target
INSERT INTO lake.marts.supply_demand_forecast BY NAME
WITH categories AS (
    SELECT * FROM (VALUES
        ('protection', 5200.0, 33300.0, 10), ('disinfection', 3400.0, 52000.0, NULL),
        ('monitoring', 610.0, 4100.0, NULL), ('drugs', 2850.0, 88000.0, NULL),
        ('grain_oil', 8900.0, 213000.0, 20), ('vegetables', 47000.0, 141000.0, NULL),
        ('eggs_milk', 7100.0, NULL, NULL)
    ) AS c(category, demand, stock, target)
),
places AS (
    SELECT region_id, weight / 4.12 AS part FROM districts UNION ALL SELECT '990100', 1.0
)
SELECT
    d.data_date,
    d.data_date AS value_date,
    p.region_id,
    c.category,
    d.data_date + h AS target_date,
    h AS horizon_days,
    round(c.demand * p.part * (1 + 0.08 * sin(h * 0.9)), 3) AS demand_units,
    round(c.demand * p.part * (1 + 0.08 * sin(h * 0.9) - 0.05 * sqrt(h)), 3) AS demand_lower_units,
    round(c.demand * p.part * (1 + 0.08 * sin(h * 0.9) + 0.05 * sqrt(h)), 3) AS demand_upper_units,
    c.stock * p.part * (1 - 0.02 * (d.data_date - DATE '2020-02-18')) AS stock_units,
    d.data_date AS stock_date,
    round(c.stock * (1 - 0.02 * (d.data_date - DATE '2020-02-18')) / c.demand
        * (1 + 0.1 * (p.part - 1)), 2) AS days_of_cover,
    c.target AS cover_target_days,
    'by_hand' AS method
FROM days AS d, categories AS c, places AS p, (
    SELECT CAST(n AS INTEGER) AS h FROM generate_series(1, 14) AS g(n)
) AS s
WHERE d.data_date >= DATE '2020-02-16';

-- prices: offers every day, leads of every grade; no lead on 10 February
INSERT INTO lake.bronze.listings BY NAME
SELECT
    data_date || '-' || n AS listing_id, 'S' || n % 60 AS shop_id, 'P' || n % 16 AS product_id,
    10.0 AS price_cny, data_date
FROM days, generate_series(1, 240) AS s(n);
INSERT INTO lake.marts.price_leads BY NAME
SELECT
    data_date,
    md5(data_date || '-' || n) AS lead_id,
    ['CN-2020-21', 'CN-HB-2020', 'STAT'][1 + n % 3] AS rule_id,
    'S' || n AS shop_id,
    'P' || lpad(CAST(1 + n % 16 AS VARCHAR), 2, '0') AS product_id,
    '99010' || (1 + n % 6) AS region_id,
    DATE '2020-01-19' AS baseline_date,
    CASE WHEN n % 3 = 0 THEN 25.0 END AS baseline_price_cny,
    30.0 + 4 * n AS price_cny,
    18.0 AS cost_cny,
    CASE WHEN n % 3 = 0 THEN 38.9 END AS baseline_margin_pct,
    100 * (12.0 + 4 * n) / 18 AS margin_pct,
    CASE WHEN n % 3 = 1 THEN 15.0 END AS cap_pct,
    ['A', 'B', 'C'][1 + n % 3] AS grade,
    'by_hand' AS reason
FROM days, generate_series(1, 30) AS s(n)
WHERE k > -2 AND n <= 22 - 12 * exp(-power((k - 12) / 8.0, 2)) * -1 AND data_date <> DATE '2020-02-10';

-- vouchers: the third campaign's redemptions are too few to publish
INSERT INTO lake.marts.voucher_campaign_daily BY NAME
SELECT
    data_date, c.*
FROM days
CROSS JOIN (VALUES
    ('V202001A', '990100', 12000, 8420, 0.6612, 84200.0, 412580.0, 4.9, 4.0, 2100, 31, NULL),
    ('V202001B', '990103', 4000, 2105, 0.4890, 42100.0, 171347.0, 4.07, 3.3333, 900, 18, NULL),
    ('V202002A', '990107', 300, NULL, NULL, NULL, NULL, NULL, 4.0, NULL, NULL, 'suppressed')
) AS c(campaign_id, region_id, issued_count, redeemed_count, redeemed_7d_share, subsidy_cny,
       order_cny, leverage, mechanical_leverage, expired_count, refunded_count, missing_reason)
WHERE k > 10;

-- footfall: the last day has not come, so the day before is carried forward
INSERT INTO lake.marts.footfall_daily_summary BY NAME
SELECT
    data_date,
    least(data_date, DATE '2020-02-17') AS value_date,
    open_venue_count,
    28 AS reporting_venue_count,
    visitors,
    round(visitors / open_venue_count, 4) AS visitors_per_open_venue,
    CASE WHEN data_date > DATE '2020-02-17' THEN 'stale' END AS missing_reason
FROM (
    SELECT
        data_date,
        CAST(24 - 14 * exp(-power((least(k, 23) - 10) / 12.0, 2)) AS BIGINT) AS open_venue_count,
        CAST(48000 * (1 - 0.88 * exp(-power((least(k, 23) - 10) / 11.0, 2))) AS BIGINT) AS visitors
    FROM days
);

INSERT INTO lake.bronze.footfall_daily BY NAME
SELECT 'V1' AS venue_id, data_date, 100 AS visitors FROM days WHERE data_date <= DATE '2020-02-17';
INSERT INTO lake.bronze.energy_daily BY NAME
SELECT 'E1' AS enterprise_id, data_date, 10.0 AS energy_kwh FROM days;
INSERT INTO lake.bronze.cases_daily BY NAME
SELECT '990101' AS region_id, data_date, 1 AS confirmed, 0 AS cured, 0 AS dead FROM days;
INSERT INTO lake.bronze.events BY NAME
SELECT 'D1' AS device_id, data_date, data_date AS event_at FROM days
WHERE data_date <= DATE '2020-02-15';
INSERT INTO lake.quarantine.rows BY NAME
SELECT 'power' AS feed, 'energy_daily' AS table_name, DATE '2020-02-18' AS data_date,
    ['above_maximum', 'type_mismatch'][1 + n % 2] AS code FROM generate_series(1, 37) AS s(n);

-- riders, visitors and the fused index; people at work have not been measured on the last day
INSERT INTO lake.marts.ticketing_daily BY NAME
SELECT data_date, data_date AS value_date, mode, 'all' AS line, 'all' AS station,
    'weekday_pre_festival' AS baseline_kind, 4 AS baseline_day_count, 60 AS station_count,
    60 AS matched_station_count, 0 AS unknown_station_count, 0 AS renamed_station_count,
    0 AS silent_station_count, 200000 + 1000 * k AS boardings, 199000 + 1000 * k AS alightings,
    800000 AS baseline_boardings, 800000 AS baseline_alightings,
    (200000 + 1000 * k) / 8000.0 AS recovery_pct, (199000 + 1000 * k) / 8000.0 AS alightings_recovery_pct,
    (197000 + 1000 * k) / 8000.0 AS recovery_7d_pct, 7 AS smoothed_day_count
FROM days CROSS JOIN (VALUES ('metro'), ('all')) AS m(mode);
INSERT INTO lake.marts.ticketing_month_daily BY NAME
SELECT data_date, mode, line, station, 18 AS day_count, 60 AS station_count,
    210000 AS daily_boardings, 500000 AS month_before_daily_boardings,
    42.0 AS month_before_recovery_pct
FROM lake.marts.ticketing_daily;
INSERT INTO lake.marts.ticketing_intercity_daily BY NAME
SELECT data_date, data_date AS value_date, 'rail' AS mode, 'arrival' AS direction,
    '990200' AS other_region_id, 820 AS ticket_count, 790 AS passenger_count,
    0 AS past_midnight_count
FROM days;
INSERT INTO lake.marts.footfall_recovery_daily BY NAME
SELECT data_date, value_date, '990100' AS region_id, reporting_venue_count, open_venue_count,
    round(open_venue_count / reporting_venue_count, 6) AS open_share, visitors,
    visitors_per_open_venue, reporting_venue_count AS matched_venue_count,
    52000.0 AS predicted_visitors, round(visitors / 520.0, 4) AS recovery_pct,
    1.5 AS recovery_standard_error_pct, round(visitors / 410.0, 4) AS open_recovery_pct,
    35 AS fit_day_count, DATE '2020-01-04' AS fit_last_date, 1.0 AS festival_factor, missing_reason
FROM lake.marts.footfall_daily_summary;
INSERT INTO lake.marts.return_to_work_fused_daily BY NAME
SELECT data_date, '990100' AS region_id, 50 + 0.2 * k AS index_value, 38 + 0.2 * k AS lower_value,
    62 + 0.2 * k AS upper_value, 2 AS source_count, 'power+ticketing' AS sources,
    'footfall+mobility' AS missing_sources, 0.55 AS weight_present_share,
    8.5 AS source_spread_points, 5 AS degrees_of_freedom
FROM days;
