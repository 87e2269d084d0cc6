"""The log of faults points at what is really wrong, and at nothing else."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import polars as pl
import pytest

from pipelines.simulator.faults import FaultsError, load_faults

ENCODINGS = {"linjiang_grid": "gbk", "linjiang_malls": "utf-8-sig"}


def lines_of(city: Path, fault: dict[str, object]) -> list[str]:
    folder = city / "landing" / str(fault["feed"])
    if fault["provider"] != "canonical":
        folder /= str(fault["provider"])
    content = (folder / str(fault["file"])).read_bytes()
    if str(fault["file"]).endswith(".gz"):
        content = gzip.decompress(content)
    return content.decode(ENCODINGS.get(str(fault["provider"]), "utf-8")).splitlines()


@pytest.fixture(scope="module")
def log(city: Path) -> pl.DataFrame:
    return pl.read_parquet(city / "truth" / "faults.parquet")


def rows_of(city: Path, log: pl.DataFrame, kind: str) -> list[tuple[dict[str, object], str, str]]:
    """(fault, header, the line it points at) of every row fault of a kind."""
    found = []
    for (_feed, _file), group in log.filter(pl.col("kind") == kind).group_by("feed", "file"):
        lines = lines_of(city, group.row(0, named=True))
        header = lines[0]
        found += [(fault, header, lines[fault["line"] - 1]) for fault in group.rows(named=True)]
    assert found, f"no {kind} in the test's city"
    return found


def cell(header: str, line: str, column: str) -> str:
    return line.split(",")[header.split(",").index(column)]


def test_every_default_kind_is_planted(log: pl.DataFrame) -> None:
    planted = {fault.kind for fault in load_faults("default")}
    assert set(log["kind"]) == planted | {"correction"}


def test_impossible_values_are_where_the_log_says(city: Path, log: pl.DataFrame) -> None:
    for fault, header, line in rows_of(city, log, "impossible_value"):
        column, value = str(fault["detail"]).split(" is ")
        assert cell(header, line, column) == value


def test_null_keys_are_where_the_log_says(city: Path, log: pl.DataFrame) -> None:
    for fault, header, line in rows_of(city, log, "null_key"):
        assert cell(header, line, str(fault["detail"]).split(" is ")[0]) == ""


def test_malformed_rows_have_a_field_too_many(city: Path, log: pl.DataFrame) -> None:
    for _fault, header, line in rows_of(city, log, "malformed_row"):
        assert line.count(",") == header.count(",") + 1


def test_copies_are_copies(city: Path, log: pl.DataFrame) -> None:
    for fault, _header, line in rows_of(city, log, "duplicate_rows"):
        assert lines_of(city, fault)[int(str(fault["line"])) - 2] == line


def test_skewed_clocks_are_outside_the_files_dates(city: Path, log: pl.DataFrame) -> None:
    for fault, header, line in rows_of(city, log, "clock_skew"):
        column = "event_at" if fault["table_name"] == "events" else "data_date"
        days = (
            pl.Series([cell(header, line, column)[:10]]).str.to_date()[0] - fault["data_date"]
        ).days
        assert fault["code"] == ("future_date" if days > 0 else "stale_date")
        assert days > 1 or days < -31


def test_late_rows_left_their_own_day(city: Path, log: pl.DataFrame) -> None:
    for fault, _header, line in rows_of(city, log, "late"):
        if fault["table_name"] != "energy_daily":
            continue
        key = json.loads(str(fault["key"]))
        prefix = f"{key['enterprise_id']},{fault['data_date']},"
        assert line.startswith(prefix)
        own = city / "landing" / "power" / f"energy_daily-{fault['data_date']}.csv"
        assert not any(row.startswith(prefix) for row in own.read_text().splitlines())


def test_corrections_bring_the_refused_rows(city: Path, log: pl.DataFrame) -> None:
    corrected = {fault["key"] for fault, _header, _line in rows_of(city, log, "correction")}
    refused = log.filter(
        pl.col("feed") == "power",
        pl.col("provider") == "canonical",
        pl.col("expected") == "quarantine_row",
    )
    assert corrected == set(refused["key"])
    for fault, header, line in rows_of(city, log, "correction"):
        assert cell(header, line, "data_date") == str(fault["data_date"])
        assert 0 < float(cell(header, line, "energy_kwh")) <= 5_000_000


def test_wrong_units_are_refused_only_beyond_the_range(city: Path, log: pl.DataFrame) -> None:
    for fault, header, line in rows_of(city, log, "wrong_unit"):
        if fault["table_name"] == "energy_daily":
            over = float(cell(header, line, "energy_kwh")) > 5_000_000
            assert (fault["expected"] == "quarantine_row") == over


def test_a_clean_line_is_not_in_the_log(city: Path, log: pl.DataFrame) -> None:
    """Every line of an energy file that breaks the contract is planted."""
    for (file,), group in log.filter(
        pl.col("table_name") == "energy_daily",
        pl.col("provider") == "canonical",
        pl.col("expected") == "quarantine_row",
    ).group_by("file"):
        lines = (city / "landing" / "power" / str(file)).read_text().splitlines()
        day = str(group["data_date"][0])
        bad = set()
        for number, line in enumerate(lines[1:], 2):
            fields = line.split(",")
            right = len(fields) == 3 and fields[0].startswith("E") and fields[1] == day
            if not right or not 0 <= float(fields[2]) <= 5_000_000:
                bad.add(number)
        assert bad == set(group["line"])


def test_file_faults_are_on_disk(city: Path, log: pl.DataFrame) -> None:
    for fault in log.filter(pl.col("line").is_null()).rows(named=True):
        folder = city / "landing" / fault["feed"]
        if fault["provider"] != "canonical":
            folder /= fault["provider"]
        path = folder / fault["file"]
        assert path.is_file() == (fault["kind"] != "gap")
        if fault["kind"] == "html_page":
            assert path.read_bytes().startswith(b"<!DOCTYPE html>")
        if fault["kind"] == "truncated_gz":
            with pytest.raises(EOFError):
                gzip.decompress(path.read_bytes())
        if fault["kind"] == "bad_encoding":
            with pytest.raises(UnicodeDecodeError):
                path.read_bytes().decode(ENCODINGS.get(fault["provider"], "utf-8"))
        if fault["kind"] == "duplicate_file":
            original = path.with_name(path.name.replace("-copy", ""))
            assert original.read_bytes() == path.read_bytes()


def test_planted_and_delivered_rows_foot(city: Path, log: pl.DataFrame) -> None:
    """Lines on disk = rows delivered + copies - late ones, for every energy file of the city."""
    rows = pl.read_parquet(city / "truth" / "rows_daily.parquet").filter(
        pl.col("table_name") == "energy_daily", pl.col("provider") == "canonical"
    )
    for day, delivered in rows.select("data_date", "rows_delivered").rows():
        folder = city / "landing" / "power"
        resent = folder / f"energy_daily-{day}-resent.csv"
        path = resent if resent.is_file() else folder / f"energy_daily-{day}.csv"
        mine = log.filter(
            pl.col("data_date") == day,
            pl.col("table_name") == "energy_daily",
            pl.col("provider") == "canonical",
        )
        copies = mine.filter(pl.col("kind") == "duplicate_rows").height
        late = mine.filter(pl.col("kind") == "late").height
        assert len(path.read_text().splitlines()) - 1 == delivered + copies - late


def test_a_faults_file_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text("faults:\n- {kind: wrong_unit, table: power.energy_daily, every_days: 1}\n")
    with pytest.raises(FaultsError, match="needs column and factor"):
        load_faults(path)
    with pytest.raises(FaultsError, match="not a file"):
        load_faults(tmp_path / "absent.yaml")
    path.write_text("nothing: here\n")
    with pytest.raises(FaultsError, match="list named 'faults'"):
        load_faults(path)


def test_none_plants_nothing() -> None:
    assert load_faults("none") == []
