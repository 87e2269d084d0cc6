"""Independent random streams: the same labels give the same numbers, whatever else was drawn.

A day's stream depends on the seed and the day only, so a window simulated in one go and in
pieces gives the same files.
"""

from __future__ import annotations

import zlib
from datetime import date

import numpy as np
import numpy.typing as npt


def stream(seed: int, *labels: str | int | date) -> np.random.Generator:
    """The generator of (seed, labels)."""
    words = [zlib.crc32(str(label).encode()) for label in labels]
    return np.random.default_rng(np.random.SeedSequence([seed, *words]))


def pick(rng: np.random.Generator, shares: npt.ArrayLike, size: int) -> npt.NDArray[np.int64]:
    """`size` indices drawn with the given shares (normalised here)."""
    cumulative = np.cumsum(np.asarray(shares, dtype=np.float64))
    draws = rng.random(size) * cumulative[-1]
    found = np.searchsorted(cumulative, draws, side="right")
    chosen: npt.NDArray[np.int64] = np.minimum(found, len(cumulative) - 1)
    return chosen


def spread(rng: np.random.Generator, total: int, shares: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """`total` labels in exact proportion to `shares` (largest remainder), shuffled."""
    weights = np.asarray(shares, dtype=np.float64)
    exact = weights / weights.sum() * total
    counts = np.floor(exact).astype(np.int64)
    missing = total - int(counts.sum())
    counts[np.argsort(-(exact - counts), kind="stable")[:missing]] += 1
    return rng.permutation(np.repeat(np.arange(len(weights)), counts))
