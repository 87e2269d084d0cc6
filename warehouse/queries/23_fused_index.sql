-- How far is the city back, all sources together, and how sure is that? 各来源合在一起，全市恢复到多少，有多大把握？
-- The interval holds sampling and the spread between sources; the row says which sources it stands on.
SELECT data_date, index_value, lower_value, upper_value, sources, missing_sources, source_spread_points
FROM return_to_work_fused_daily
WHERE region_id = '990100'
ORDER BY data_date DESC
LIMIT 14
