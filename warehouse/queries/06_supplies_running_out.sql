-- What runs out first, and where? 物资还能撑几天
-- Days of cover at the forecast demand, against the target, fewest first.
SELECT
    region_id,
    category,
    stock_units,
    stock_date,
    round(avg(demand_units), 1) AS demand_units_a_day,
    min(days_of_cover) AS days_of_cover,
    min(cover_target_days) AS cover_target_days,
    coalesce(min(days_of_cover) < min(cover_target_days), false) AS is_under_target
FROM supply_demand_forecast
WHERE data_date = (SELECT max(data_date) FROM supply_demand_forecast)
GROUP BY region_id, category, stock_units, stock_date
ORDER BY days_of_cover NULLS LAST, region_id, category;
