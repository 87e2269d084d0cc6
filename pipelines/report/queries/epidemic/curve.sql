/*
kind: chart
title: {zh: 全市每日新增确诊与七日均值, en: New confirmed cases a day and their seven-day mean}
unit: {zh: 例, en: cases}
*/
SELECT
    data_date,
    CASE WHEN value_date = data_date THEN new_confirmed END AS new_confirmed,
    CASE WHEN value_date = data_date THEN new_confirmed_7d_mean END AS new_confirmed_7d_mean
FROM lake.marts.epidemic_daily
WHERE region_id = $city_region_id AND data_date BETWEEN $data_date - 34 AND $data_date
ORDER BY data_date
