-- Did any row get lost on the way? 数据去向核对
-- Rows in = accepted + quarantined + duplicate, by step and feed over all runs.
SELECT
    step,
    feed,
    sum(rows_in) AS rows_in,
    sum(rows_accepted) AS rows_accepted,
    sum(rows_quarantined) AS rows_quarantined,
    sum(rows_duplicate) AS rows_duplicate,
    sum(rows_in) - sum(rows_accepted) - sum(rows_quarantined) - sum(rows_duplicate) AS rows_lost
FROM ops.outcomes
GROUP BY ALL
ORDER BY step, feed NULLS LAST;
