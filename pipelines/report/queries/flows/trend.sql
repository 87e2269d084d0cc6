/*
kind: chart
title: {zh: 每日跨市流入与流出, en: Arrivals from and departures to other cities}
unit: {zh: 台设备, en: devices}
*/
SELECT
    data_date,
    max(device_count) FILTER (WHERE direction = 'in') AS inbound,
    max(device_count) FILTER (WHERE direction = 'out') AS outbound
FROM lake.marts.city_migration_daily
WHERE data_date BETWEEN $data_date - 34 AND $data_date
    AND other_city_region_id = 'all'
    AND missing_reason IS DISTINCT FROM 'stale'
GROUP BY data_date
ORDER BY data_date
