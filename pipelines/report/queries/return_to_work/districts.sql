/*
kind: table
title: {zh: 各区县复工复产情况, en: Return to work by district}
note:
  zh: 口径为全部行业、全部规模。位次按指数由高到低。
  en: All industries and sizes. Ranked by the index, highest first.
columns:
  rank: {heading: {zh: 位次, en: Rank}, format: integer}
  name: {heading: {zh: 区县, en: District}, format: text}
  index_value: {heading: {zh: 复工电力指数, en: Power index}, format: two_decimals}
  index_change: {heading: {zh: 较前一日（点）, en: Change on the day (points)}, format: signed_two_decimals}
  resumption_rate_pct: {heading: {zh: 复工率（%）, en: Resumption (%)}, format: two_decimals}
  resumption_rate_change: {heading: {zh: 环比（百分点）, en: Change (points)}, format: signed_two_decimals}
  recovery_rate_pct: {heading: {zh: 复产率（%）, en: Recovery (%)}, format: two_decimals}
  enterprise_count: {heading: {zh: 企业数（户）, en: Enterprises}, format: integer}
  reporting_share: {heading: {zh: 报数率（%）, en: Reporting (%)}, format: share}
*/
WITH days AS (
    SELECT * FROM lake.marts.return_to_work_daily
    WHERE industry_code = 'all' AND scale = 'all'
        AND data_date BETWEEN $data_date - 1 AND $data_date
)
SELECT
    CASE WHEN t.region_id <> $city_region_id AND t.index_value IS NOT NULL THEN
        rank() OVER (
            PARTITION BY t.region_id = $city_region_id
            ORDER BY t.index_value DESC NULLS LAST
        )
    END AS rank,
    coalesce(r.name_zh, t.region_id) AS name_zh,
    coalesce(r.name_en, r.name_zh, t.region_id) AS name_en,
    t.region_id = $city_region_id AS is_total,
    t.missing_reason,
    t.value_date,
    t.index_value,
    t.index_value - p.index_value AS index_change,
    t.resumption_rate_pct,
    t.resumption_rate_pct - p.resumption_rate_pct AS resumption_rate_change,
    t.recovery_rate_pct,
    t.enterprise_count,
    t.reporting_share
FROM days AS t
LEFT JOIN lake.bronze.regions AS r ON r.region_id = t.region_id
LEFT JOIN days AS p
    ON p.region_id = t.region_id
    AND p.data_date = t.data_date - 1
    AND p.value_date = t.value_date - 1
WHERE t.data_date = $data_date
ORDER BY is_total, t.index_value DESC NULLS LAST, t.region_id
