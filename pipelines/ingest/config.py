"""The parameters of ingest, from `config.yaml` beside this module."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field

CONFIG_FILE = Path(__file__).with_name("config.yaml")


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PlausibleDates(_Frozen):
    """How far a row's data date may lie from its file's date, in days."""

    back_days: int = Field(ge=0)
    forward_days: int = Field(ge=0)


class CalendarRange(_Frozen):
    """First and last day of `bronze.calendar`."""

    start: date
    end: date


class IngestConfig(_Frozen):
    """What `config.yaml` says; its comments explain each."""

    settle_s: float = Field(ge=0)
    plausible_dates: PlausibleDates
    batch_files: int = Field(gt=0)
    batch_bytes: int = Field(gt=0)
    bucket_bytes: int = Field(gt=0)
    bucket_rows: int = Field(gt=0)
    unpacked_ratio: float = Field(gt=0)
    lookup_sample_rows: int = Field(gt=0)
    lookup_distinct_share: float = Field(gt=0, le=1)
    writer_memory_mb: int = Field(gt=0)
    writer_partitions: int = Field(gt=0)
    calendar: CalendarRange


@cache
def ingest_config() -> IngestConfig:
    """The parameters, read once."""
    return IngestConfig.model_validate(yaml.safe_load(CONFIG_FILE.read_text(encoding="utf-8")))
