-- What was published when, and by which code? 发布记录
-- Every release with its dates, gate verdict and the partitions it changed.
SELECT
    r.release,
    r.kind,
    r.restores_release,
    r.window_start,
    r.window_end,
    r.gate_status,
    r.code_version,
    count(*) FILTER (WHERE p.changed_in_release = r.release) AS partitions_changed,
    sum(p.row_count) AS rows_in_all
FROM ops.releases AS r
INNER JOIN release_partitions AS p ON r.release = p.release
GROUP BY ALL
ORDER BY r.release DESC;
