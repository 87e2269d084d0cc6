/*
kind: figure
title: {zh: 跨市流入的来源地风险, en: Arrivals by risk of their origin}
note:
  zh: 仅含已公布的流向；风险等级按当日名单，未列入者为低风险。
  en: Published flows only; risk by the day's list, unlisted is low.
*/
SELECT
    max(value_date) AS value_date,
    CASE
        WHEN bool_or(missing_reason = 'stale') THEN 'stale'
        WHEN max(share) IS NULL THEN 'suppressed'
    END AS missing_reason,
    CASE WHEN max(share) IS NOT NULL THEN
        coalesce(max(share) FILTER (WHERE risk_level = 'high'), 0) END AS high_share,
    CASE WHEN max(share) IS NOT NULL THEN
        coalesce(max(share) FILTER (WHERE risk_level = 'medium'), 0) END AS medium_share,
    CASE WHEN max(share) IS NOT NULL THEN
        coalesce(max(share) FILTER (WHERE risk_level = 'low'), 0) END AS low_share,
    CAST(sum(suppressed_origin_count) AS BIGINT) AS suppressed_origins
FROM lake.marts.city_inflow_risk_daily
WHERE data_date = $data_date
HAVING count(*) > 0
