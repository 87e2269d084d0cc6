/*
kind: table
title: {zh: 保供天数最少的区县与品类, en: Districts and categories with the fewest days of cover}
columns:
  name: {heading: {zh: 区县, en: District}, format: text}
  category: {heading: {zh: 品类, en: Category}, format: "label:category"}
  stock_units: {heading: {zh: 库存（件）, en: Stock (units)}, format: integer}
  daily_use_units: {heading: {zh: 日需求（件）, en: Daily need (units)}, format: one_decimal}
  days_of_cover: {heading: {zh: 保供天数（天）, en: Cover (days)}, format: one_decimal}
*/
SELECT
    r.name_zh,
    coalesce(r.name_en, r.name_zh) AS name_en,
    f.category,
    max(f.missing_reason) AS missing_reason,
    max(f.value_date) AS value_date,
    max(f.stock_units) AS stock_units,
    avg(f.demand_units) AS daily_use_units,
    max(f.days_of_cover) AS days_of_cover
FROM lake.marts.supply_demand_forecast AS f
INNER JOIN lake.bronze.regions AS r ON r.region_id = f.region_id
WHERE f.data_date = $data_date
    AND r.parent_id = $city_region_id
    AND f.days_of_cover IS NOT NULL
GROUP BY r.region_id, r.name_zh, r.name_en, f.category
ORDER BY days_of_cover, r.region_id, f.category
LIMIT 8
