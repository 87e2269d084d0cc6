/*
kind: table
title: {zh: 为保护隐私而抑制的单元, en: Cells suppressed for privacy}
columns:
  mart: {heading: {zh: 数据集, en: Mart}, format: text}
  suppressed_cells: {heading: {zh: 抑制单元（个）, en: Suppressed cells}, format: integer}
  cells: {heading: {zh: 全部单元（个）, en: All cells}, format: integer}
*/
SELECT
    'migration_daily' AS mart,
    count(*) FILTER (WHERE missing_reason = 'suppressed') AS suppressed_cells,
    count(*) AS cells
FROM lake.marts.migration_daily
WHERE data_date = $data_date
UNION ALL
SELECT
    'city_migration_daily',
    count(*) FILTER (WHERE missing_reason = 'suppressed'),
    count(*)
FROM lake.marts.city_migration_daily
WHERE data_date = $data_date
UNION ALL
SELECT
    'mobility_return_to_work_daily',
    count(*) FILTER (WHERE missing_reason = 'suppressed'),
    count(*)
FROM lake.marts.mobility_return_to_work_daily
WHERE data_date = $data_date
UNION ALL
SELECT
    'return_to_work_daily',
    count(*) FILTER (WHERE missing_reason = 'suppressed'),
    count(*)
FROM lake.marts.return_to_work_daily
WHERE data_date = $data_date
UNION ALL
SELECT
    'voucher_campaign_daily',
    count(*) FILTER (WHERE missing_reason = 'suppressed'),
    count(*)
FROM lake.marts.voucher_campaign_daily
WHERE data_date = $data_date
ORDER BY mart
