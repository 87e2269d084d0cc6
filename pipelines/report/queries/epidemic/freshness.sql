/*
kind: figure
title: {zh: 疫情数据时效, en: "Freshness: epidemic"}
note:
  zh: 最近一个有值的数据日，及其距报告日的天数。
  en: The newest data date with values and its age in days.
*/
SELECT
    max(value_date) FILTER (WHERE confirmed IS NOT NULL) AS value_date,
    $data_date - max(value_date) FILTER (WHERE confirmed IS NOT NULL) AS age_days,
    max(data_date) = $data_date AS has_rows,
    coalesce(bool_or(confirmed IS NOT NULL) FILTER (WHERE data_date = $data_date), false)
        AS has_values,
    count(*) FILTER (WHERE data_date = $data_date AND missing_reason = 'suppressed')
        AS suppressed_cells
FROM lake.marts.epidemic_daily
WHERE data_date <= $data_date
