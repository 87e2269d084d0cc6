/*
kind: figure
title: {zh: 跨市人口流动, en: Flows between cities}
unit: {zh: 台设备, en: devices}
note:
  zh: 按不同终端设备计数；已抑制的流向不计入合计。
  en: Distinct devices; suppressed flows are not in the totals.
*/
WITH cities AS (
    SELECT
        data_date,
        max(value_date) AS value_date,
        bool_or(missing_reason = 'stale') AS is_stale,
        max(device_count) FILTER (WHERE direction = 'in') AS inbound,
        max(device_count) FILTER (WHERE direction = 'out') AS outbound,
        bool_or(missing_reason = 'suppressed') AS is_suppressed
    FROM lake.marts.city_migration_daily
    WHERE data_date BETWEEN $data_date - 1 AND $data_date AND other_city_region_id = 'all'
    GROUP BY data_date
),
districts AS (
    SELECT
        m.data_date,
        max(m.value_date) AS value_date,
        bool_or(m.missing_reason = 'stale') AS is_stale,
        sum(m.device_count) FILTER (
            WHERE m.from_region_id <> m.to_region_id
                AND f.parent_id = $city_region_id AND t.parent_id = $city_region_id
        ) AS between_districts,
        count(*) FILTER (WHERE m.missing_reason = 'suppressed') AS suppressed_cells
    FROM lake.marts.migration_daily AS m
    LEFT JOIN lake.bronze.regions AS f ON f.region_id = m.from_region_id
    LEFT JOIN lake.bronze.regions AS t ON t.region_id = m.to_region_id
    WHERE m.data_date BETWEEN $data_date - 1 AND $data_date
    GROUP BY m.data_date
),
days AS (
    SELECT
        data_date,
        coalesce(c.value_date, d.value_date) AS value_date,
        coalesce(c.is_stale, d.is_stale) AS is_stale,
        c.inbound,
        c.outbound,
        d.between_districts,
        d.suppressed_cells,
        coalesce(c.is_suppressed, false) OR d.suppressed_cells > 0 AS is_suppressed
    FROM districts AS d
    FULL JOIN cities AS c USING (data_date)
)
SELECT
    t.data_date,
    t.value_date,
    CASE
        WHEN t.is_stale THEN 'stale'
        WHEN t.is_suppressed AND t.inbound IS NULL THEN 'suppressed'
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
