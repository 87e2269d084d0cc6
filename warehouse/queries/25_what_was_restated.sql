-- Which published values of the power index were restated since, and by how much? 指数修订
-- Every number a release changed after its first publication; cell is the mart's key as JSON.
SELECT
    v.data_date,
    v.cell,
    v.column_name,
    v.old_value,
    v.new_value,
    v.release,
    r.published_at,
    r.kind
FROM ops.revisions AS v
INNER JOIN ops.releases AS r ON v.release = r.release
WHERE v.mart = 'return_to_work_daily' AND v.column_name = 'index_value'
ORDER BY v.data_date DESC, v.release DESC, v.cell
LIMIT 200;
