"""Commands on releases: list, roll back, compare."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.cli.app import app
from pipelines.cli.output import CsvFlag, Format, JsonFlag, out, show
from pipelines.outcomes import new_run_id
from pipelines.settings import load_settings

ReleaseArgument = Annotated[int, typer.Argument(metavar="N", help="Release number.")]


@app.command(epilog="Examples:\n\ncitypulse releases\n\ncitypulse releases --json")
def releases(as_json: JsonFlag = False, as_csv: CsvFlag = False) -> None:
    """List the releases, newest first."""
    from pipelines.publish import releases as list_releases

    fmt = Format(as_json, as_csv)
    rows = [
        (
            r.release, r.kind, str(r.window_start), str(r.window_end), r.gate_status,
            r.content_hash[:12] if fmt.for_people else r.content_hash, r.code_version,
            r.published_at,
        )
        for r in list_releases(load_settings())
    ]  # fmt: skip
    columns = ("release", "kind", "from", "to", "gate", "content hash", "code", "published at")
    show(columns, rows, fmt)


@app.command(epilog="Examples:\n\ncitypulse rollback 3")
def rollback(release: ReleaseArgument) -> None:
    """Publish a new release with the content of release N."""
    from pipelines.publish import rollback as roll_back

    new = roll_back(load_settings(), release, run_id=new_run_id())
    out.print(f"release {new.release} has the content of release {release}")


@app.command(epilog="Examples:\n\ncitypulse diff 3 4\n\ncitypulse diff 3 4 --csv")
def diff(
    old: Annotated[int, typer.Argument(metavar="N", help="Older release.")],
    new: Annotated[int, typer.Argument(metavar="M", help="Newer release.")],
    as_json: JsonFlag = False,
    as_csv: CsvFlag = False,
) -> None:
    """Show what changed between two releases, per mart and date."""
    from pipelines.publish import diff as compare

    rows = [
        (d.mart, str(d.data_date), d.rows_added, d.rows_removed, d.rows_changed)
        for d in compare(load_settings(), old, new)
    ]
    columns = ("mart", "data date", "added", "removed", "changed")
    show(columns, rows, Format(as_json, as_csv), title=f"release {old} -> {new}")
