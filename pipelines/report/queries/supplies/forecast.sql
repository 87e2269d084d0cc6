/*
kind: chart
title: {zh: 分品类需求预测（带区间）, en: "Demand forecast by category, with interval"}
unit: {zh: 件/日, en: units a day}
*/
SELECT
    category,
    target_date,
    demand_units,
    demand_lower_units,
    demand_upper_units
FROM lake.marts.supply_demand_forecast
WHERE data_date = $data_date AND region_id = $city_region_id
ORDER BY category, target_date
