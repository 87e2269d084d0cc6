/*
kind: table
title: {zh: 分行业复工复产情况, en: Return to work by industry}
columns:
  industry_code: {heading: {zh: 行业, en: Industry}, format: "label:industry"}
  resumption_rate_pct: {heading: {zh: 复工率（%）, en: Resumption (%)}, format: two_decimals}
  recovery_rate_pct: {heading: {zh: 复产率（%）, en: Recovery (%)}, format: two_decimals}
  index_value: {heading: {zh: 复工电力指数, en: Power index}, format: two_decimals}
  index_change: {heading: {zh: 较前一日（点）, en: Change on the day (points)}, format: signed_two_decimals}
  enterprise_count: {heading: {zh: 企业数（户）, en: Enterprises}, format: integer}
*/
WITH days AS (
    SELECT * FROM lake.marts.return_to_work_daily
    WHERE region_id = $city_region_id AND scale = 'all' AND industry_code <> 'all'
        AND data_date BETWEEN $data_date - 1 AND $data_date
)
SELECT
    t.industry_code,
    t.missing_reason,
    t.value_date,
    t.resumption_rate_pct,
    t.recovery_rate_pct,
    t.index_value,
    t.index_value - p.index_value AS index_change,
    t.enterprise_count
FROM days AS t
LEFT JOIN days AS p
    ON p.industry_code = t.industry_code
    AND p.data_date = t.data_date - 1
    AND p.value_date = t.value_date - 1
WHERE t.data_date = $data_date
ORDER BY t.index_value DESC NULLS LAST, t.industry_code
