/*
kind: chart
title: {zh: 综合复工指数, en: Fused index of return to work}
unit: {zh: 点, en: points}
*/
SELECT data_date, index_value
FROM lake.marts.return_to_work_fused_daily
WHERE region_id = $city_region_id AND data_date BETWEEN $data_date - 34 AND $data_date
ORDER BY data_date
