/*
kind: figure
title: {zh: 跨市人口流动, en: Flows between cities}
unit: {zh: 台设备, en: devices}
note:
  zh: 按不同终端设备计数，未扩样为人口；已抑制的流向不计入合计。
  en: Distinct devices, not scaled to people; suppressed flows are not in the totals.
*/
WITH flows AS (
    SELECT
        m.data_date,
        m.value_date,
        m.missing_reason,
        m.device_count,
        coalesce(f.parent_id = $city_region_id, false) OR m.from_region_id = $city_region_id
            AS from_city,
        coalesce(t.parent_id = $city_region_id, false) OR m.to_region_id = $city_region_id
            AS to_city,
        m.from_region_id = m.to_region_id AS stays
    FROM lake.marts.migration_daily AS m
    LEFT JOIN lake.bronze.regions AS f ON f.region_id = m.from_region_id
    LEFT JOIN lake.bronze.regions AS t ON t.region_id = m.to_region_id
    WHERE m.data_date BETWEEN $data_date - 1 AND $data_date
),
days AS (
    SELECT
        data_date,
        max(value_date) AS value_date,
        bool_or(missing_reason = 'stale') AS is_stale,
        sum(device_count) FILTER (WHERE to_city AND NOT from_city) AS inbound,
        sum(device_count) FILTER (WHERE from_city AND NOT to_city) AS outbound,
        sum(device_count) FILTER (WHERE from_city AND to_city AND NOT stays) AS between_districts,
        count(*) FILTER (WHERE missing_reason = 'suppressed') AS suppressed_cells
    FROM flows
    GROUP BY data_date
)
SELECT
    t.data_date,
    t.value_date,
    CASE
        WHEN t.is_stale THEN 'stale'
        WHEN t.suppressed_cells > 0 AND t.inbound IS NULL THEN 'suppressed'
    END AS missing_reason,
    t.inbound,
    t.inbound - p.inbound AS inbound_change,
    t.outbound,
    t.outbound - p.outbound AS outbound_change,
    t.inbound - t.outbound AS net_inbound,
    t.between_districts,
    t.between_districts - p.between_districts AS between_districts_change,
    t.suppressed_cells
FROM days AS t
LEFT JOIN days AS p ON p.data_date = t.data_date - 1 AND p.value_date = t.value_date - 1
WHERE t.data_date = $data_date
