"""Publish: releases of all marts in one transaction, and everything about past releases."""

from pipelines.publish.compare import PartitionDiff, diff
from pipelines.publish.export import export_missing
from pipelines.publish.publish import publish
from pipelines.publish.release import (
    Release,
    contents_at,
    current_release,
    open_release,
    releases,
    snapshot_of,
)
from pipelines.publish.rollback import rollback

__all__ = [
    "PartitionDiff",
    "Release",
    "contents_at",
    "current_release",
    "diff",
    "export_missing",
    "open_release",
    "publish",
    "releases",
    "rollback",
    "snapshot_of",
]
