/*
kind: table
title: {zh: 不同口径与剔除最大用户后的指数, en: The index by variant and without the largest user}
note:
  zh: 最大一户足以拉动全市，剔除后并列以资比较；“—”为该口径没有数据。
  en: One user can lift a whole city, so both are shown; a dash means that variant has no data.
columns:
  variant: {heading: {zh: 口径, en: Variant}, format: "label:variant"}
  index_value: {heading: {zh: 全部用户, en: All users}, format: two_decimals}
  without_largest_index_value: {heading: {zh: 剔除最大用户, en: Without the largest}, format: two_decimals}
  index_difference: {heading: {zh: 相差（点）, en: Difference (points)}, format: signed_two_decimals}
*/
SELECT
    variant,
    max(index_value) FILTER (WHERE users = 'all') AS index_value,
    max(index_value) FILTER (WHERE users = 'without_largest') AS without_largest_index_value,
    max(index_value) FILTER (WHERE users = 'without_largest')
    - max(index_value) FILTER (WHERE users = 'all') AS index_difference,
    max(missing_reason) FILTER (WHERE users = 'all') AS missing_reason,
    max(value_date) AS value_date
FROM lake.marts.return_to_work_variants_daily
WHERE data_date = $data_date AND region_id = $city_region_id AND industry_code = 'all'
    AND scale = 'all'
GROUP BY variant
ORDER BY variant
