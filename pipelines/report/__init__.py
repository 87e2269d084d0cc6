"""The daily report: self-contained HTML from one release, every number from a kept query."""

from pipelines.report.render import render, run_figures

__all__ = ["render", "run_figures"]
