/*
kind: figure
title: {zh: 价格线索数据时效, en: "Freshness: price leads"}
note:
  zh: 有商品报价的最近一日；有报价而无线索时，线索为零而非缺失。
  en: The newest day with offers; a day with offers and no lead has zero leads, not missing ones.
*/
SELECT
    max(data_date) AS value_date,
    $data_date - max(data_date) AS age_days,
    max(data_date) = $data_date AS has_rows,
    max(data_date) = $data_date AS has_values,
    0 AS suppressed_cells
FROM lake.bronze.listings
WHERE data_date <= $data_date
