/*
kind: table
title: {zh: 本次发布更正的数据日, en: Days this release corrected}
note:
  zh: 本次发布改动、而此前发布已有的数据日即为更正；新增的数据日不算。
  en: A day this release changed and an earlier one had; days that are new do not count.
columns:
  table_name: {heading: {zh: 数据集, en: Mart}, format: text}
  corrected_days: {heading: {zh: 更正（天）, en: Corrected days}, format: integer}
  first_date: {heading: {zh: 最早, en: First}, format: day}
  last_date: {heading: {zh: 最晚, en: Last}, format: day}
*/
SELECT
    now.table_name,
    count(*) AS corrected_days,
    min(now.data_date) AS first_date,
    max(now.data_date) AS last_date
FROM lake.ops.release_contents AS now
WHERE now.release = $release
    AND now.layer = 'marts'
    AND now.data_date <= $data_date
    AND EXISTS (
        SELECT 1 FROM lake.ops.release_contents AS earlier
        WHERE earlier.release < now.release
            AND earlier.layer = now.layer
            AND earlier.table_name = now.table_name
            AND earlier.data_date = now.data_date
    )
GROUP BY now.table_name
ORDER BY now.table_name
