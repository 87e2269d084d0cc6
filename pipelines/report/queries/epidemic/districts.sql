/*
kind: table
title: {zh: 各区县疫情, en: Epidemic by district}
unit: {zh: 例, en: cases}
columns:
  name: {heading: {zh: 区县, en: District}, format: text}
  new_confirmed: {heading: {zh: 新增确诊, en: New}, format: integer}
  new_confirmed_change: {heading: {zh: 较前一日, en: Change on the day}, format: signed_integer}
  new_confirmed_7d_mean: {heading: {zh: 七日均值, en: Seven-day mean}, format: one_decimal}
  active: {heading: {zh: 现有确诊, en: Active}, format: integer}
  confirmed: {heading: {zh: 累计确诊, en: Confirmed}, format: integer}
  cured: {heading: {zh: 累计治愈, en: Cured}, format: integer}
  dead: {heading: {zh: 累计死亡, en: Dead}, format: integer}
*/
SELECT
    r.name_zh,
    coalesce(r.name_en, r.name_zh) AS name_en,
    t.region_id = $city_region_id AS is_total,
    t.missing_reason,
    t.value_date,
    t.new_confirmed,
    t.new_confirmed - p.new_confirmed AS new_confirmed_change,
    t.new_confirmed_7d_mean,
    t.active,
    t.confirmed,
    t.cured,
    t.dead
FROM lake.marts.epidemic_daily AS t
INNER JOIN lake.bronze.regions AS r ON r.region_id = t.region_id
LEFT JOIN lake.marts.epidemic_daily AS p
    ON p.region_id = t.region_id
    AND p.data_date = t.data_date - 1
    AND p.value_date = t.value_date - 1
WHERE t.data_date = $data_date
    AND (t.region_id = $city_region_id OR r.parent_id = $city_region_id)
ORDER BY is_total, t.new_confirmed DESC NULLS LAST, t.confirmed DESC NULLS LAST, t.region_id
