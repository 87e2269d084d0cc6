"""What rules in SQL see: the candidate, what is published, and the run, under fixed names.

- `marts.<mart>`, `intermediate.<table>`, `seeds.<seed>`: the candidate's tables
- `published.<mart>`: the mart as the lake has it now, empty if it was never published
- `gate.run`: one row with `window_start`, `window_end` (all dates rebuilt), `requested_start`,
  `requested_end` (the dates asked for) and `city_region_id`
- `gate.marts`: `mart`, `in_candidate`, `is_published`, `has_suite`
- `gate.exposures`: what the checks of pipelines/disclosure find (`check_name`, `mart`, `row`,
  `column_name`, `detail`)
- `gate.contents`: what the build stated and what the file holds, per table and date
- `lake.<schema>.<table>`: everything else, read-only
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date

import duckdb

from pipelines import lake
from pipelines.build import Candidate
from pipelines.errors import NothingToDo
from pipelines.gate.disclosure import exposures_table
from pipelines.lake import PartitionContent
from pipelines.settings import Settings

CANDIDATE_SCHEMAS = ("intermediate", "marts", "seeds")
NOTHING = PartitionContent(0, "")


@contextmanager
def workspace(
    settings: Settings, candidate: Candidate, suites: Collection[str]
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the names above; candidate and lake are opened read-only."""
    if not candidate.database.is_file():
        raise NothingToDo(f"{candidate.database} is missing: build {candidate.requested} again.")
    with lake.connect(settings) as con:
        con.execute(f"ATTACH {lake.quote(str(candidate.database))} AS candidate (READ_ONLY)")
        for schema in (*CANDIDATE_SCHEMAS, "published", "gate"):
            con.execute(f"CREATE SCHEMA {schema}")
        tables = _tables(con)
        for schema in CANDIDATE_SCHEMAS:
            for table in sorted(tables.get(("candidate", schema), ())):
                con.execute(f'CREATE VIEW {schema}."{table}" AS FROM candidate.{schema}."{table}"')
        in_candidate = tables.get(("candidate", "marts"), set())
        published = tables.get(("lake", "marts"), set())
        for mart in sorted(in_candidate | published):
            _published_view(con, mart, mart in published)
        _run_table(con, settings, candidate)
        _marts_table(con, in_candidate, published, suites)
        _contents_table(con, candidate, tables)
        exposures_table(con, in_candidate, settings.city_region_id)
        yield con


def _tables(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], set[str]]:
    """Tables by database and schema."""
    rows = con.execute(
        "SELECT database_name, schema_name, table_name FROM duckdb_tables() WHERE NOT internal"
    ).fetchall()
    tables: dict[tuple[str, str], set[str]] = {}
    for database, schema, table in rows:
        tables.setdefault((database, schema), set()).add(table)
    return tables


def _published_view(con: duckdb.DuckDBPyConnection, mart: str, is_published: bool) -> None:
    source = f'lake.marts."{mart}"' if is_published else f'marts."{mart}" WHERE false'
    con.execute(f'CREATE VIEW published."{mart}" AS FROM {source}')


def _run_table(con: duckdb.DuckDBPyConnection, settings: Settings, candidate: Candidate) -> None:
    con.execute(
        """CREATE TABLE gate.run AS SELECT $1::DATE AS window_start, $2::DATE AS window_end,
           $3::DATE AS requested_start, $4::DATE AS requested_end, $5::VARCHAR AS city_region_id""",
        [
            candidate.window.start,
            candidate.window.end,
            candidate.requested.start,
            candidate.requested.end,
            settings.city_region_id,
        ],
    )


def _marts_table(
    con: duckdb.DuckDBPyConnection,
    in_candidate: Collection[str],
    published: Collection[str],
    suites: Collection[str],
) -> None:
    con.execute(
        "CREATE TABLE gate.marts (mart VARCHAR, in_candidate BOOLEAN, is_published BOOLEAN, "
        "has_suite BOOLEAN)"
    )
    for mart in sorted({*in_candidate, *published, *suites}):
        con.execute(
            "INSERT INTO gate.marts VALUES (?, ?, ?, ?)",
            [mart, mart in in_candidate, mart in published, mart in suites],
        )


def _contents_table(
    con: duckdb.DuckDBPyConnection,
    candidate: Candidate,
    tables: Mapping[tuple[str, str], Collection[str]],
) -> None:
    con.execute(
        "CREATE TABLE gate.contents (layer VARCHAR, table_name VARCHAR, data_date DATE, "
        "stated_rows BIGINT, stated_hash VARCHAR, found_rows BIGINT, found_hash VARCHAR)"
    )
    for layer, contents in (("marts", candidate.marts), ("intermediate", candidate.intermediates)):
        present = tables.get(("candidate", layer), ())
        # a mart that the build did not state must not slip through
        looked_at = {*contents, *(present if layer == "marts" else ())}
        for table in sorted(looked_at):
            stated = contents.get(table, {})
            found: Mapping[date | None, PartitionContent] = {}
            if table in present:
                found = lake.content_by_date(con, f'FROM candidate.{layer}."{table}"')
            for day in {*stated, *found}:
                says = NOTHING if day is None else stated.get(day, NOTHING)
                con.execute(
                    "INSERT INTO gate.contents VALUES (?, ?, ?, ?, ?, ?, ?)",
                    [layer, table, day, *says, *found.get(day, NOTHING)],
                )
