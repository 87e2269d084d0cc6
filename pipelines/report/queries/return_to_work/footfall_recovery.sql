/*
kind: figure
title: {zh: 商场客流恢复率, en: Recovery of footfall}
note:
  zh: 实际客流与无疫情预测客流之比；预测由疫前平常日拟合，历史不足则不预测。
  en: Visitors over those predicted without the epidemic by a model of the ordinary days before it.
*/
SELECT
    data_date,
    value_date,
    missing_reason,
    recovery_pct,
    open_recovery_pct,
    open_share
FROM lake.marts.footfall_recovery_daily
WHERE data_date = $data_date AND region_id = $city_region_id
