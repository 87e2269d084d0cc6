/*
kind: figure
title: {zh: 全市综合复工指数, en: Fused index of return to work of the city}
note:
  zh: 用电、信令到岗、公共交通、商场客流按公布权重加权；当日缺报的来源不计，权重重分，区间随之变宽。
  en: Weighted mean of the sources that measured the day; with fewer sources the interval is wider.
*/
WITH days AS (
    SELECT * FROM lake.marts.return_to_work_fused_daily
    WHERE region_id = $city_region_id
),
named AS (
    SELECT
        days.data_date,
        string_agg(seed.name_zh, '、' ORDER BY CAST(seed.weight AS DOUBLE) DESC, seed.source)
            AS sources_zh,
        string_agg(seed.name_en, ', ' ORDER BY CAST(seed.weight AS DOUBLE) DESC, seed.source)
            AS sources_en
    FROM days
    INNER JOIN $seed_fused_index_sources AS seed
        ON list_contains(string_split(days.sources, '+'), seed.source)
    GROUP BY days.data_date
)
SELECT
    t.data_date,
    t.missing_reason,
    t.index_value,
    t.index_value - p.index_value AS index_change,
    t.lower_value,
    t.upper_value,
    t.source_count,
    named.sources_zh,
    named.sources_en
FROM days AS t
LEFT JOIN days AS p ON p.data_date = t.data_date - 1 AND p.sources = t.sources
LEFT JOIN named ON named.data_date = t.data_date
WHERE t.data_date = $data_date
