-- Roles on a PostgreSQL catalog (psql -d <catalog database> -f warehouse/roles.sql).
-- Running it again changes nothing. Give people a role with: GRANT citypulse_engineer TO alice;
--
-- There is no analyst role here on purpose: whoever can read the catalog can read the small inserts
-- of every schema, bronze included. Analysts read the exported marts-<release>.duckdb.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'citypulse_writer') THEN
        CREATE ROLE citypulse_writer NOLOGIN;    -- the pipeline: ingest, publish, maintenance
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'citypulse_engineer') THEN
        CREATE ROLE citypulse_engineer NOLOGIN;  -- people who look into every layer
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'citypulse_exporter') THEN
        CREATE ROLE citypulse_exporter NOLOGIN;  -- reads the lake to write exports and reports
    END IF;
END
$$;

GRANT USAGE, CREATE ON SCHEMA public TO citypulse_writer;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO citypulse_writer;
GRANT USAGE ON SCHEMA public TO citypulse_engineer, citypulse_exporter;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO citypulse_engineer, citypulse_exporter;

-- DuckLake makes catalog tables as it goes: whatever the writer creates, readers may read.
ALTER DEFAULT PRIVILEGES FOR ROLE citypulse_writer IN SCHEMA public
GRANT SELECT ON TABLES TO citypulse_engineer, citypulse_exporter;
