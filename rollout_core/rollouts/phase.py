"""A phase: one step of a plan, with what it asks before the next one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Comparison(StrEnum):
    """How a value is held against a target."""

    ABOVE = ">"
    AT_LEAST = ">="
    BELOW = "<"
    AT_MOST = "<="


@dataclass(frozen=True, slots=True)
class Criterion:
    """A success criterion: proven by a metric against a target, or (`metric` None) signed by a person with evidence.

    `target` is in the metric's own unit (shares 0..1, scores 0..100, milliseconds, relative changes as shares).
    `flag` or `tag` narrows the metric; `lists` names the seed lists it stands in.
    """

    key: str
    name: str
    metric: str | None = None
    comparison: Comparison | None = None
    target: float | None = None
    tag: str | None = None
    lists: tuple[str, ...] = ()

    @property
    def manual(self) -> bool:
        """True when only a person can sign it."""
        return self.metric is None


@dataclass(frozen=True, slots=True)
class Phase:
    """`percentage` in buckets of the eligible population; `through` is the last audience it may reach.

    `target` says in words whom the phase is for.
    """

    key: str
    name: str
    percentage: int
    through: str
    fill_first: tuple[str, ...] = ()
    adds: tuple[str, ...] = ()
    minimum_duration: timedelta | None = None
    maximum_duration: timedelta | None = None
    criteria: tuple[Criterion, ...] = ()
    description: str = ""
    target: str = ""
