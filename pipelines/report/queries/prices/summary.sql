/*
kind: figure
title: {zh: 价格线索概况, en: Price leads in brief}
unit: {zh: 条, en: leads}
note:
  zh: 线索为规则比对结果，供核查，不是认定。
  en: Leads come from comparing prices with rules; they are for checking, not findings.
*/
WITH offers AS (
    SELECT data_date, count(*) AS offer_count, count(DISTINCT shop_id) AS monitored_shop_count
    FROM lake.bronze.listings
    WHERE data_date BETWEEN $data_date - 1 AND $data_date
    GROUP BY data_date
),
days AS (
    SELECT
        o.data_date,
        any_value(o.offer_count) AS offer_count,
        any_value(o.monitored_shop_count) AS monitored_shop_count,
        count(DISTINCT l.lead_id) AS lead_count,
        count(DISTINCT l.shop_id) AS shop_count,
        count(DISTINCT l.product_id) AS product_count,
        count(DISTINCT l.lead_id) FILTER (WHERE l.grade = 'A') AS grade_a_count,
        count(DISTINCT l.lead_id) FILTER (WHERE l.grade = 'B') AS grade_b_count,
        count(DISTINCT l.lead_id) FILTER (WHERE l.grade = 'C') AS grade_c_count
    FROM offers AS o
    LEFT JOIN lake.marts.price_leads AS l ON l.data_date = o.data_date
    GROUP BY o.data_date
)
SELECT
    t.*,
    t.lead_count - p.lead_count AS lead_count_change
FROM days AS t
LEFT JOIN days AS p ON p.data_date = t.data_date - 1
WHERE t.data_date = $data_date
