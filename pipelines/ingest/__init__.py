"""Ingest: from dropped files to bronze rows that keep the contract, and quarantine for the rest."""

from pipelines.ingest.engine import Progress, ingest, prepare_lake
from pipelines.ingest.pseudonyms import pseudonymise
from pipelines.ingest.quarantine import quarantined_files, quarantined_rows, replay

__all__ = [
    "Progress",
    "ingest",
    "prepare_lake",
    "pseudonymise",
    "quarantined_files",
    "quarantined_rows",
    "replay",
]
