"""A census: the eligible subjects of the register, counted once, so that every share can be worked out from it.

The database counts (`storage/census.py`), Python judges: a census is a small table of numbers: per set of
audiences that subjects belong to, how many have which bucket. Nothing here sees a subject.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from rollout_core.flags.anchors import Anchors
from rollout_core.flags.audience import Audience
from rollout_core.flags.bucketing import BUCKETS
from rollout_core.flags.holdout import Holdout
from rollout_core.flags.reach import inclusion_of
from rollout_core.flags.targeting import Condition, Operator, Rule
from rollout_core.rollouts.plan import Attribute, Plan
from rollout_core.rollouts.rollout import Rollout, anchors_of


@dataclass(frozen=True, slots=True)
class Population:
    """What to count: the subjects of `unit` under these rules. `anchors`: where time conditions look from."""

    unit: str
    salt: str
    eligibility: Rule
    audiences: tuple[Audience, ...]
    attributes: tuple[Attribute, ...]
    holdout: Holdout
    anchors: Anchors


def population(plan: Plan, rollout: Rollout, at: datetime, *, raising: bool = False) -> Population:
    """What to count for this rollout under this plan: as it is served, or (`raising`) as a raise at `at` would find it.

    `at` matters for a rollout that has served nobody yet, and for a raise.
    """
    anchors = anchors_of(rollout, at)
    return Population(unit=rollout.unit, salt=rollout.salt, eligibility=plan.eligibility, audiences=plan.audiences,
                      attributes=plan.attributes, holdout=rollout.holdout,
                      anchors=anchors.raised(at) if raising else anchors)


def timed(rule: Rule) -> bool:
    """True when a rule asks how long ago something was."""
    if isinstance(rule, Condition):
        return rule.operator in (Operator.NEWER_THAN_DAYS, Operator.OLDER_THAN_DAYS)
    return any(timed(each) for each in rule.rules)


Group = tuple[frozenset[str], bool]
"""Subjects that belong to exactly these audiences, and whether the holdout keeps them out."""


@dataclass(frozen=True, slots=True)
class Line:
    """A group's subjects in bucket order: its distinct buckets, and how many subjects come before each of them.

    `before` is one longer than `buckets`; its last number is the size of the group.
    """

    buckets: Sequence[int]
    before: Sequence[int]

    @classmethod
    def of(cls, subjects: Mapping[int, int]) -> Line:
        """From how many subjects have each bucket."""
        buckets = sorted(subjects)
        return cls(array("I", buckets), array("I", accumulate((subjects[bucket] for bucket in buckets), initial=0)))

    @property
    def size(self) -> int:
        """How many subjects there are."""
        return self.before[-1]

    def below(self, threshold: int) -> int:
        """How many have a smaller bucket."""
        return self.before[bisect_left(self.buckets, threshold)]


@dataclass(frozen=True, slots=True)
class Moved:
    """How many subjects a change of thresholds brings in and takes out."""

    gained: int
    lost: int


@dataclass(frozen=True, slots=True)
class Served:
    """Rules and thresholds together: who is in."""

    population: Population
    thresholds: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Difference:
    """Who enters and who leaves between two states of one rollout, when rules or holdout change: needs the register
    itself, since a census of each alone cannot tell the same subjects from as many others. Answered by Moved."""

    before: Served
    after: Served


class Census:
    """Counts of eligible subjects by group and bucket. Immutable once made; every answer is a number of subjects."""

    __slots__ = ("_eligible", "_lines")

    def __init__(self, lines: Mapping[Group, Line]) -> None:
        self._lines = dict(lines)
        self._eligible = sum(line.size for line in self._lines.values())

    @classmethod
    def of_tallies(cls, tallies: Iterable[tuple[frozenset[str], bool, int, int]]) -> Census:
        """From rows of (audiences, held out, bucket, subjects), in any order."""
        groups: dict[Group, dict[int, int]] = {}
        for audiences, held_out, bucket, subjects in tallies:
            group = groups.setdefault((audiences, held_out), {})
            group[bucket] = group.get(bucket, 0) + subjects
        return cls({group: Line.of(subjects) for group, subjects in groups.items()})

    def eligible(self) -> int:
        """How many subjects are eligible."""
        return self._eligible

    def held_out(self) -> int:
        """How many eligible subjects the holdout keeps out."""
        return sum(line.size for (_, held), line in self._lines.items() if held)

    def size(self, audience: str) -> int:
        """How many eligible subjects belong to an audience."""
        return sum(line.size for (audiences, _), line in self._lines.items() if audience in audiences)

    def included(self, thresholds: Mapping[str, int]) -> int:
        """How many have a bucket below the threshold of an audience of theirs, the holdout not yet taken out."""
        return sum(line.below(_highest(audiences, thresholds)) for (audiences, _), line in self._lines.items())

    def enrolled(self, thresholds: Mapping[str, int]) -> int:
        """How many are really in: included and not held out."""
        return sum(line.below(_highest(audiences, thresholds))
                   for (audiences, held), line in self._lines.items() if not held)

    def by_inclusion(self, thresholds: Mapping[str, int], ever: Mapping[str, int], holdout: int = 0) -> dict[int, int]:
        """Chance of being in (flags.reach.inclusion_of, the holdout taken out) -> eligible subjects that have it, held
        out ones too, without those who were in before by `ever` and are no more."""
        found: dict[int, int] = {}
        for (audiences, held), line in self._lines.items():
            low = min(_highest(audiences, thresholds), BUCKETS)
            high = max(_highest(audiences, ever), low)
            inclusion = inclusion_of(low, high, holdout)
            former = 0 if held else line.below(high) - line.below(low)
            found[inclusion] = found.get(inclusion, 0) + line.size - former
        return found

    def moved(self, before: Mapping[str, int], after: Mapping[str, int]) -> Moved:
        """How many enter and leave when the thresholds change from `before` to `after`."""
        gained = lost = 0
        for (audiences, held), line in self._lines.items():
            if not held:
                change = line.below(_highest(audiences, after)) - line.below(_highest(audiences, before))
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
