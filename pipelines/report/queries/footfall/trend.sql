/*
kind: chart
title: {zh: 每日客流, en: Visitors a day}
unit: {zh: 人次, en: visits}
*/
SELECT data_date, CASE WHEN value_date = data_date THEN visitors END AS visitors
FROM lake.marts.footfall_daily_summary
WHERE data_date BETWEEN $data_date - 34 AND $data_date
ORDER BY data_date
