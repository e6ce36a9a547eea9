"""Array types and small numerical pieces that every kernel shares."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from struct import Struct

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri, stdtr

Floats = NDArray[np.float64]
Numbers = ArrayLike

LOWEST_LOG_E = -690.0
"""Where log e stops falling: any smaller number would be as valid, and JSON has no minus infinity."""


def integers(values: Sequence[int]) -> NDArray[np.int64]:
    """A tuple of integers as an array; packed at once, since numpy looks at every element by itself (6 times slower).
    """
    return np.frombuffer(_packing(len(values)).pack(*values), np.int64)


def integer_rows(rows: Iterable[Sequence[int]], width: int) -> NDArray[np.int64]:
    """Tuples of `width` integers each as one array (rows, width)."""
    pack = _packing(width).pack
    return np.frombuffer(b"".join([pack(*row) for row in rows]), np.int64).reshape(-1, width)


@lru_cache(maxsize=512)
def _packing(count: int) -> Struct:
    return Struct(f"{count}q")


def floats(values: Numbers) -> Floats:
    """The values as float64."""
    return np.asarray(values, dtype=np.float64)


def log_mean_exp(log_values: Numbers, log_weights: Numbers, axis: int = -1) -> Floats:
    """log Σ w·exp(v) along an axis, floored at LOWEST_LOG_E. Weights are logs that sum to one when exponentiated."""
    weighted = floats(log_values) + floats(log_weights)
    highest = weighted.max(axis=axis, keepdims=True)
    total = np.log(np.exp(weighted - highest).sum(axis=axis)) + np.squeeze(highest, axis=axis)
    return np.maximum(floats(total), LOWEST_LOG_E)


def z_of_t(t: Numbers, degrees: Numbers) -> Floats:
    """The normal deviate with the same tail probability as Student's t on `degrees` degrees of freedom.

    A t on few degrees has heavier tails; without this step 200 workspaces would give too many false alarms.
    """
    t_values, df = floats(t), np.maximum(floats(degrees), 1.0)
    tail = np.maximum(stdtr(df, -np.abs(t_values)), 1e-300)
    return floats(-ndtri(tail) * np.sign(t_values))
