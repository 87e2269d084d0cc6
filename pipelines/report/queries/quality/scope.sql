/*
kind: figure
title: {zh: 报告范围, en: Scope of the report}
*/
SELECT
    $data_date AS data_date,
    $city_region_id AS region_id,
    max(name_zh) AS name_zh,
    max(coalesce(name_en, name_zh)) AS name_en
FROM lake.bronze.regions
WHERE region_id = $city_region_id
