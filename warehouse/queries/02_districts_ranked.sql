-- Which districts lag behind? 各区复工复产排名
-- Districts on the newest day by index, with the change since the day before.
WITH districts AS (
    SELECT
        *,
        index_value - lag(index_value) OVER (PARTITION BY region_id ORDER BY data_date)
            AS change_points
    FROM return_to_work_daily
    WHERE region_id <> '990100' AND industry_code = 'all' AND scale = 'all'
)

SELECT
    rank() OVER (ORDER BY index_value DESC NULLS LAST) AS place,
    region_id,
    index_value,
    round(change_points, 2) AS change_points,
    resumption_rate_pct,
    recovery_rate_pct,
    enterprise_count
FROM districts
WHERE data_date = (SELECT max(data_date) FROM return_to_work_daily)
ORDER BY place, region_id;
