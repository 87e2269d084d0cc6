-- Which commuter relations have come back to life? 通勤与当日出行对照
-- Devices that live in one district and work in another, as of the newest Monday, beside those that
-- travelled that way on the newest day. Trips have other purposes too.
SELECT
    c.home_region_id,
    c.work_region_id,
    c.device_count AS commuters,
    o.device_count AS travellers,
    round(100.0 * o.device_count / c.device_count, 1) AS travellers_per_100
FROM commuting_weekly AS c
LEFT JOIN origin_destination_daily AS o
    ON o.from_region_id = c.home_region_id AND o.to_region_id = c.work_region_id
    AND o.data_date = (SELECT max(data_date) FROM origin_destination_daily)
WHERE c.data_date = (SELECT max(data_date) FROM commuting_weekly)
    AND c.home_region_id <> c.work_region_id AND c.device_count IS NOT NULL
ORDER BY c.device_count DESC
LIMIT 20;
