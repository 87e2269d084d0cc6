/*
kind: figure
title: {zh: 企业用电状态, en: Enterprises by the state of their power}
note:
  zh: 按连续数日用电判断，停工、保温维持、复工、达产分列；复工含达产。停工监测为核查线索，不是认定。
  en: Judged over days in a row; the resumed include those at capacity. The closure watch gives leads, not findings.
*/
SELECT
    s.value_date,
    s.missing_reason,
    s.enterprise_count,
    s.closed_count,
    s.keeping_alive_count,
    s.resumed_count,
    s.at_capacity_count,
    s.newly_resumed_count,
    s.relapsed_count,
    s.ordered_open_count,
    s.allowed_closed_count,
    (
        SELECT count(DISTINCT enterprise_id) FROM lake.marts.power_meter_checks
        WHERE data_date = $data_date
    ) AS meter_count
FROM lake.marts.enterprise_state_daily AS s
WHERE s.data_date = $data_date AND s.region_id = $city_region_id
    AND s.industry_code = 'all' AND s.scale = 'all'
