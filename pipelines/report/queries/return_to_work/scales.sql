/*
kind: table
title: {zh: 规模以上与规模以下, en: Above and below the designated scale}
note:
  zh: 口径不同，数值不可互换：引用时须注明规模以上还是全部用电企业。
  en: The scopes are not interchangeable; say which one a figure is about.
columns:
  scale: {heading: {zh: 企业规模, en: Size}, format: "label:scale"}
  enterprise_count: {heading: {zh: 企业数（户）, en: Enterprises}, format: integer}
  resumption_rate_pct: {heading: {zh: 复工率（%）, en: Resumption (%)}, format: two_decimals}
  recovery_rate_pct: {heading: {zh: 复产率（%）, en: Recovery (%)}, format: two_decimals}
  index_value: {heading: {zh: 复工电力指数, en: Power index}, format: two_decimals}
*/
SELECT
    scale,
    scale = 'all' AS is_total,
    missing_reason,
    value_date,
    enterprise_count,
    resumption_rate_pct,
    recovery_rate_pct,
    index_value
FROM lake.marts.return_to_work_daily
WHERE data_date = $data_date AND region_id = $city_region_id AND industry_code = 'all'
ORDER BY is_total, scale
