/*
kind: table
title: {zh: 价格线索的区县分布, en: Price leads by district}
unit: {zh: 条, en: leads}
columns:
  name: {heading: {zh: 区县, en: District}, format: text}
  grade_a_count: {heading: {zh: A级, en: Grade A}, format: integer}
  grade_b_count: {heading: {zh: B级, en: Grade B}, format: integer}
  grade_c_count: {heading: {zh: C级, en: Grade C}, format: integer}
  lead_count: {heading: {zh: 合计, en: Total}, format: integer}
  shop_count: {heading: {zh: 涉及商户（户）, en: Shops}, format: integer}
*/
SELECT
    CASE WHEN grouping(p.region_id) = 1 THEN '合计' ELSE coalesce(any_value(r.name_zh), p.region_id) END
        AS name_zh,
    CASE WHEN grouping(p.region_id) = 1 THEN 'Total' ELSE coalesce(any_value(r.name_en), p.region_id) END
        AS name_en,
    grouping(p.region_id) = 1 AS is_total,
    count(DISTINCT p.lead_id) FILTER (WHERE p.grade = 'A') AS grade_a_count,
    count(DISTINCT p.lead_id) FILTER (WHERE p.grade = 'B') AS grade_b_count,
    count(DISTINCT p.lead_id) FILTER (WHERE p.grade = 'C') AS grade_c_count,
    count(DISTINCT p.lead_id) AS lead_count,
    count(DISTINCT p.shop_id) AS shop_count
FROM lake.marts.price_leads AS p
LEFT JOIN lake.bronze.regions AS r ON r.region_id = p.region_id
WHERE p.data_date = $data_date
GROUP BY ROLLUP (p.region_id)
HAVING count(*) > 0
ORDER BY is_total, lead_count DESC, p.region_id
