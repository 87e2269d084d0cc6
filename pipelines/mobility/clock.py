"""The city's clock on integers: seconds since 1970 UTC to local days and back."""

from __future__ import annotations

from datetime import date

import numpy as np

from pipelines.mobility.codes import Ints
from pipelines.mobility.parameters import MobilityParameters

HOUR_S = 3600
DAY_S = 24 * HOUR_S


def local_days(at_s: Ints, start_hour: int, parameters: MobilityParameters) -> Ints:
    """Days since 1970-01-01 of the local day, which starts at `start_hour`, of each instant."""
    days: Ints = np.floor_divide(at_s + parameters.utc_offset_s - start_hour * HOUR_S, DAY_S)
    return days


def day_start_s(day: Ints, start_hour: int, parameters: MobilityParameters) -> Ints:
    """Seconds since 1970 UTC at which each local day starts: the inverse of `local_days`."""
    return day * DAY_S + start_hour * HOUR_S - parameters.utc_offset_s


def ordinal_day(day: date) -> int:
    """Days since 1970-01-01 of a date, as `local_days` counts them."""
    return (day - date(1970, 1, 1)).days
