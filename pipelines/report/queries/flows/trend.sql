/*
kind: chart
title: {zh: 每日跨市流入与流出, en: Arrivals from and departures to other cities}
unit: {zh: 台设备, en: devices}
*/
SELECT
    m.data_date,
    sum(m.device_count) FILTER (
        WHERE (t.parent_id = $city_region_id OR m.to_region_id = $city_region_id)
            AND coalesce(f.parent_id, '') <> $city_region_id AND m.from_region_id <> $city_region_id
    ) AS inbound,
    sum(m.device_count) FILTER (
        WHERE (f.parent_id = $city_region_id OR m.from_region_id = $city_region_id)
            AND coalesce(t.parent_id, '') <> $city_region_id AND m.to_region_id <> $city_region_id
    ) AS outbound
FROM lake.marts.migration_daily AS m
LEFT JOIN lake.bronze.regions AS f ON f.region_id = m.from_region_id
LEFT JOIN lake.bronze.regions AS t ON t.region_id = m.to_region_id
WHERE m.data_date BETWEEN $data_date - 34 AND $data_date
    AND m.missing_reason IS DISTINCT FROM 'stale'
GROUP BY m.data_date
ORDER BY m.data_date
