"""Ingest of one big signaling file against DuckDB's plain COPY of the same file.

`python -m bench.ingest [--rows 20000000]` writes a CSV into a temporary folder, copies it to
Parquet with DuckDB (no checks, no pseudonyms, no order), ingests it (archive, checks, pseudonyms,
de-duplication, sorted bronze partitions), and prints both times, the ratios of wall and CPU time
and the peak memory of each process. The aim is a ratio of at most 3 and under 2 GB.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from bench._peak import peak_mb
from pipelines.ingest import ingest
from pipelines.lake import connect
from pipelines.settings import Settings

# 300,000 devices over a day; one row in a thousand repeats its neighbour, one in ten thousand has
# an impossible latitude
_GENERATE = """
COPY (
    SELECT 'd' || lpad((hash(k) % 300000)::VARCHAR, 11, '0') AS device_id,
        strftime(TIMESTAMP '2020-02-10 00:00:00' + to_seconds((hash(k * 7) % 86400)::INT),
            '%Y-%m-%d %H:%M:%S') AS event_at,
        'c' || (hash(k * 3) % 2000) AS cell_id,
        (CASE WHEN k % 10000 = 5 THEN 95 ELSE 30 + (hash(k * 3) % 2000) / 10000.0 END)
            ::DECIMAL(9, 6) AS latitude,
        (120 + (hash(k * 5) % 2000) / 10000.0)::DECIMAL(9, 6) AS longitude,
        (['call', 'sms', 'data', 'handover'])[1 + (hash(k * 11) % 4)::INT] AS event_type,
        'cmcc' AS carrier
    FROM (SELECT CASE WHEN i % 1000 = 7 THEN i - 1 ELSE i END AS k FROM range({rows}) r(i))
) TO '{path}' (HEADER)
"""


def _copy(folder: Path) -> dict[str, float]:
    con = duckdb.connect(config={"memory_limit": "1500MB", "threads": 2})
    source = folder / "landing" / "signaling" / "events-2020-02-10.csv"
    started = time.monotonic()
    con.execute(f"COPY (FROM read_csv('{source}')) TO '{folder / 'copy.parquet'}' (FORMAT parquet)")
    return {"seconds": time.monotonic() - started}


def _ingest(folder: Path) -> dict[str, float]:
    settings = Settings(home=folder, key_file=folder / "key" / "pseudonym.key", threads=2)
    started = time.monotonic()
    outcomes = ingest(settings, "signaling", run_id="bench")
    seconds = time.monotonic() - started
    con = connect(settings)
    row = con.execute("SELECT count(*) FROM lake.bronze.events").fetchone()
    assert row is not None
    assert row[0] == sum(o.rows_accepted for o in outcomes)
    return {
        "seconds": seconds,
        "rows_in": sum(o.rows_in for o in outcomes),
        "accepted": row[0],
        "quarantined": sum(o.rows_quarantined for o in outcomes),
        "duplicate": sum(o.rows_duplicate for o in outcomes),
    }


def _in_a_process(what: str, folder: Path) -> dict[str, float]:
    """Run one side alone, so that its peak memory is its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.ingest", "--only", what, "--folder", str(folder)],
        check=True,
        stdout=subprocess.PIPE,
    )
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--only", choices=("copy", "ingest"))
    options = parser.parse_args()
    if options.only:
        result = {"copy": _copy, "ingest": _ingest}[options.only](options.folder)
        used = {"cpu_s": time.process_time(), "peak_gb": peak_mb() / 1000}
        print(json.dumps(result | used))
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        path = folder / "landing" / "signaling" / "events-2020-02-10.csv"
        path.parent.mkdir(parents=True)
        duckdb.connect().execute(_GENERATE.format(rows=options.rows, path=path))
        print(f"{options.rows:,} rows, {path.stat().st_size / 1e9:.2f} GB of CSV")
        copied = _in_a_process("copy", folder)
        print(f"DuckDB COPY  {copied['seconds']:6.1f} s  peak {copied['peak_gb']:.2f} GB")
        taken = _in_a_process("ingest", folder)
        print(f"ingest       {taken['seconds']:6.1f} s  peak {taken['peak_gb']:.2f} GB")
        for name in ("rows_in", "accepted", "quarantined", "duplicate"):
            print(f"  {name:12} {taken[name]:>14,}")
        print(f"ratio        {taken['seconds'] / copied['seconds']:6.2f}  (aim: at most 3)")
        # other work on the machine slows both sides, though not always equally
        print(f"ratio of CPU {taken['cpu_s'] / copied['cpu_s']:6.2f}")


if __name__ == "__main__":
    main()
