/*
kind: chart
title: {zh: 每日价格线索, en: Price leads a day}
unit: {zh: 条, en: leads}
*/
SELECT data_date, count(DISTINCT lead_id) AS lead_count
FROM lake.marts.price_leads
WHERE data_date BETWEEN $data_date - 34 AND $data_date
GROUP BY data_date
ORDER BY data_date
