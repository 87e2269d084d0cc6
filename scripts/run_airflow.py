"""Start Airflow and its page until Ctrl-C."""

from __future__ import annotations

import signal
import sys
import time

from local_airflow import AirflowUnavailable, LocalAirflow
from rich.console import Console

from pipelines.errors import CityPulseError
from pipelines.settings import load_settings


def main() -> int:
    """Exit status: 0 ended by the user, 1 could not run (one sentence says why)."""
    console = Console()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        home = load_settings().home / ".airflow"
        with console.status("starting Airflow"), LocalAirflow(home) as airflow:
            console.print(f"Airflow's page: [bold]{airflow.url}[/bold]   (Ctrl-C ends it)")
            while True:
                time.sleep(1)
                airflow.check_alive()
    except (AirflowUnavailable, CityPulseError) as error:
        console.print(f"[red]{error}[/red]", highlight=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("Airflow has ended.")
        return 0


if __name__ == "__main__":
    sys.exit(main())
