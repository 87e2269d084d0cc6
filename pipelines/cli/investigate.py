"""Person-level look-ups under a case number and two approvers, and their audit log."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.cli.app import app
from pipelines.cli.output import CsvFlag, Format, JsonFlag, out, show
from pipelines.dates import parse_date
from pipelines.outcomes import new_run_id
from pipelines.settings import load_settings

investigate_app = typer.Typer(
    no_args_is_help=True,
    help="Person-level look-ups: a case number, two approvers, an audit record, a result that "
    "expires. Never marts.",
)
audit_app = typer.Typer(
    no_args_is_help=True, help="The append-only, hash-chained log of every look-up."
)
app.add_typer(investigate_app, name="investigate")
app.add_typer(audit_app, name="audit")

CaseOption = Annotated[str, typer.Option("--case", metavar="NUMBER", help="Case number.")]
RequesterOption = Annotated[str, typer.Option(metavar="NAME", help="Who asks.")]
ApproverOption = Annotated[
    list[str],
    typer.Option("--approver", metavar="NAME", help="Who approved; give it twice, two people."),
]
PurposeOption = Annotated[
    str, typer.Option(metavar="PURPOSE", help="One of the purposes of docs/investigations.md.")
]
SubjectsOption = Annotated[
    Path,
    typer.Option(
        metavar="FILE",
        help="CSV 'feed,id' of the persons, readable by you alone; - for standard input.",
    ),
]
WHO = (
    "--case LJ-2020-0018 --requester wang.fang --approver li.na --approver zhang.wei "
    "--purpose contact_tracing --subjects persons.csv"
)


def _carry_out(
    kind: str,
    who: tuple[str, str, list[str], str, Path],
    first: date,
    last: date,
    options: dict[str, Any],
) -> None:
    """Look up and say where the result lies; nothing about a person is printed."""
    from pipelines.investigate.approval import planned
    from pipelines.investigate.look_up import carry_out
    from pipelines.investigate.request import Request

    case, requester, approvers, purpose, subjects = who
    settings = load_settings()
    window, more = planned(settings, kind, first, last, options)
    request = Request(
        kind=kind,
        case_number=case,
        requester=requester,
        approvers=tuple(approvers),
        purpose=purpose,
        window=window,
        subjects={},
        options=more,
    )
    result = carry_out(settings, request, subjects, run_id=new_run_id())
    out.print(
        f"result: {result.folder}\nrows: {result.manifest['rows']}\n"
        f"deleted after: {result.manifest['expires_at']}",
        soft_wrap=True,
        highlight=False,
    )


@investigate_app.command(
    "travel-history",
    epilog=f"Examples:\n\ncitypulse investigate travel-history --date 2020-02-18 {WHO}",
)
def travel_history(
    date_: Annotated[
        str, typer.Option("--date", metavar="D", help="The day asked about; its 14 days before.")
    ],
    case: CaseOption,
    requester: RequesterOption,
    approver: ApproverOption,
    purpose: PurposeOption,
    subjects: SubjectsOption,
    contact: Annotated[
        bool, typer.Option("--contact", help="The persons are known contacts of a case.")
    ] = False,
) -> None:
    """Cities with a stay over 4 h in the 14 full days before, with the risk of each."""
    day = parse_date(date_)
    who = (case, requester, approver, purpose, subjects)
    _carry_out("travel-history", who, day, day, {"is_contact": contact})


@investigate_app.command(
    "fellow-travellers",
    epilog=f"Examples:\n\ncitypulse investigate fellow-travellers --onset 2020-02-10 {WHO}\n\n"
    "citypulse investigate fellow-travellers --onset 2020-02-10 --until 2020-02-12 "
    f"--no-air-filter {WHO}",
)
def fellow_travellers(
    onset: Annotated[
        str, typer.Option(metavar="D", help="Day of onset, or of sampling without symptoms.")
    ],
    case: CaseOption,
    requester: RequesterOption,
    approver: ApproverOption,
    purpose: PurposeOption,
    subjects: SubjectsOption,
    until: Annotated[
        str | None, typer.Option(metavar="D", help="Day of isolation (default: the onset).")
    ] = None,
    no_air_filter: Annotated[
        bool, typer.Option("--no-air-filter", help="The aircraft have no HEPA filter: whole cabin.")
    ] = False,
) -> None:
    """Who rode with the persons from the look-back before onset until isolation."""
    first = parse_date(onset)
    who = (case, requester, approver, purpose, subjects)
    last = parse_date(until) if until else first
    _carry_out("fellow-travellers", who, first, last, {"no_air_filter": no_air_filter})


@investigate_app.command(
    "same-place",
    epilog="Examples:\n\n"
    f"citypulse investigate same-place --from 2020-02-10 --to 2020-02-12 {WHO}\n\n"
    f"citypulse investigate same-place --from 2020-02-10 --to 2020-02-12 --set shanghai {WHO}",
)
def same_place(
    from_: Annotated[str, typer.Option("--from", metavar="D", help="First day that counts.")],
    to: Annotated[str, typer.Option("--to", metavar="D", help="Last day that counts.")],
    case: CaseOption,
    requester: RequesterOption,
    approver: ApproverOption,
    purpose: PurposeOption,
    subjects: SubjectsOption,
    set_: Annotated[
        str, typer.Option("--set", metavar="NAME", help="Parameter set: chengdu or shanghai.")
    ] = "chengdu",
) -> None:
    """Phones near the persons' phones at the same time: screening only, never contacts."""
    who = (case, requester, approver, purpose, subjects)
    _carry_out("same-place", who, parse_date(from_), parse_date(to), {"parameter_set": set_})


@investigate_app.command(
    epilog=f"Examples:\n\ncitypulse investigate returnees --from 2020-02-05 --to 2020-02-18 {WHO}",
)
def returnees(
    from_: Annotated[str, typer.Option("--from", metavar="D", help="First day of arrival.")],
    to: Annotated[str, typer.Option("--to", metavar="D", help="Last day of arrival.")],
    case: CaseOption,
    requester: RequesterOption,
    approver: ApproverOption,
    purpose: PurposeOption,
    subjects: SubjectsOption,
) -> None:
    """When the persons came into the city, from where and what risk, by what, and their home."""
    who = (case, requester, approver, purpose, subjects)
    _carry_out("returnees", who, parse_date(from_), parse_date(to), {})


@investigate_app.command(
    epilog="Examples:\n\ncitypulse investigate results\n\ncitypulse investigate results --json"
)
def results(as_json: JsonFlag = False, as_csv: CsvFlag = False) -> None:
    """List the results that have not expired: case, kind, rows, when they are deleted."""
    from pipelines.investigate.results import stored

    columns = ("case_number", "kind", "rows", "created_at", "expires_at")
    rows = [
        (*(found.manifest[name] for name in columns), str(found.folder))
        for found in stored(load_settings())
    ]
    show((*columns, "folder"), rows, Format(as_json, as_csv), title="results")


@investigate_app.command(epilog="Examples:\n\ncitypulse investigate expire")
def expire() -> None:
    """Delete expired results and files of subjects; every deletion is in the audit log."""
    from pipelines.investigate.results import expire as delete_expired

    deleted = delete_expired(load_settings())
    out.print(f"deleted: {len(deleted)}")


@audit_app.command(
    epilog="Examples:\n\ncitypulse audit verify\n\ncitypulse audit verify --anchor 120:9f3c..."
)
def verify(
    anchor: Annotated[
        list[str] | None,
        typer.Option(metavar="N:HASH", help="A head noted elsewhere, as this command prints it."),
    ] = None,
) -> None:
    """Check every record, and the heads anchored in the lake and given here; status 3 if broken."""
    from pipelines.investigate import audit
    from pipelines.investigate.look_up import anchors

    settings = load_settings()
    given = [audit.Head.parse(text) for text in anchor or []]
    head = audit.verify(settings, [*anchors(settings), *given])
    out.print(f"{head.records} records, whole\nanchor: {head}", highlight=False, soft_wrap=True)


@audit_app.command("show", epilog="Examples:\n\ncitypulse audit show\n\n"
    "citypulse audit show --case LJ-2020-0018 --json")  # fmt: skip
def show_log(
    case: Annotated[
        str | None, typer.Option("--case", metavar="NUMBER", help="Only this case.")
    ] = None,
    as_json: JsonFlag = False,
    as_csv: CsvFlag = False,
) -> None:
    """List the records, oldest first; subjects are under the log's own pseudonyms."""
    from pipelines.investigate import audit

    told = ("case_number", "kind", "purpose", "requester")
    fmt = Format(as_json, as_csv)
    rows = [
        (
            record.number, record.at.isoformat(timespec="seconds"), record.action,
            *(record.details.get(name) for name in told),
            ", ".join(record.details.get("approvers", [])),
            record.details.get("reason") or record.details.get("rows"),
            record.hash[:12] if fmt.for_people else record.hash,
        )
        for record in audit.records(load_settings())
        if case is None or record.details.get("case_number") == case
    ]  # fmt: skip
    show(("number", "at", "action", *told, "approvers", "reason or rows", "hash"), rows, fmt)
