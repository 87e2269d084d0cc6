/*
kind: table
title: {zh: 跨市流动的主要来源地与目的地, en: Main origins and destinations of flows between cities}
note:
  zh: 各方向人数最多的五个城市。人数由设备数按常住人口与运营商份额加权推算；迁徙指数一个单位约合三万人，系反推，非官方。合计仅含已公布的流向。风险等级按当日名单，未列入者为低风险，一市按其最高等级计。
  en: The five largest cities in each direction. Persons are devices weighted to residents and shares of carriers; a unit of the index is about thirty thousand people, reverse-engineered, not official. Totals hold published flows only. Risk by the day's list; unlisted is low, and a city has the greatest level of its areas.
columns:
  direction: {heading: {zh: 方向, en: Direction}, format: "label:direction"}
  name: {heading: {zh: 城市, en: City}, format: text}
  persons: {heading: {zh: 人数（人）, en: Persons}, format: integer}
  migration_index: {heading: {zh: 迁徙指数, en: Index}, format: two_decimals}
  share: {heading: {zh: 占比（%）, en: Share (%)}, format: share}
  risk_level: {heading: {zh: 风险等级, en: Risk}, format: "label:risk_level"}
*/
SELECT
    m.direction,
    CASE m.other_city_region_id WHEN 'all' THEN '合计' ELSE coalesce(r.name_zh, m.other_city_region_id)
        END AS name_zh,
    CASE m.other_city_region_id WHEN 'all' THEN 'Total'
        ELSE coalesce(r.name_en, r.name_zh, m.other_city_region_id) END AS name_en,
    m.other_city_region_id = 'all' AS is_total,
    m.missing_reason,
    m.value_date,
    m.persons,
    m.migration_index,
    m.share,
    m.risk_level
FROM lake.marts.city_migration_daily AS m
LEFT JOIN lake.bronze.regions AS r ON r.region_id = m.other_city_region_id
WHERE m.data_date = $data_date
    AND m.device_count IS NOT NULL
    AND (m.other_city_region_id = 'all' OR m.size_rank <= 5)
ORDER BY m.direction, is_total, m.size_rank, m.other_city_region_id
