/*
kind: table
title: {zh: 隔离的数据行, en: Quarantined rows}
note:
  zh: 报告日当日数据中被拒收的行；原文件与行号可用 citypulse quarantine 查询。
  en: Rows of the day that were refused; 'citypulse quarantine' lists their files and lines.
columns:
  feed: {heading: {zh: 数据源, en: Feed}, format: "label:feed"}
  table_name: {heading: {zh: 数据表, en: Table}, format: text}
  code: {heading: {zh: 原因, en: Reason}, format: "label:quarantine"}
  row_count: {heading: {zh: 行数, en: Rows}, format: integer}
*/
SELECT
    CASE WHEN grouping(feed) = 1 THEN 'all' ELSE feed END AS feed,
    table_name,
    code,
    grouping(feed) = 1 AS is_total,
    count(*) AS row_count
FROM lake.quarantine.rows
WHERE data_date = $data_date
GROUP BY GROUPING SETS ((feed, table_name, code), ())
HAVING count(*) > 0
ORDER BY is_total, row_count DESC, feed, table_name, code
