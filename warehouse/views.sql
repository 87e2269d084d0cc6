-- Views for whoever reads a release; made anew in every connection that opens one.

-- Every partition of every release, resolved: ops.release_contents holds only what each changed.
CREATE OR REPLACE TEMP VIEW release_partitions AS
SELECT r.release, c.layer, c.table_name, c.data_date, c.row_count, c.content_hash,
       c.release AS changed_in_release
FROM lake.ops.releases AS r
INNER JOIN lake.ops.release_contents AS c ON c.release <= r.release
QUALIFY row_number() OVER (
    PARTITION BY r.release, c.layer, c.table_name, c.data_date ORDER BY c.release DESC
) = 1 AND c.row_count > 0;

-- The newest verdict on every rule.
CREATE OR REPLACE TEMP VIEW newest_gate_results AS
SELECT *
FROM lake.ops.gate_results
QUALIFY dense_rank() OVER (ORDER BY checked_at DESC, run_id) = 1;
