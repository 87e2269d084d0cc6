-- Metro: line L1 with stations A (100 on the Tuesdays before the festival, 200 on other days), Old
-- (40, called New since January) and Late (60; silent since February); line L2 suspended: zero, not
-- missing. No counts on 16 February. 'Unheard' appears on 18 February.
CREATE TEMP TABLE metro_days AS
SELECT unnest(range(DATE '2019-12-06', DATE '2020-01-05', INTERVAL 1 DAY))::DATE AS day
UNION ALL SELECT unnest(range(DATE '2020-02-11', DATE '2020-02-19', INTERVAL 1 DAY))::DATE;
INSERT INTO lake.bronze.station_counts BY NAME
SELECT day AS data_date, 'metro' AS mode, line, station AS station_id, station,
    boardings, boardings - 1 AS alightings
FROM metro_days CROSS JOIN (VALUES ('L1', 'A', 100), ('L1', 'Late', 60), ('L2', 'C', 400))
    AS s(line, station, usual)
CROSS JOIN LATERAL (SELECT CASE
    WHEN day < '2020-02-01' THEN usual + CASE WHEN station = 'A' AND isodow(day) <> 2 THEN 100 ELSE 0 END
    WHEN line = 'L2' THEN 1 ELSE 50 END AS boardings)
WHERE day <> '2020-02-16' AND (day < '2020-02-01' OR station <> 'Late');
UPDATE lake.bronze.station_counts SET boardings = 0, alightings = 0
WHERE line = 'L2' AND data_date > '2020-02-01';
INSERT INTO lake.bronze.station_counts BY NAME
SELECT DATE '2020-02-18' AS data_date, 'metro' AS mode, 'L1' AS line, 'U' AS station_id,
    'Unheard' AS station, 30 AS boardings, 30 AS alightings;
DROP TABLE metro_days;

-- Tickets of 18 February: 20 people from 安原 by rail, one of them twice, three past midnight.
INSERT INTO lake.bronze.trips BY NAME
SELECT 't' || i AS ticket_id, 'p' || (i % 20) AS passenger_id, 'rail' AS mode,
    DATE '2020-02-18' AS service_date, DATE '2020-02-18' AS data_date, '安原北站' AS from_station,
    '临江站' AS to_station, 1 AS from_seq, 4 AS to_seq, TIMESTAMP '2020-02-18 12:00' AS depart_at,
    CASE WHEN i < 3 THEN TIMESTAMP '2020-02-18 16:10' ELSE TIMESTAMP '2020-02-18 14:00' END AS arrive_at
FROM range(21) t(i);

-- Footfall of the weeks before the festival: venue i had 200 i visitors a day, twice that on
-- weekends; in February (city.sql) v1 and v2 are open with 100 and 200, v3 and v4 closed.
INSERT INTO lake.bronze.footfall_daily BY NAME
SELECT 'v' || i AS venue_id, day AS data_date,
    200 * i * CASE WHEN isodow(day) > 5 THEN 2 ELSE 1 END AS visitors, true AS is_open
FROM range(1, 5) t(i),
    (SELECT unnest(range(DATE '2019-12-02', DATE '2019-12-30', INTERVAL 1 DAY))::DATE AS day);
