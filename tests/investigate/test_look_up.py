"""Look-ups from request to result, on a small simulated city; nobody's name is left anywhere."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from pipelines import lake
from pipelines.dates import DateWindow
from pipelines.errors import CityPulseError
from pipelines.ingest import ingest
from pipelines.investigate import audit, bronze
from pipelines.investigate.look_up import anchors, carry_out, look_up
from pipelines.investigate.request import Request, RequestRefused, SubjectsUnreadable
from pipelines.investigate.rules import parameter_set
from pipelines.investigate.same_place import (
    every_place,
    grid_times,
    together_in_grid,
    together_in_slices,
)
from pipelines.mobility.parameters import load_parameters
from pipelines.scoring import ScoreLine
from pipelines.scoring.investigations import score_investigations
from pipelines.scoring.view import View
from pipelines.settings import PROJECT_ROOT, Settings
from pipelines.simulator import simulate

WINDOW = DateWindow(date(2020, 1, 20), date(2020, 2, 4))
DAY = WINDOW.end + timedelta(days=1)
FEEDS = ("reference", "ticketing", "signaling")


def make_city(home: Path, faults: str) -> Settings:
    """A city of 1,500 with its tickets and signaling in a lake of its own."""
    settings = Settings(
        home=home,
        key_file=home / "keys" / "pseudonym.key",
        audit_dir=home / "audit",
        investigations_dir=home / "investigations",
        threads=2,
    )
    simulate(home, WINDOW, people=1500, seed=1, faults=faults)
    for feed in FEEDS:
        ingest(settings, feed, landing=home / "landing", run_id="test")
    return settings


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return make_city(tmp_path_factory.mktemp("clean"), "none")


@pytest.fixture(scope="module")
def planted(city: Settings) -> pl.DataFrame:
    """The fellow travellers in the truth."""
    return pl.read_parquet(city.home / "truth" / "fellow_travellers.parquet")


def request_for(kind: str, **more: object) -> Request:
    asked = Request(
        kind=kind,
        case_number="LJ-2020-0018",
        requester="wang.fang",
        approvers=("li.na", "zhang.wei"),
        purpose="contact_tracing",
        window=DateWindow(DAY - timedelta(days=14), DAY - timedelta(days=1)),
        subjects={},
        options={"date": str(DAY)},
    )
    return replace(asked, **more)  # type: ignore[arg-type]


def named(settings: Settings, *lines: str) -> Path:
    path = settings.home / "persons.csv"
    path.write_text("\n".join(["feed,id", *lines]) + "\n")
    path.chmod(0o600)
    return path


def lines_of(settings: Settings) -> dict[str, ScoreLine]:
    with lake.connect(settings) as con:
        view = View.open(con, settings.home / "truth")
        return {f"{x.mart}: {x.measure}": x for x in score_investigations(view, settings)}


def test_the_planted_truth_is_found(city: Settings, planted: pl.DataFrame) -> None:
    assert planted.height > 0
    lines = lines_of(city)
    judged = [line for line in lines.values() if line.passed is not None]
    assert len(judged) >= 4
    assert [line for line in judged if not line.passed] == []
    assert lines["investigate: fellow travellers: recall"].value == 1


@pytest.mark.slow
def test_the_planted_truth_is_found_with_faults(tmp_path: Path) -> None:
    judged = [x for x in lines_of(make_city(tmp_path, "default")).values() if x.passed is not None]
    assert [line for line in judged if not line.passed] == []


def test_a_travel_history_says_where_a_person_was(city: Settings) -> None:
    people = pl.read_parquet(city.home / "truth" / "people.parquet")
    cells = pl.read_csv(city.home / "landing" / "signaling" / "cells.csv", infer_schema=False)
    whereabouts = pl.read_parquet(city.home / "truth" / "whereabouts_daily.parquet")
    away = whereabouts.join(cells, on="cell_id").filter(
        pl.col("region_id") == "990200",
        pl.col("data_date") > WINDOW.start,
        pl.col("until_s") - pl.col("from_s") > 5 * 3600,
    )
    person = away.join(people, on="person_id").sort("device_id").row(0, named=True)
    subjects = named(city, f"signaling,{person['device_id']}", "signaling,NOBODY")
    result = carry_out(city, request_for("travel-history"), subjects, run_id="test")
    rows = pl.read_parquet(result.folder / "result.parquet")
    assert rows["device_id"].n_unique() == 2
    assert "990200" in rows["city_id"].to_list()
    nobody = rows.filter(pl.col("city_id").is_null())
    assert nobody.select("missing_reason", "card_colour").rows() == [("not_observed", None)]
    assert result.manifest["rule_version"] == "2020"


def test_fellow_travellers_of_one_person_are_those_planted(
    city: Settings, planted: pl.DataFrame
) -> None:
    infected = pl.read_parquet(city.home / "truth" / "infected.parquet")
    person = planted["passenger_id"][0]
    sampled = infected.filter(pl.col("person_id") == person)["confirmed_date"][0]
    request = request_for(
        "fellow-travellers", window=DateWindow(sampled - timedelta(days=2), sampled)
    )
    result = carry_out(city, request, named(city, f"ticketing,{person}"), run_id="test")
    true = planted.filter(pl.col("passenger_id") == person)
    assert result.manifest["rows"] == true.height
    rows = pl.read_parquet(result.folder / "result.parquet")
    assert person not in rows["passenger_id"].to_list()


@pytest.mark.parametrize("name", ["chengdu", "shanghai"])
def test_same_place_finds_for_one_what_it_finds_among_all(city: Settings, name: str) -> None:
    rule, window = parameter_set(name), DateWindow(DAY - timedelta(days=3), DAY - timedelta(days=1))
    people = pl.read_parquet(city.home / "truth" / "people.parquet").sort("device_id")
    subjects = named(city, f"signaling,{people['device_id'][3]}")
    request = request_for("same-place", window=window, options={"parameter_set": name})
    result = carry_out(city, request, subjects, run_id="test")
    rows = pl.read_parquet(result.folder / "result.parquet")
    assert rows.height > 0
    assert rows["screening_only"].all()
    assert result.manifest["screening_only"] is True

    index = pl.DataFrame({"device_id": rows["device_id"].unique()}).with_columns(
        pl.lit(window.start).alias("first_date"), pl.lit(window.end).alias("last_date")
    )
    with lake.connect(city) as con:
        if rule.grid_m is not None:
            cut = every_place(load_parameters())
            whole = DateWindow(DAY - timedelta(days=14), DAY - timedelta(days=1))
            times = grid_times(bronze.segments(con, whole, cut), rule.grid_m, cut)
            found = together_in_grid(times, index, rule, cut)
        else:
            accepted = bronze.accepted(con, window, load_parameters())
            found = together_in_slices(accepted, index, rule, load_parameters())
    pairs = ["device_id", "contact_device_id"]
    assert found.select(pairs).unique().sort(pairs).equals(rows.select(pairs))


def test_returnees_of_two_feeds_are_not_joined(city: Settings) -> None:
    trips = pl.read_csv(
        sorted((city.home / "landing" / "ticketing").glob("trips-*.csv"))[-1], infer_schema=False
    )
    home = trips.filter(pl.col("to_station").str.starts_with("临江")).sort("ticket_id")
    people = pl.read_parquet(city.home / "truth" / "people.parquet").sort("device_id")
    person = home.join(people, left_on="passenger_id", right_on="person_id").row(0, named=True)
    subjects = named(
        city, f"signaling,{person['device_id']}", f"ticketing,{person['passenger_id']}"
    )
    request = request_for("returnees", options={"city_region_id": "990100"})
    result = carry_out(city, request, subjects, run_id="test")
    rows = pl.read_parquet(result.folder / "result.parquet")
    by_ticket = rows.filter(pl.col("feed") == "ticketing")
    assert person["service_no"] in by_ticket["service_no"].to_list()
    assert by_ticket["home_region_id"].null_count() == by_ticket.height
    assert rows.filter(pl.col("feed") == "signaling")["mode"].drop_nulls().is_empty()


def test_every_look_up_is_in_the_log_also_refused_and_failed_ones(city: Settings) -> None:
    before = audit.verify(city).records
    subjects = named(city, "signaling,IMSI460990000000001")
    with pytest.raises(RequestRefused, match="1 of the 2"):
        carry_out(
            city, request_for("travel-history", approvers=("li.na",)), subjects, run_id="test"
        )
    subjects.chmod(0o644)
    with pytest.raises(SubjectsUnreadable, match="chmod 600"):
        carry_out(city, request_for("travel-history"), subjects, run_id="test")
    subjects.chmod(0o600)
    wrong = request_for("travel-history", window=DateWindow(DAY, DAY))
    with pytest.raises(CityPulseError, match="covers"):
        carry_out(city, wrong, subjects, run_id="test")
    carry_out(city, request_for("travel-history"), subjects, run_id="test")
    added = audit.records(city)[before:]
    actions = [record.action for record in added]
    assert actions == ["refused", "refused", "look_up", "failed", "look_up", "result_stored"]
    assert added[0].details["subjects"] == added[2].details["subjects"]
    assert added[4].details["approvers"] == ["li.na", "zhang.wei"]


def test_a_look_up_without_a_log_reads_nothing(city: Settings, tmp_path: Path) -> None:
    blocked = tmp_path / "audit"
    blocked.mkdir(mode=0o700)
    (blocked / audit.LOG_NAME).write_bytes(b"not a record\n")
    deaf = city.model_copy(update={"audit_dir": blocked})
    before = sorted((city.home / "investigations" / "results").iterdir())
    with pytest.raises(audit.AuditBroken):
        look_up(deaf, request_for("travel-history", subjects={"signaling": ("p",)}), run_id="test")
    assert sorted((city.home / "investigations" / "results").iterdir()) == before


def test_the_head_of_the_log_is_anchored_in_the_lake(city: Settings) -> None:
    carry_out(city, request_for("travel-history"), named(city, "signaling,X"), run_id="anchored")
    kept = anchors(city)
    assert kept
    log = city.path(city.audit_dir) / audit.LOG_NAME
    whole = log.read_bytes()
    assert audit.verify(city, kept).records >= max(head.records for head in kept)
    try:
        log.write_bytes(b"".join(whole.splitlines(keepends=True)[:-1]))
        with pytest.raises(audit.AuditBroken, match="its end was cut off"):
            audit.verify(city, anchors(city))
    finally:
        log.write_bytes(whole)


def test_no_raw_identifier_is_left_in_anything_written(city: Settings) -> None:
    """Log, results, manifests, outcomes: all bytes but the files the city dropped and archived."""
    people = pl.read_parquet(city.home / "truth" / "people.parquet")
    row = people.row(5, named=True)
    raw = [row["device_id"], row["person_id"]]
    subjects = named(city, f"signaling,{raw[0]}", f"ticketing,{raw[1]}")
    for request in (
        request_for("travel-history"),
        request_for("fellow-travellers"),
        request_for("travel-history", purpose="curiosity"),
    ):
        with contextlib.suppress(RequestRefused):
            carry_out(city, request, subjects, run_id="test")
    subjects.unlink()
    known = ("landing", "truth", "warehouse/lake/archive")
    written = [
        path
        for path in city.home.rglob("*")
        if path.is_file() and not str(path.relative_to(city.home)).startswith(known)
    ]
    assert any(path.name == audit.LOG_NAME for path in written)
    assert any(path.name == "manifest.json" for path in written)
    named_in = [path for path in written for name in raw if name.encode() in path.read_bytes()]
    assert named_in == []
    # Parquet may compress what it holds
    for path in written:
        if path.suffix == ".parquet" and "investigations" in path.parts:
            assert not any(name in str(pl.read_parquet(path).rows()) for name in raw)


def citypulse(city: Settings, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CITYPULSE_")}
    environment |= {
        "CITYPULSE_HOME": str(city.home),
        "CITYPULSE_KEY_FILE": str(city.key_file),
        "CITYPULSE_AUDIT_DIR": str(city.audit_dir),
        "CITYPULSE_INVESTIGATIONS_DIR": str(city.investigations_dir),
        "PYTHONPATH": str(PROJECT_ROOT),
        "COLUMNS": "200",
    }
    return subprocess.run(
        [sys.executable, "-c", "from pipelines.cli import main; main()", *words],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


WHO = (
    "--case", "LJ-2020-0019", "--requester", "wang.fang", "--approver", "li.na",
    "--approver", "zhang.wei", "--purpose", "contact_tracing", "--subjects",
)  # fmt: skip


def test_the_command_line_tells_where_the_result_is_and_nothing_of_the_person(
    city: Settings, planted: pl.DataFrame
) -> None:
    person = planted["passenger_id"][0]
    file = str(named(city, f"ticketing,{person}"))
    done = citypulse(city, "investigate", "fellow-travellers", "--onset", str(DAY), *WHO, file)
    assert done.returncode == 0, done.stderr
    assert "result: " in done.stdout
    assert person not in done.stdout + done.stderr
    folder = Path(done.stdout.split("result: ")[1].splitlines()[0])
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["window"] == [str(DAY - timedelta(days=2)), str(DAY)]

    refused = citypulse(city, "investigate", "travel-history", "--date", str(DAY),
                        "--case", "X", *WHO[2:], file)  # fmt: skip
    assert refused.returncode == 1
    assert "not a case number" in refused.stderr

    listed = citypulse(city, "audit", "show", "--case", "LJ-2020-0019", "--json")
    actions = [record["action"] for record in json.loads(listed.stdout)]
    assert actions[:2] == ["look_up", "result_stored"]
    verified = citypulse(city, "audit", "verify")
    assert verified.returncode == 0
    assert "whole" in verified.stdout
    beyond = citypulse(city, "audit", "verify", "--anchor", f"9999:{'0' * 64}")
    assert beyond.returncode == 3
    assert "its end was cut off" in beyond.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("investigate", "travel-history"), ("investigate", "fellow-travellers"),
        ("investigate", "same-place"), ("investigate", "returnees"), ("investigate", "results"),
        ("investigate", "expire"), ("audit", "verify"), ("audit", "show"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_every_command_shows_examples_in_its_help(city: Settings, words: tuple[str, ...]) -> None:
    done = citypulse(city, *words, "--help")
    assert done.returncode == 0
    assert "Examples" in done.stdout
    assert f"citypulse {' '.join(words)}" in done.stdout


def test_a_time_without_rules_is_said_not_a_crash(city: Settings, tmp_path: Path) -> None:
    truth = tmp_path / "truth"
    simulate(tmp_path, DateWindow(date(2019, 11, 1), date(2019, 11, 2)), people=200, faults="none")
    with lake.connect(city) as con:
        lines = score_investigations(View.open(con, truth), city)
    assert lines
    assert all(line.passed is None and "not available" in line.note for line in lines)
