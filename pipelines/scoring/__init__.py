"""Marts and quarantine held against the truth the synthetic city planted."""

from pipelines.scoring.lines import ScoreLine
from pipelines.scoring.score import TruthUnreadable, score

__all__ = ["ScoreLine", "TruthUnreadable", "score"]
