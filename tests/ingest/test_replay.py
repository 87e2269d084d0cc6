"""Refused files and rows come back once the YAML is mended."""

from __future__ import annotations

from pathlib import Path

from pipelines.ingest import quarantined_files, replay
from tests.ingest.conftest import City, power_csv

PROVIDER = """
provider: grid
description: A company's readings.
files:
  - pattern: "use_.*\\\\.csv"
    format: csv
    tables:
      energy_daily:
        columns:
          enterprise_id: customer
          data_date: day
          energy_kwh: {from: kwh}
"""


def test_a_refused_file_is_accepted_after_its_column_is_mapped(city: City, own_feeds: Path) -> None:
    yaml = own_feeds / "power" / "providers" / "grid.yaml"
    yaml.write_text(PROVIDER)
    city.land("power", "grid/use_1.csv", "customer,day,kwh\nE1,2020-02-10,1\n")
    city.land("power", "grid/use_2.csv", "customer,day,consumption\nE2,2020-02-10,2\n")
    outcomes = city.ingest("power")
    assert sorted(o.status for o in outcomes) == ["ok", "refused"]
    (message,) = quarantined_files(city.settings, "power")["message"]
    assert "'kwh'" in message
    assert "'consumption'" in message

    (still,) = replay(city.settings, "power", run_id="too early")
    assert still.status == "refused"

    yaml.write_text(PROVIDER.replace("{from: kwh}", "{from: [kwh, consumption]}"))
    (outcome,) = replay(city.settings, "power", run_id="mended")
    assert (outcome.status, outcome.rows_accepted) == ("ok", 1)
    assert quarantined_files(city.settings, "power").is_empty()
    assert city.sql("SELECT enterprise_id FROM lake.bronze.energy_daily ORDER BY 1") == [
        ("E1",),
        ("E2",),
    ]
    statuses = city.sql("SELECT DISTINCT status FROM lake.ops.files")
    assert statuses == [("ok",)]


def test_refused_rows_are_accepted_after_the_contract_is_mended(
    city: City, own_feeds: Path
) -> None:
    text = power_csv(("E1", "2020-02-10", 1), ("E2", "2020-02-10", 6_000_000))
    city.land("power", "energy_daily-2020-02-10.csv", text)
    city.ingest("power")
    assert city.codes() == {"above_maximum": 1}
    contract = own_feeds / "power" / "contract.yaml"
    contract.write_text(contract.read_text().replace("maximum: 5000000", "maximum: 9000000", 1))
    (outcome,) = replay(city.settings, "power", run_id="mended")
    assert (outcome.rows_in, outcome.rows_accepted) == (2, 2)
    assert not city.codes()
