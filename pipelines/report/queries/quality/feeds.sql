/*
kind: table
title: {zh: 数据源时效, en: Freshness of the feeds}
note:
  zh: 时限取自各数据源契约；数据日为该源最新一日。
  en: What each feed's contract promises, and the feed's newest data date.
columns:
  feed: {heading: {zh: 数据源, en: Feed}, format: "label:feed"}
  last_date: {heading: {zh: 最新数据日, en: Newest data date}, format: day}
  age_days: {heading: {zh: 距报告日（天）, en: Age (days)}, format: integer}
  fresh_within_hours: {heading: {zh: 契约时限（小时）, en: Promised within (hours)}, format: integer}
  feed_state: {heading: {zh: 状态, en: State}, format: "label:feed_state"}
*/
SELECT
    feed,
    max(last_date) AS last_date,
    $data_date - max(last_date) AS age_days,
    max(fresh_within_hours) AS fresh_within_hours,
    CASE
        WHEN max(last_date) IS NULL THEN 'missing'
        WHEN 24 * ($data_date - max(last_date)) > max(fresh_within_hours) THEN 'stale'
        ELSE 'fresh'
    END AS feed_state
FROM $feed_dates
GROUP BY feed
ORDER BY feed_state = 'fresh', feed
