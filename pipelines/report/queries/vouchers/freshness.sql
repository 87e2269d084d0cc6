/*
kind: figure
title: {zh: 消费券数据时效, en: "Freshness: vouchers"}
note:
  zh: 最近一个有值的数据日，及其距报告日的天数。
  en: The newest data date with values and its age in days.
*/
SELECT
    max(data_date) AS value_date,
    $data_date - max(data_date) AS age_days,
    max(data_date) = $data_date AS has_rows,
    coalesce(bool_or(issued_count IS NOT NULL) FILTER (WHERE data_date = $data_date), false)
        AS has_values,
    count(*) FILTER (WHERE data_date = $data_date AND missing_reason = 'suppressed')
        AS suppressed_cells
FROM lake.marts.voucher_campaign_daily
WHERE data_date <= $data_date
