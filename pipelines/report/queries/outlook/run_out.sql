/*
kind: table
title: {zh: 预测期内可能耗尽的物资, en: Categories that may run out within the forecast}
note:
  zh: 以现有库存逐日扣减预测需求，不计补货；“最早”按预测区间上限计。
  en: Stock less each day's forecast, without deliveries; 'earliest' takes the interval's upper end.
columns:
  category: {heading: {zh: 品类, en: Category}, format: "label:category"}
  stock_units: {heading: {zh: 库存（件）, en: Stock (units)}, format: integer}
  run_out_date: {heading: {zh: 预计耗尽, en: Runs out}, format: day}
  run_out_upper_date: {heading: {zh: 最早, en: Earliest}, format: day}
*/
WITH ahead AS (
    SELECT
        category,
        target_date,
        stock_units,
        sum(demand_units) OVER days AS used_units,
        sum(demand_upper_units) OVER days AS used_upper_units
    FROM lake.marts.supply_demand_forecast
    WHERE data_date = $data_date AND region_id = $city_region_id AND stock_units IS NOT NULL
    WINDOW days AS (PARTITION BY category ORDER BY target_date)
)
SELECT
    category,
    max(stock_units) AS stock_units,
    min(target_date) FILTER (WHERE used_units > stock_units) AS run_out_date,
    min(target_date) FILTER (WHERE used_upper_units > stock_units) AS run_out_upper_date
FROM ahead
GROUP BY category
HAVING max(greatest(used_units, used_upper_units)) > max(stock_units)
ORDER BY run_out_date NULLS LAST, run_out_upper_date, category
