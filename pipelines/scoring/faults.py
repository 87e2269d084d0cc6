"""Quarantine held against the log of planted faults.

Rows are matched by feed, file and physical line; files by feed and name; duplicates by keys that
are still double in the lake; late rows by the line they came from and the date they went to.
"""

from __future__ import annotations

import polars as pl

from pipelines.feeds.contract import load_feed
from pipelines.scoring.lines import ScoreLine, at_least, at_most, share, shown, targets, unavailable
from pipelines.scoring.view import View

MART = "quarantine"
_PLACE = ["feed", "file", "line"]


def score_faults(view: View) -> list[ScoreLine]:
    """A line or two for every fault kind in the truth, then what was kept over all."""
    planted = view.known("faults")
    if planted.is_empty():
        return [unavailable(MART, "all fault kinds", "no faults were planted")]
    arrived = _ingested_files(view)
    seen = planted.join(arrived.select("feed", "file").unique(), on=["feed", "file"], how="semi")
    by_expected = {
        "quarantine_row": _row_faults,
        "quarantine_file": _file_faults,
        "duplicate": _duplicates,
        "late": _late,
        "gap": _gaps,
        "semantic": _semantic,
    }
    lines: list[ScoreLine] = []
    for expected, judge in by_expected.items():
        # a gap has no file, and a file sent twice is known under one of its names only
        source = planted if expected in ("gap", "duplicate") else seen
        found = source.filter(pl.col("expected") == expected)
        absent = planted.filter(pl.col("expected") == expected).height - found.height
        if found.height:
            lines += judge(view, found)
        if absent:
            why = f"{absent} planted in files that were never ingested"
            lines.append(unavailable(MART, f"{expected}: not ingested", why))
    return [*lines, *_kept(view)]


def _named(view: View, rows: pl.DataFrame) -> pl.DataFrame:
    """With column `file`: the bare name. Of two files with the same bytes ingest knows one; the
    copy is given its original's name."""
    copies = view.known("faults").drop_nulls("same_as").select("file", "same_as").unique()
    file = pl.col("file_name").str.split("/").list.last()
    return rows.with_columns(
        file.replace(copies["file"].to_list(), copies["same_as"].to_list()).alias("file")
    )


def _ingested_files(view: View) -> pl.DataFrame:
    """(feed, file, sha256) of every file ingest has looked at, refused ones included."""
    rows = view.query(
        "SELECT feed, file_name, sha256 FROM lake.ops.files "
        "UNION SELECT feed, file_name, sha256 FROM lake.quarantine.files"
    )
    return _named(view, rows).select("feed", "file", "sha256")


def _refused_rows(view: View) -> pl.DataFrame:
    """(feed, file, line, code) of every refused row, once however often it was read."""
    rows = view.query(
        "SELECT feed, file_name, source_line AS line, min(code) AS code "
        "FROM lake.quarantine.rows GROUP BY ALL"
    )
    return _named(view, rows).select(*_PLACE, "code").unique(subset=_PLACE)


def _row_faults(view: View, planted: pl.DataFrame) -> list[ScoreLine]:
    found = _refused_rows(view)
    matched = planted.join(found, on=_PLACE, how="left", suffix="_found", nulls_equal=True)
    lines = []
    for (kind,), group in sorted(matched.group_by("kind")):
        caught = group.filter(pl.col("code_found").is_not_null())
        codes = ", ".join(caught["code_found"].unique().sort().to_list())
        coded = caught.filter(pl.col("code").is_not_null())
        right = coded.filter(pl.col("code") == pl.col("code_found")).height
        note = f"{caught.height} of {group.height} rows; codes: {codes or 'none'}"
        if coded.height:
            note += f"; {right} of {coded.height} with the expected code"
        recall = share(caught.height, group.height)
        lines.append(at_least(MART, f"{kind}: recall", recall, targets()[MART]["recall"], note))
    wrong = found.join(planted, on=_PLACE, how="anti")
    note = f"{wrong.height} of {found.height} refused rows were not planted"
    if wrong.height:
        first = wrong.sort(_PLACE).row(0, named=True)
        note += f", e.g. {first['file']} line {first['line']}: {first['code']}"
    precision = share(found.height - wrong.height, found.height)
    lines.append(at_least(MART, "rows: precision", precision, targets()[MART]["precision"], note))
    return lines


def _file_faults(view: View, planted: pl.DataFrame) -> list[ScoreLine]:
    refused = view.query("SELECT DISTINCT feed, file_name, code FROM lake.quarantine.files")
    refused = _named(view, refused).unique(subset=["feed", "file"])
    matched = planted.join(refused, on=["feed", "file"], how="left", suffix="_found")
    lines = []
    for (kind,), group in sorted(matched.group_by("kind")):
        caught = group.filter(pl.col("code_found").is_not_null())
        codes = ", ".join(caught["code_found"].unique().sort().to_list())
        note = f"{caught.height} of {group.height} files; codes: {codes or 'none'}"
        recall = share(caught.height, group.height)
        lines.append(
            at_least(MART, f"{kind}: recall", recall, targets()[MART]["file_recall"], note)
        )
    wrong = refused.join(planted, on=["feed", "file"], how="anti").sort("feed", "file")
    note = f"{wrong.height} of {refused.height} refused files were not planted"
    if wrong.height:
        note += f", e.g. {wrong['file'][0]}: {wrong['code'][0]}"
    precision = share(refused.height - wrong.height, refused.height)
    target = targets()[MART]["file_precision"]
    return [*lines, at_least(MART, "files: precision", precision, target, note)]


def _duplicates(view: View, planted: pl.DataFrame) -> list[ScoreLine]:
    """Keys still double in the lake on the dates with planted copies."""
    lines = []
    for (kind,), group in sorted(planted.group_by("kind")):
        rows, doubled = 0, 0
        for (feed, table), faults in sorted(group.group_by("feed", "table_name")):
            key = ", ".join(load_feed(str(feed)).tables[str(table)].key)
            counted = view.query(
                f"SELECT count(*) AS n, count(DISTINCT ({key})) AS keys "
                f"FROM lake.bronze.{table} WHERE list_contains(?, data_date)",
                faults["data_date"].unique().to_list(),
            )
            rows += int(counted["n"][0])
            doubled += int(counted["n"][0] - counted["keys"][0])
        measure, what = f"{kind}: recall", "rows" if kind == "duplicate_rows" else "files"
        if not rows:
            lines.append(unavailable(MART, measure, "the dates with copies are not in the lake"))
            continue
        note = f"{group.height} {what} planted, {doubled} keys still double"
        recall = max(0.0, 1 - share(doubled, group.height))
        lines.append(at_least(MART, measure, recall, targets()[MART]["recall"], note))
    return lines


def _late(view: View, planted: pl.DataFrame) -> list[ScoreLine]:
    """Late and corrected rows that are in the lake, under their own data date."""
    files = _ingested_files(view).join(planted.select("feed", "file").unique(), on=["feed", "file"])
    place = [*_PLACE, "data_date"]
    lines = []
    for (kind,), group in sorted(planted.group_by("kind")):
        kept = 0
        for (feed, table), faults in group.group_by("feed", "table_name"):
            hashes = files.filter(pl.col("feed") == feed)
            rows = view.query(
                "SELECT source_sha256 AS sha256, source_line AS line, data_date "
                f"FROM lake.bronze.{table} WHERE list_contains(?, source_sha256)",
                hashes["sha256"].unique().to_list(),
            ).join(hashes, on="sha256")
            kept += faults.join(rows, on=place, how="semi").height
        note = f"{kept} of {group.height} rows are under their own data date"
        recall = share(kept, group.height)
        lines.append(at_least(MART, f"{kind}: recall", recall, targets()[MART]["recall"], note))
    return lines


def _gaps(view: View, planted: pl.DataFrame) -> list[ScoreLine]:
    """A missing file must leave nothing: no rows and no zeros in its place."""
    invented = 0
    for table, provider, day in planted.select("table_name", "provider", "data_date").rows():
        counted = view.query(
            f"SELECT count(*) AS n FROM lake.bronze.{table} WHERE provider = ? AND data_date = ?",
            provider,
            day,
        )
        invented += int(counted["n"][0] > 0)
    honest = planted.height - invented
    note = f"{honest} of {planted.height} gaps stayed empty"
    recall = share(honest, planted.height)
    return [at_least(MART, "gap: left empty", recall, targets()[MART]["recall"], note)]


def _semantic(view: View, planted: pl.DataFrame) -> list[ScoreLine]:
    """Faults no row check can see: shown, never judged."""
    rows = _refused_rows(view)
    lines = []
    for (kind,), group in sorted(planted.group_by("kind")):
        caught = group.join(rows, on=_PLACE, how="semi").height
        note = f"{group.height} rows planted within the contract's range: no row check sees them"
        lines.append(shown(MART, f"{kind} (plausible): refused", caught, note))
    return lines


def _kept(view: View) -> list[ScoreLine]:
    """Rows in the lake against the rows that should be there, table by table."""
    wanted = view.known("rows_daily").group_by("table_name").agg(pl.col("rows_to_keep").sum())
    lines = []
    limit = targets()[MART]["rows_missing_share"]
    for table, rows_to_keep in wanted.sort("table_name").rows():
        have = int(
            view.query(
                f"SELECT count(*) AS n FROM lake.bronze.{table} "
                "WHERE data_date BETWEEN ? - INTERVAL 7 DAY AND ?",
                view.start,
                view.end,
            )["n"][0]
        )
        note = f"{have} rows in the lake, {rows_to_keep} to be kept"
        difference = abs(have - rows_to_keep) / max(rows_to_keep, 1)
        what = "rows missing or too many"
        lines.append(at_most(f"bronze.{table}", what, difference, limit, note))
    return lines
