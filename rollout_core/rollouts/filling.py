"""Filling: from a share of the eligible population to a threshold per audience, and back down the same way.

The eligible subjects stand in one line: audience after audience in the order of the phases that raised the exposure,
by bucket within each. A share serves the beginning of that line. So raising only adds subjects, lowering removes the
last ones in, and going up again brings back the same. Going up rounds to the nearest subject, going down always down.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from rollout_core.flags.bucketing import BUCKETS
from rollout_core.rollouts.census import Census
from rollout_core.rollouts.phase import Phase
from rollout_core.rollouts.plan import WHOLE, Plan
from rollout_core.rollouts.rollout import Raise

Thresholds = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Filled:
    """What is served now, as far as filling looks at it."""

    thresholds: Thresholds
    raises: tuple[Raise, ...]


@dataclass(frozen=True, slots=True)
class AudienceShare:
    """One audience in a filling: how many eligible subjects belong to it (None: no register), its threshold."""

    key: str
    name: str
    subjects: int | None
    threshold: int


@dataclass(frozen=True, slots=True)
class Filling:
    """What a share comes to. Percentage and thresholds in buckets; counts are subjects, None without a register.

    `missing` is how many subjects the audiences a phase may reach are short of the planned share.
    """

    percentage: int
    thresholds: Thresholds
    raises: tuple[Raise, ...]
    audiences: tuple[AudienceShare, ...]
    eligible: int | None = None
    wanted: int | None = None
    included: int | None = None
    enrolled: int | None = None

    @property
    def missing(self) -> int:
        """How many subjects short of the planned share, because the audiences are too small; 0 when it is reached."""
        if self.wanted is None or self.included is None:
            return 0
        return max(self.wanted - self.included, 0)

    @property
    def real_share(self) -> int | None:
        """The share of the eligible subjects that is really in, in buckets; None without a register."""
        return None if not self.eligible or self.enrolled is None else self.enrolled * BUCKETS // self.eligible


def order_of(plan: Plan, phase: Phase) -> tuple[str, ...]:
    """The audiences a phase may reach, in the order it fills them: those it names first, then the plan's order."""
    keys = [audience.key for audience in plan.audiences]
    reached = keys[: keys.index(phase.through) + 1]
    return tuple(dict.fromkeys((*phase.fill_first, *reached)))


def limits_of(plan: Plan, percentage: int) -> dict[str, int]:
    """The highest threshold each audience may have: everything, less what it keeps as a control below 100 %."""
    return {audience.key: WHOLE - (audience.keep_control if percentage < WHOLE else 0) for audience in plan.audiences}


def raise_to(plan: Plan, phase: Phase, percentage: int, current: Filled, census: Census | None) -> Filling:
    """The thresholds that reach `percentage` (buckets) in `phase`; none falls below what is served now.

    People who were in before come back first, as far as the phase may reach them; then the phase's own order goes on.
    A share above 0 asks for at least one subject.
    """
    census = _of_somebody(census)
    order = order_of(plan, phase)
    known = _within(current.raises, frozenset(order), current.thresholds)
    further = Raise(percentage, order, _no_register_limits(plan, order, percentage)
                    if census is None else limits_of(plan, percentage))
    if census is None:
        reached = _interpolate((*known, further), percentage)
        thresholds = _highest(current.thresholds, reached)
    else:
        thresholds = _climb(census, (*known, further), wanted(census, percentage), current.thresholds)
    top = known[-1].thresholds if known else {}
    if known and _at_most(thresholds, top):
        return describe(plan, percentage, thresholds, current.raises, census)
    raises = (*known, Raise(percentage, order, _highest(top, thresholds)))
    return describe(plan, percentage, thresholds, raises, census)


def lower_to(plan: Plan, percentage: int, current: Filled, census: Census | None) -> Filling:
    """The thresholds that serve `percentage` (buckets) and no audience more than now: the last ones in go first.

    The number of subjects is rounded down, or halving the share of a single subject would keep it in.
    """
    census = _of_somebody(census)
    if percentage == 0:
        thresholds = dict.fromkeys(current.thresholds, 0)
    elif census is None:
        thresholds = _lowest(current.thresholds, _interpolate(current.raises, percentage))
    else:
        thresholds = cut_to(current, census, census.eligible() * percentage // BUCKETS)
    return describe(plan, percentage, thresholds, current.raises, census)


def cut_to(current: Filled, census: Census, subjects: int) -> dict[str, int]:
    """The thresholds with which at most `subjects` are included, none above what is served now."""
    served = [replace(step, thresholds=_lowest(step.thresholds, current.thresholds)) for step in current.raises]
    return _lowest(current.thresholds, _climb(census, served, subjects, {}))


def wanted(census: Census, percentage: int) -> int:
    """How many subjects a share means: rounded to the nearest one, at least one above 0 %."""
    nearest = (census.eligible() * percentage + BUCKETS // 2) // BUCKETS
    return max(nearest, 1) if percentage and census.eligible() else nearest


def describe(plan: Plan, percentage: int, thresholds: Thresholds, raises: tuple[Raise, ...],
             census: Census | None) -> Filling:
    """A filling with the counts that belong to it; also the recount of what is served at each sweep."""
    audiences = tuple(
        AudienceShare(audience.key, audience.name, None if census is None else census.size(audience.key),
                      thresholds.get(audience.key, 0))
        for audience in plan.audiences)
    if census is None:
        return Filling(percentage, thresholds, raises, audiences)
    return Filling(percentage, thresholds, raises, audiences, eligible=census.eligible(),
                   wanted=wanted(census, percentage), included=census.included(thresholds),
                   enrolled=census.enrolled(thresholds))


def _climb(census: Census, steps: Iterable[Raise], aim: int, floor: Thresholds) -> dict[str, int]:
    """Fills audience after audience along the steps until `aim` subjects are included, starting from `floor`."""
    thresholds = dict(floor)
    for step in steps:
        for audience in step.order:
            limit = step.thresholds.get(audience, 0)
            if limit <= thresholds.get(audience, 0):
                continue
            whole = {**thresholds, audience: limit}
            if census.included(whole) > aim:
                last = census.threshold_for(audience, thresholds, aim)
                thresholds[audience] = max(thresholds.get(audience, 0), min(last, limit))
                return thresholds
            thresholds = whole
    return thresholds


def _of_somebody(census: Census | None) -> Census | None:
    """None for a register in which nobody is eligible: any audience would fit whole, and newcomers be in at once."""
    return census if census is not None and census.eligible() else None


def _no_register_limits(plan: Plan, order: tuple[str, ...], percentage: int) -> dict[str, int]:
    """Without a register: named audiences whole, the last one (every eligible subject) by the percentage itself."""
    limits = limits_of(plan, percentage)
    last = plan.audiences[-1].key
    return {key: min(limits[key], percentage) if key == last else limits[key] for key in order}


def _interpolate(raises: tuple[Raise, ...], percentage: int) -> dict[str, int]:
    """Without a register: thresholds between two raises, in proportion to the percentage between theirs."""
    below: Thresholds = {}
    start = 0
    for step in raises:
        top = _highest(below, step.thresholds)
        if percentage < step.percentage:
            span = step.percentage - start
            return {key: below.get(key, 0) + (high - below.get(key, 0)) * (percentage - start) // span
                    for key, high in top.items()} if percentage > start else dict(below)
        below, start = top, max(start, step.percentage)
    return dict(below)


def _within(raises: tuple[Raise, ...], reachable: frozenset[str], served: Thresholds) -> tuple[Raise, ...]:
    """The raises, oldest first, that a phase may repeat: up to the first that reached an audience it may not."""
    kept: list[Raise] = []
    for step in raises:
        if any(high > served.get(key, 0) and key not in reachable for key, high in step.thresholds.items()):
            break
        kept.append(step)
    return tuple(kept)


def _at_most(one: Thresholds, other: Thresholds) -> bool:
    return all(value <= other.get(key, 0) for key, value in one.items())


def _highest(one: Thresholds, other: Thresholds) -> dict[str, int]:
    return {key: max(one.get(key, 0), other.get(key, 0)) for key in {**one, **other}}


def _lowest(one: Thresholds, other: Thresholds) -> dict[str, int]:
    return {key: min(value, other.get(key, 0)) for key, value in one.items()}
