"""A census: the eligible subjects of the register, counted once, so that every share can be worked out from it.

The database counts (`storage/census.py`), Python judges: a census is a small table of numbers per set of audiences
that subjects belong to, cumulated over buckets. Nothing here sees a subject.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from rollout_core.flags.audience import Audience
from rollout_core.flags.bucketing import BUCKETS
from rollout_core.flags.holdout import Holdout
from rollout_core.flags.targeting import Rule
from rollout_core.rollouts.plan import Attribute, Plan
from rollout_core.rollouts.rollout import Rollout


@dataclass(frozen=True, slots=True)
class Population:
    """What to count: the subjects of `unit` under these rules. `at` is the instant that time conditions look from."""

    unit: str
    salt: str
    eligibility: Rule
    audiences: tuple[Audience, ...]
    attributes: tuple[Attribute, ...]
    holdout: Holdout
    at: datetime


def population(plan: Plan, rollout: Rollout, at: datetime) -> Population:
    """What to count for this rollout under this plan, as it stands at the instant `at`."""
    return Population(unit=rollout.unit, salt=rollout.salt, eligibility=plan.eligibility, audiences=plan.audiences,
                      attributes=plan.attributes, holdout=rollout.holdout, at=at)


Group = tuple[frozenset[str], bool]
"""Subjects that belong to exactly these audiences, and whether the holdout keeps them out."""


@dataclass(frozen=True, slots=True)
class Moved:
    """How many subjects a change of thresholds brings in and takes out."""

    gained: int
    lost: int


class Census:
    """Counts of eligible subjects by group and bucket. Immutable once made; every answer is a number of subjects."""

    __slots__ = ("_below", "_eligible")

    def __init__(self, counts: Mapping[Group, array[int]]) -> None:
        """`counts[group][bucket]` is how many subjects of a group have a bucket (length BUCKETS)."""
        self._below = {group: array("q", accumulate(buckets, initial=0)) for group, buckets in counts.items()}
        self._eligible = sum(below[BUCKETS] for below in self._below.values())

    @classmethod
    def of_tallies(cls, tallies: Iterable[tuple[frozenset[str], bool, int, int]]) -> Census:
        """From rows of (audiences, held out, bucket, subjects), in any order."""
        counts: dict[Group, array[int]] = {}
        for audiences, held_out, bucket, subjects in tallies:
            buckets = counts.setdefault((audiences, held_out), array("q", bytes(8 * BUCKETS)))
            buckets[bucket] += subjects
        return cls(counts)

    def eligible(self) -> int:
        """How many subjects are eligible."""
        return self._eligible

    def held_out(self) -> int:
        """How many eligible subjects the holdout keeps out."""
        return sum(below[BUCKETS] for (_, held), below in self._below.items() if held)

    def size(self, audience: str) -> int:
        """How many eligible subjects belong to an audience."""
        return sum(below[BUCKETS] for (audiences, _), below in self._below.items() if audience in audiences)

    def included(self, thresholds: Mapping[str, int]) -> int:
        """How many have a bucket below the threshold of an audience of theirs, the holdout not yet taken out."""
        return sum(below[_highest(audiences, thresholds)] for (audiences, _), below in self._below.items())

    def enrolled(self, thresholds: Mapping[str, int]) -> int:
        """How many are really in: included and not held out."""
        return sum(below[_highest(audiences, thresholds)]
                   for (audiences, held), below in self._below.items() if not held)

    def moved(self, before: Mapping[str, int], after: Mapping[str, int]) -> Moved:
        """How many enter and leave when the thresholds change from `before` to `after`."""
        gained = lost = 0
        for (audiences, held), below in self._below.items():
            if not held:
                change = below[_highest(audiences, after)] - below[_highest(audiences, before)]
                gained += max(change, 0)
                lost += max(-change, 0)
        return Moved(gained, lost)

    def threshold_for(self, audience: str, thresholds: Mapping[str, int], wanted: int) -> int:
        """The smallest threshold of one audience with which as many are included as `wanted` allows.

        That is one above the bucket of the last subject that fits; subjects that share a bucket come in together or
        not at all. `thresholds` holds the other audiences.
        """
        most = max(self._first(audience, thresholds, wanted + 1) - 1, 0)
        reached = self.included({**thresholds, audience: most})
        return self._first(audience, thresholds, reached)

    def _first(self, audience: str, thresholds: Mapping[str, int], wanted: int) -> int:
        """The smallest threshold (0..BUCKETS + 1) with which at least `wanted` are included."""
        low, high = 0, BUCKETS + 1
        while low < high:
            middle = (low + high) // 2
            if self.included({**thresholds, audience: middle}) >= wanted:
                high = middle
            else:
                low = middle + 1
        return low


def _highest(audiences: frozenset[str], thresholds: Mapping[str, int]) -> int:
    """The highest threshold among the audiences a subject belongs to; 0 when it belongs to none."""
    return max((thresholds.get(key, 0) for key in audiences), default=0)
