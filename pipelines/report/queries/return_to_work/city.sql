/*
kind: figure
title: {zh: 全市复工电力指数, en: Return-to-work power index of the city}
note:
  zh: 全部行业、全部规模，由企业合计重新计算，不由分项指数平均。
  en: All industries and sizes, recomputed from enterprise totals, never an average of sub-indices.
*/
WITH days AS (
    SELECT * FROM lake.marts.return_to_work_daily
    WHERE region_id = $city_region_id AND industry_code = 'all' AND scale = 'all'
)
SELECT
    t.data_date,
    t.value_date,
    t.missing_reason,
    t.enterprise_count,
    t.resumed_count,
    t.index_value,
    t.index_value - p.index_value AS index_change,
    t.resumption_rate_pct,
    t.resumption_rate_pct - p.resumption_rate_pct AS resumption_rate_change,
    t.recovery_rate_pct,
    t.recovery_rate_pct - p.recovery_rate_pct AS recovery_rate_change,
    t.reporting_share,
    t.reporting_baseline_share,
    t.imputed_count,
    t.refused_count,
    t.band
FROM days AS t
LEFT JOIN days AS p ON p.data_date = t.data_date - 1 AND p.value_date = t.value_date - 1
WHERE t.data_date = $data_date
