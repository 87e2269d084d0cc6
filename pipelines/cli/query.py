"""`citypulse sql`: analysts' questions to one release."""

from __future__ import annotations

import sys
from typing import Annotated

import duckdb
import typer
from rich.markup import escape

from pipelines.cli.app import app
from pipelines.cli.output import CsvFlag, Format, JsonFlag, err, out, show
from pipelines.errors import CityPulseError
from pipelines.settings import load_settings

PROMPT_HELP = """Type SQL ending in ';'. [b].tables[/b] lists the marts, \
[b].columns MART[/b] a mart's columns, [b].quit[/b] leaves."""


LIST_MARTS = """SELECT table_name AS mart FROM duckdb_tables()
WHERE database_name = 'lake' AND schema_name = 'marts' ORDER BY 1;"""


class QueryFailed(CityPulseError):
    """The database could not run a query."""


def _run(con: duckdb.DuckDBPyConnection, query: str, fmt: Format) -> None:
    try:
        cursor = con.execute(query)
        columns = [column[0] for column in cursor.description or []]
        rows = cursor.fetchall()
    except duckdb.Error as error:
        raise QueryFailed(f"the query could not run: {str(error).strip()}") from None
    show(columns, rows, fmt)


def _prompt(con: duckdb.DuckDBPyConnection) -> None:
    import readline  # noqa: F401 (gives input() history and editing)

    out.print(PROMPT_HELP)
    buffer = ""
    while True:
        try:
            line = input("     ... " if buffer else "citypulse> ")
        except EOFError:
            return
        words = line.split()
        if not buffer and words[:1] == [".quit"]:
            return
        if not buffer and words[:1] == [".tables"]:
            buffer = LIST_MARTS
        elif not buffer and words[:1] == [".columns"] and len(words) == 2:
            buffer = f"DESCRIBE marts.{words[1]};"
        else:
            buffer = f"{buffer}\n{line}" if buffer else line
        if buffer.rstrip().endswith(";"):
            try:
                _run(con, buffer, Format())
            except QueryFailed as error:
                err.print(f"[red]{escape(str(error))}[/red]", highlight=False, soft_wrap=True)
            buffer = ""


@app.command(
    epilog="Examples:\n\n"
    'citypulse sql "SELECT data_date, index_value FROM return_to_work_daily LIMIT 5"\n\n'
    'citypulse sql "FROM epidemic_daily" --release 3 --csv\n\n'
    "citypulse sql        (a prompt)"
)
def sql(
    query: Annotated[
        str | None, typer.Argument(metavar="QUERY", help="SQL; without it, a prompt.")
    ] = None,
    release: Annotated[int | None, typer.Option(help="Release (default: the newest).")] = None,
    as_json: JsonFlag = False,
    as_csv: CsvFlag = False,
) -> None:
    """Ask one release in SQL; tables of other layers are `bronze.*`, `quarantine.*`, `ops.*`."""
    from pipelines.publish import open_release

    fmt = Format(as_json, as_csv)
    with open_release(load_settings(), release) as con:
        if query is not None:
            _run(con, query, fmt)
        elif sys.stdin.isatty():
            _prompt(con)
        else:
            _run(con, sys.stdin.read(), fmt)
