-- Where do people move? 区域间人口流动前十
-- The ten largest published flows of the newest day. Counts are of devices; flows under k are
-- empty and not part of the shares.
SELECT
    data_date,
    from_region_id,
    to_region_id,
    device_count,
    round(100 * share, 1) AS share_pct
FROM migration_daily
WHERE data_date = (SELECT max(data_date) FROM migration_daily) AND device_count IS NOT NULL
ORDER BY device_count DESC, from_region_id, to_region_id
LIMIT 10;
