/*
kind: figure
title: {zh: 人口流动数据时效, en: "Freshness: population flows"}
note:
  zh: 最近一个有值的数据日，及其距报告日的天数。
  en: The newest data date with values and its age in days.
*/
SELECT
    max(value_date) FILTER (WHERE device_count IS NOT NULL) AS value_date,
    $data_date - max(value_date) FILTER (WHERE device_count IS NOT NULL) AS age_days,
    max(data_date) = $data_date AS has_rows
FROM lake.marts.migration_daily
WHERE data_date <= $data_date
