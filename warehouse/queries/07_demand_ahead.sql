-- What will be needed in the next two weeks? 未来十四天需求
-- The newest forecast by region, category and day, with its interval.
SELECT
    region_id,
    category,
    target_date,
    demand_lower_units,
    demand_units,
    demand_upper_units,
    method
FROM supply_demand_forecast
WHERE data_date = (SELECT max(data_date) FROM supply_demand_forecast)
ORDER BY region_id, category, target_date;
