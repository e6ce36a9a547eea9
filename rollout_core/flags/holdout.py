"""A holdout: a share that is never enrolled until a person releases it; it keeps a control alive at 100 %."""

from __future__ import annotations

from dataclasses import dataclass

MAX_HOLDOUT_PERCENT = 20


@dataclass(frozen=True, slots=True)
class Holdout:
    """`buckets` of 100,000 by its own salt, of the named audiences (none named: the last one)."""

    buckets: int = 0
    audiences: tuple[str, ...] = ()

NO_HOLDOUT = Holdout()
"""Nobody is kept out."""
