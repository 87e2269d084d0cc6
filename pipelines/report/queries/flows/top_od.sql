/*
kind: chart
title: {zh: 区域间流量前十, en: Ten largest flows between regions}
unit: {zh: 台设备, en: devices}
*/
SELECT
    coalesce(f.name_zh, m.from_region_id) || ' → ' || coalesce(t.name_zh, m.to_region_id)
        AS name_zh,
    coalesce(f.name_en, m.from_region_id) || ' → ' || coalesce(t.name_en, m.to_region_id)
        AS name_en,
    m.device_count,
    m.missing_reason,
    m.value_date
FROM lake.marts.migration_daily AS m
LEFT JOIN lake.bronze.regions AS f ON f.region_id = m.from_region_id
LEFT JOIN lake.bronze.regions AS t ON t.region_id = m.to_region_id
WHERE m.data_date = $data_date
    AND m.from_region_id <> m.to_region_id
    AND m.device_count IS NOT NULL
ORDER BY m.device_count DESC, m.from_region_id, m.to_region_id
LIMIT 10
