/*
kind: table
title: {zh: 全市物资库存与保供天数, en: Stock and days of cover in the city}
note:
  zh: 日需求为预测期（两周）日均；保供天数＝库存÷日需求；未公布目标的品类不作判断。
  en: >-
    Daily need is the mean of the two weeks forecast; days of cover are stock over daily need; a
    category without a published target is not judged.
columns:
  category: {heading: {zh: 品类, en: Category}, format: "label:category"}
  stock_units: {heading: {zh: 库存（件）, en: Stock (units)}, format: integer}
  daily_use_units: {heading: {zh: 日需求（件）, en: Daily need (units)}, format: one_decimal}
  days_of_cover: {heading: {zh: 保供天数（天）, en: Cover (days)}, format: one_decimal}
  days_of_cover_change: {heading: {zh: 较前一日（天）, en: Change on the day (days)}, format: signed_one_decimal}
  target_days: {heading: {zh: 目标（天）, en: Target (days)}, format: integer}
  cover_state: {heading: {zh: 判断, en: State}, format: "label:cover_state"}
*/
WITH rows_of_day AS (
    SELECT * FROM lake.marts.supply_demand_forecast
    WHERE data_date BETWEEN $data_date - 1 AND $data_date AND region_id = $city_region_id
),
categories AS (
    SELECT
        data_date,
        category,
        max(value_date) AS value_date,
        max(missing_reason) AS missing_reason,
        max(stock_units) AS stock_units,
        avg(demand_units) AS daily_use_units,
        max(days_of_cover) AS days_of_cover,
        max(cover_target_days) AS target_days
    FROM rows_of_day
    GROUP BY data_date, category
)
SELECT
    t.category,
    t.missing_reason,
    t.value_date,
    t.stock_units,
    t.daily_use_units,
    t.days_of_cover,
    t.days_of_cover - p.days_of_cover AS days_of_cover_change,
    t.target_days,
    CASE
        WHEN t.target_days IS NULL THEN 'no_target'
        WHEN t.days_of_cover IS NULL THEN NULL
        WHEN t.days_of_cover >= t.target_days THEN 'met'
        ELSE 'short'
    END AS cover_state
FROM categories AS t
LEFT JOIN categories AS p
    ON p.category = t.category
    AND p.data_date = t.data_date - 1
    AND p.value_date = t.value_date - 1
WHERE t.data_date = $data_date
ORDER BY t.days_of_cover NULLS LAST, t.category
