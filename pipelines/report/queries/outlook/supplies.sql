/*
kind: figure
title: {zh: 物资展望, en: Supplies ahead}
*/
WITH totals AS (
    SELECT
        category,
        max(stock_units) AS stock_units,
        sum(demand_units) AS demand_units,
        sum(demand_upper_units) AS demand_upper_units,
        max(horizon_days) AS horizon_days
    FROM lake.marts.supply_demand_forecast
    WHERE data_date = $data_date AND region_id = $city_region_id
    GROUP BY category
)
SELECT
    max(horizon_days) AS horizon_days,
    count(*) AS category_count,
    count(*) FILTER (WHERE demand_units > stock_units) AS run_out_count,
    CASE WHEN count(demand_upper_units) > 0 THEN
        count(*) FILTER (WHERE coalesce(demand_upper_units, demand_units) > stock_units)
    END AS run_out_upper_count
FROM totals
WHERE stock_units IS NOT NULL
HAVING count(*) > 0
