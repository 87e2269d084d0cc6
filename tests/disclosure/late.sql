-- What arrives between two releases of the city of attacked.sql: three more of those who went from
-- 990101 to 990102 on 18 February, and one enterprise's reading of that day.
INSERT INTO lake.bronze.events BY NAME
SELECT printf('d%03d', i) AS device_id, day + to_hours(h::INT) AS event_at,
    CASE WHEN (day - DATE '2020-01-01') % 2 = 0 THEN 'c990101' ELSE 'c990102' END AS cell_id,
    day AS data_date
FROM range(900, 903) d(i), range(1, 10, 2) t(h),
    (SELECT unnest([DATE '2020-02-17', DATE '2020-02-18']) AS day);

INSERT INTO lake.bronze.energy_daily BY NAME
SELECT 'X007' AS enterprise_id, DATE '2020-02-18' AS data_date, 70 AS energy_kwh;
