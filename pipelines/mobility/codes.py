"""Text as small integers whose order is the text's order, so that sorting integers is enough."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

NONE = -1


def lexical_codes(texts: pl.Series) -> tuple[Codes, pl.Series]:
    """Code of each text and the sorted distinct texts: `texts[i] == distinct[codes[i]]`.

    Null becomes NONE. Codes depend on the set of texts only, not on their order or on what the
    process saw before (as the physical codes of a Categorical do).
    """
    categories = texts.cast(pl.Categorical).rename("text")
    frame = categories.unique().drop_nulls().to_frame()
    distinct = frame.select(pl.col("text").cast(pl.String), pl.col("text").to_physical().alias("n"))
    distinct = distinct.sort("text")
    if distinct.is_empty():
        return np.full(len(texts), NONE, dtype=np.int32), distinct["text"]
    known = distinct["n"].to_numpy()
    rank = np.full(int(known.max()) + 1, NONE, dtype=np.int32)
    rank[known] = np.arange(len(known), dtype=np.int32)
    physical = categories.to_physical()
    codes = rank[physical.fill_null(0).to_numpy()]
    if physical.null_count():
        codes[physical.is_null().to_numpy()] = NONE
    return codes, distinct["text"]


def changes(*columns: npt.NDArray[np.generic]) -> Bools:
    """True on the first row and wherever any column differs from the row before."""
    changed = np.ones(len(columns[0]), dtype=np.bool_)
    if len(changed):
        changed[1:] = False
        for column in columns:
            changed[1:] |= column[1:] != column[:-1]
    return changed


def order_of(device: Codes, at: Ints, *ties: npt.NDArray[np.generic]) -> Ints:
    """The order of rows by device, then instant, then the `ties` from first to last.

    Device and instant are packed into one integer where they fit, which sorts many times faster
    than several columns; only rows equal in both are sorted by the ties.
    """
    if not len(at):
        return np.empty(0, dtype=np.int64)
    low = int(at.min())
    span = int(at.max()) - low + 1
    if (int(device.max()) + 1) * span <= np.iinfo(np.int64).max:
        packed = device.astype(np.int64) * span + (at - low)
        order = np.argsort(packed)
        again = ~changes(packed[order])
    else:
        order = np.lexsort((at, device))
        again = ~changes(device[order], at[order])
    tied = again.copy()
    tied[:-1] |= again[1:]
    rows = order[tied]
    keys = (*ties[::-1], at, device)
    order[tied] = rows[np.lexsort([key[rows] for key in keys])]
    return order
