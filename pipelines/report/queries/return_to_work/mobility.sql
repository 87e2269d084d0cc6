/*
kind: figure
title: {zh: 员工返岗（手机信令）, en: People back at their posts (signaling)}
note:
  zh: 在工作地停留两小时以上的员工占比，与上年十二月同类日（工作日或休息日）之比；按运营商份额加权。返岗与企业复工分开统计。
  en: Share of workers two hours or more at their workplace, against December's days of the same kind, weighted by carriers. Counted apart from enterprises.
*/
SELECT
    t.data_date,
    t.value_date,
    t.missing_reason,
    t.index_pct,
    t.index_pct - p.index_pct AS index_change,
    t.index_7d_pct,
    t.in_city_pct,
    t.cumulative_active_pct,
    t.intracity_loss_pct
FROM lake.marts.mobility_return_to_work_daily AS t
LEFT JOIN lake.marts.mobility_return_to_work_daily AS p
    ON p.region_id = t.region_id
    AND p.data_date = t.data_date - 1
    AND p.value_date = t.value_date - 1
    AND p.is_workday = t.is_workday
WHERE t.data_date = $data_date AND t.region_id = $city_region_id
