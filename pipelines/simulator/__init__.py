"""The synthetic city: seeded files of every feed in providers' formats, and the truth planted."""

from pipelines.simulator.faults import FaultsError
from pipelines.simulator.run import simulate
from pipelines.simulator.truth import TruthMismatch

__all__ = ["FaultsError", "TruthMismatch", "simulate"]
