"""The command line: thin commands over the step functions."""

from pipelines.cli.app import main

__all__ = ["main"]
