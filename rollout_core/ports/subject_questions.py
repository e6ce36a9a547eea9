"""Questions about the register's subjects one by one: who is in, and what each did."""

from __future__ import annotations

from dataclasses import dataclass

from rollout_core.metrics.measured import Window
from rollout_core.rollouts.census import Population

ATTRIBUTE, AUDIENCE = "attribute.", "audience"
"""What people may be divided by, as the register says of them now: `attribute.tier`, or their first audience."""


@dataclass(frozen=True, slots=True)
class SubjectPage:
    """Subjects of the register's mirror in id order, by the rules evaluation uses: id, total (of all pages).

    `thresholds` are (audience, buckets); `enabled` True: who is in, False: who is not, None: all. `forced_on` and
    `forced_off` are overrides by id. `search` is looked for anywhere in the id.
    """

    population: Population
    thresholds: tuple[tuple[str, int], ...]
    enabled: bool | None = True
    search: str = ""
    forced_on: tuple[str, ...] = ()
    forced_off: tuple[str, ...] = ()
    offset: int = 0
    limit: int = 50


@dataclass(frozen=True, slots=True)
class SubjectSums:
    """What each of these subjects did in the window: subject, kind, what, n, x; and, as kind `arm_span`, its first
    exposure (first_at) to the rollout. Closed windows only. `last_at` is the newest day's first event of the kind.
    """

    rollout: str
    unit: str
    subjects: tuple[str, ...]
    window: Window


@dataclass(frozen=True, slots=True)
class SubjectAttributes:
    """The attributes of a unit's subjects with at least two and not too many values: attribute, n (about). A name with
    a colon is left out: addresses write `attribute:value`."""

    unit: str
    live: bool = False
