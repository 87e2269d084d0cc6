-- Added to the city of tests/build/city.sql: 90 enterprises of two districts, five industries and two
-- scales, some alone in their cell, of sizes that follow no pattern; and 7 devices that go to 990200
-- at one hour only. X007 has not reported on 18 February yet.
INSERT INTO lake.bronze.enterprises BY NAME
SELECT
    printf('X%03d', i) AS enterprise_id,
    ['C', 'C', 'C', 'F', 'F', 'G', 'H', 'I'][1 + (i * 7 + i // 9) % 8] AS industry_code,
    CASE WHEN (i * 5 + i // 7) % 3 = 0 THEN '990102' ELSE '990101' END AS region_id,
    (i * 11 + i // 5) % 4 = 0 AS above_scale
FROM range(1, 91) t(i);
INSERT INTO lake.bronze.energy_daily BY NAME
SELECT printf('X%03d', i) AS enterprise_id, day AS data_date,
    round((20 + (i * 37) % 91 + 400 * CAST(i % 13 = 0 AS INT))
        * CASE WHEN day < '2020-01-01' THEN 1 ELSE 0.1 + ((i * 29 + day_number) % 10) / 10 END, 1)
    AS energy_kwh
FROM range(1, 91) t(i),
    (SELECT unnest(range(DATE '2019-12-01', DATE '2020-02-19', INTERVAL 1 DAY))::DATE AS day,
        day - DATE '2019-12-01' AS day_number)
WHERE day <> '2020-02-17' AND NOT (i = 7 AND day = '2020-02-18');
INSERT INTO lake.bronze.events BY NAME
SELECT printf('d%03d', i) AS device_id, day + to_hours(h::INT) AS event_at,
    CASE WHEN h < 5 THEN 'c990102' ELSE 'c990200' END AS cell_id, day AS data_date
FROM range(800, 807) d(i), range(1, 10, 2) t(h),
    (SELECT unnest([DATE '2020-02-17', DATE '2020-02-18']) AS day);
