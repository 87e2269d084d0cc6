"""Build: dbt models of a window into a candidate database."""

from pipelines.build.build import build
from pipelines.build.candidate import Candidate, candidates_folder, find_candidate

__all__ = ["Candidate", "build", "candidates_folder", "find_candidate"]
