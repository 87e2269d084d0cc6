/*
kind: figure
sections:
  epidemic:
    title: {zh: 疫情数据时效, en: "Freshness: epidemic"}
    mart: epidemic_daily
    measure: confirmed
  flows:
    title: {zh: 人口流动数据时效, en: "Freshness: population flows"}
    mart: migration_daily
    measure: device_count
  footfall:
    title: {zh: 客流数据时效, en: "Freshness: footfall"}
    mart: footfall_daily_summary
    measure: visitors
  return_to_work:
    title: {zh: 复工复产数据时效, en: "Freshness: return to work"}
    mart: return_to_work_daily
    measure: index_value
  supplies:
    title: {zh: 物资数据时效, en: "Freshness: supplies"}
    mart: supply_demand_forecast
    measure: demand_units
note:
  zh: 最近一个有值的数据日，及其距报告日的天数。
  en: The newest data date with values and its age in days.
*/
SELECT
    max(value_date) FILTER (WHERE $measure IS NOT NULL) AS value_date,
    $data_date - max(value_date) FILTER (WHERE $measure IS NOT NULL) AS age_days,
    max(data_date) = $data_date AS has_rows,
    coalesce(bool_or($measure IS NOT NULL) FILTER (WHERE data_date = $data_date), false)
        AS has_values,
    count(*) FILTER (WHERE data_date = $data_date AND missing_reason = 'suppressed')
        AS suppressed_cells
FROM lake.marts.$mart
WHERE data_date <= $data_date
