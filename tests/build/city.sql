-- A city small enough to check by hand, written straight into the bronze tables.
-- Two districts (990101, 990102) of one city (990100) and a neighbouring city (990200), December 2019
-- to 18 February 2020. What each feed holds is said beside it.
INSERT INTO lake.bronze.regions BY NAME
SELECT * FROM (VALUES
    ('990000', '江岳省', 'province', NULL, 1000000),
    ('990100', '临江市', 'city', '990000', 500000),
    ('990101', '江口区', 'district', '990100', 300000),
    ('990102', '北岸区', 'district', '990100', 200000),
    ('990200', '安原市', 'city', '990000', 500000)
) t(region_id, name_zh, level, parent_id, population);

-- E01..E10 use 100 kWh a day in December; from 1 January: E01-E05 50 kWh (resumed), E06-E08 20 kWh,
-- E09 nothing is sent (missing), E10 30 kWh (exactly 30 %: not resumed). E11 is new in January: no
-- baseline. E12 is above scale, alone in mining: 1000 kWh all along. No readings at all on 17 Feb.
INSERT INTO lake.bronze.enterprises BY NAME
SELECT
    printf('E%02d', i) AS enterprise_id,
    CASE WHEN i = 12 THEN 'B' WHEN i <= 6 THEN 'C' ELSE 'F' END AS industry_code,
    CASE WHEN i % 2 = 0 THEN '990102' ELSE '990101' END AS region_id,
    i = 12 AS above_scale
FROM range(1, 13) t(i);
INSERT INTO lake.bronze.energy_daily BY NAME
SELECT printf('E%02d', i) AS enterprise_id, day AS data_date,
    CASE
        WHEN i = 12 THEN 1000 WHEN day < '2020-01-01' THEN 100 WHEN i <= 5 THEN 50
        WHEN i <= 8 THEN 20 WHEN i = 10 THEN 30 ELSE 70
    END AS energy_kwh
FROM range(1, 13) t(i),
    (SELECT unnest(range(DATE '2019-12-01', DATE '2020-02-19', INTERVAL 1 DAY))::DATE AS day)
WHERE day <> '2020-02-17' AND NOT (i = 9 AND day >= '2020-01-01')
    AND NOT (i = 11 AND day < '2020-01-01');

-- Every day 20 devices go from 990101 to 990102 and back the next day, 10 go to 990200 and back, and
-- 30 stay; a device also passes one cell of the other district, in one burst of events.
INSERT INTO lake.bronze.cells BY NAME
SELECT 'c' || region_id AS cell_id, latitude, 112 AS longitude, region_id,
    DATE '2019-01-01' AS valid_from_date
FROM (VALUES ('990101', 30.0), ('990102', 30.1), ('990200', 30.4)) t(region_id, latitude);
INSERT INTO lake.bronze.events BY NAME
SELECT printf('d%03d', i) AS device_id, day + to_hours(h::INT) AS event_at,
    CASE
        WHEN i >= 30 THEN 'c990101'
        WHEN (day - DATE '2020-01-01') % 2 = 0 THEN 'c990101'
        WHEN i < 20 THEN 'c990102' ELSE 'c990200'
    END AS cell_id,
    day AS data_date
FROM range(60) d(i), range(1, 10, 2) t(h),
    (SELECT unnest(range(DATE '2020-02-01', DATE '2020-02-19', INTERVAL 1 DAY))::DATE AS day)
UNION ALL
SELECT printf('d%03d', i), day + INTERVAL 12 HOUR + to_seconds(s::INT), 'c990102', day
FROM range(60) d(i), range(50) t(s), (SELECT unnest([DATE '2020-02-16', DATE '2020-02-18']) AS day);

-- 990101: 10 confirmed more each day, but 5 fewer on 15 February (a revision); 990102: 4 more a day,
-- no report on 16 February; 990200 reports only until 10 February.
INSERT INTO lake.bronze.cases_daily BY NAME
SELECT region_id, day AS data_date,
    CASE
        WHEN region_id = '990101'
        THEN 10 * (day - DATE '2020-01-20') - CASE WHEN day >= '2020-02-15' THEN 15 ELSE 0 END
        WHEN region_id = '990102' THEN 4 * (day - DATE '2020-01-20')
        ELSE 7
    END AS confirmed,
    (day - DATE '2020-01-20') AS cured, 2 AS dead
FROM (VALUES ('990101'), ('990102'), ('990200')) t(region_id),
    (SELECT unnest(range(DATE '2020-01-21', DATE '2020-02-19', INTERVAL 1 DAY))::DATE AS day)
WHERE NOT (region_id = '990102' AND day = '2020-02-16')
    AND NOT (region_id = '990200' AND day > '2020-02-10');

INSERT INTO lake.bronze.footfall_daily BY NAME
SELECT 'v' || i AS venue_id, day AS data_date, CASE WHEN i < 3 THEN 100 * i ELSE 0 END AS visitors,
    i < 3 AS is_open
FROM range(1, 5) t(i),
    (SELECT unnest(range(DATE '2020-02-01', DATE '2020-02-18', INTERVAL 1 DAY))::DATE AS day);

-- Campaign K1, 40 minus 10: 100 vouchers to 50 users on 1 February; 70 redeemed three days later, 10
-- after nine days, orders of 50; K2: 10 vouchers to 10 users, 5 redeemed. Validity: 14 days.
INSERT INTO lake.bronze.campaigns BY NAME
SELECT campaign_id, '990100' AS region_id, 10 AS face_value_cny, 40 AS threshold_cny,
    DATE '2020-02-01' AS issued_from_date, DATE '2020-02-01' AS issued_to_date, 14 AS valid_days,
    100 AS quantity
FROM (VALUES ('K1'), ('K2')) t(campaign_id);
INSERT INTO lake.bronze.issues BY NAME
SELECT printf('K1-%03d', i) AS voucher_id, 'K1' AS campaign_id, printf('u%02d', i % 50) AS user_id,
    TIMESTAMP '2020-02-01 02:00:00' AS issued_at, TIMESTAMP '2020-02-15 15:59:59' AS expires_at,
    DATE '2020-02-01' AS data_date
FROM range(100) t(i)
UNION ALL
SELECT printf('K2-%03d', i), 'K2', printf('w%02d', i), TIMESTAMP '2020-02-01 02:00:00',
    TIMESTAMP '2020-02-15 15:59:59', DATE '2020-02-01'
FROM range(10) t(i);
INSERT INTO lake.bronze.redemptions BY NAME
SELECT printf('K1-%03d', i) AS voucher_id, printf('u%02d', i % 50) AS user_id, 'm1' AS merchant_id,
    CASE WHEN i < 70 THEN TIMESTAMP '2020-02-04 02:00:00' ELSE TIMESTAMP '2020-02-10 02:00:00' END
        AS redeemed_at,
    50 AS order_cny, 10 AS subsidy_cny, 'K1' AS campaign_id,
    CASE WHEN i < 70 THEN DATE '2020-02-04' ELSE DATE '2020-02-10' END AS data_date,
    CASE WHEN i < 20 THEN TIMESTAMP '2020-02-14 20:00:00' END AS refunded_at
FROM range(80) t(i)
UNION ALL
SELECT printf('K2-%03d', i), printf('w%02d', i), 'm1', TIMESTAMP '2020-02-04 02:00:00', 50, 10, 'K2',
    DATE '2020-02-04', NULL
FROM range(5) t(i);

-- The Fujian cases (domain reference 2) as shops F1..F3 selling P1; F4 raises nothing; F5 lists only
-- from February at 20 % over cost (no baseline); F6 hides its cost and asks 10 times the others'.
-- Demand of P1 is 10 a day a shop, 20 on Saturdays. F1 has 70 left, F4 sells out on 18 February.
CREATE TEMP TABLE shops AS SELECT * FROM (VALUES
    ('F1', 2.1, 5, 25), ('F2', 1.2, 3, 5.5), ('F3', 3, 5, 9.8), ('F4', 2, 4, 4), ('F5', 2, NULL, 2.4),
    ('F6', NULL, 4, 40), ('F7', 2, 4.1, 4.1), ('F8', 2, 4.2, 4.2), ('F9', 2, 3.9, 3.9)
) t(shop_id, cost_cny, before_cny, after_cny);
CREATE TEMP TABLE days AS
SELECT unnest(range(DATE '2020-01-05', DATE '2020-02-19', INTERVAL 1 DAY))::DATE AS day;
INSERT INTO lake.bronze.listings BY NAME
SELECT shop_id || '-' || day AS listing_id, shop_id, 'P1' AS product_id, 'protection' AS category,
    '口罩' AS title, 1 AS pack_quantity, cost_cny, '990101' AS region_id,
    CASE WHEN day < '2020-02-01' THEN before_cny ELSE after_cny END AS price_cny,
    day + INTERVAL 2 HOUR AS captured_at, day AS data_date
FROM shops, days WHERE before_cny IS NOT NULL OR day >= '2020-02-01';
INSERT INTO lake.bronze.sales_daily BY NAME
SELECT shop_id, product_id, data_date,
    CASE WHEN shop_id = 'F4' AND data_date = '2020-02-18' THEN 1
        WHEN isodow(data_date) = 6 THEN 20 ELSE 10 END AS units,
    CASE WHEN shop_id = 'F4' AND data_date = '2020-02-18' THEN 0 ELSE 70 END AS stock_units,
    units * price_cny AS revenue_cny
FROM lake.bronze.listings;
DROP TABLE shops; DROP TABLE days;

INSERT INTO lake.bronze.stock_daily BY NAME
SELECT 'H1' AS site_id, 'hospital' AS site_type, 'P1' AS product_code, 'protection' AS category,
    day AS data_date, 100 AS used_units, 1000 AS stock_units
FROM (SELECT unnest(range(DATE '2020-01-05', DATE '2020-02-19', INTERVAL 1 DAY))::DATE AS day);
