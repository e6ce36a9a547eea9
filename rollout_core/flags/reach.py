"""Reaches: every answer that chance may give in one epoch, listed once, by audience and by what was ever served of it.

Here stands which arm an answer has and which stratum it is in.
"""

from __future__ import annotations

from typing import NamedTuple

from rollout_core.flags.audience import Audience
from rollout_core.flags.bucketing import BUCKETS
from rollout_core.flags.decision import Arm, Reason
from rollout_core.flags.matching import Matches, compile_rule
from rollout_core.flags.snapshot import ServedRollout


class Outcome(NamedTuple):
    """One answer of chance. `inclusion` (`inclusion_of`) names the stratum, with the epoch."""

    included: bool
    reason: Reason
    arm: Arm
    inclusion: int = 0
    audience: str | None = None
    threshold: int = 0


class Known(NamedTuple):
    """Places in the list of outcomes for those of one audience who also match another one that was ever served further:
    `ever` in buckets, `matches` None for everybody.

    `held` places apply to subjects the holdout draws from: their inclusion is smaller.
    """

    matches: Matches | None
    ever: int
    free: tuple[int, int, int]
    held: tuple[int, int, int, int]


class Reach(NamedTuple):
    """One audience, compiled: `matches` None for everybody, its threshold in buckets. Of `known`, the furthest served
    first, the first that matches a subject says which buckets were in before; the last one matches everybody."""

    key: str
    matches: Matches | None
    threshold: int
    known: tuple[Known, ...]


INELIGIBLE, UNREACHED = 0, 1
_FIXED = (Outcome(False, Reason.NOT_ELIGIBLE, Arm.NONE), Outcome(False, Reason.NO_AUDIENCE, Arm.NONE))


def list_outcomes(served: ServedRollout) -> tuple[tuple[Reach, ...], tuple[Outcome, ...]]:
    """The audiences of an epoch, the most open one first, and the answers that their places point to."""
    outcomes = list(_FIXED)
    return tuple(_reach(served, place, outcomes) for place in _by_threshold(served)), tuple(outcomes)


def _by_threshold(served: ServedRollout) -> list[int]:
    """The audiences' places, the highest threshold first: the first that matches a subject decides."""
    thresholds = [served.thresholds.get(audience.key, 0) for audience in served.audiences]
    return sorted(range(len(thresholds)), key=lambda place: -thresholds[place])


def inclusion_of(threshold: int, ever: int, holdout: int = 0) -> int:
    """The chance of being in of somebody who is compared, in buckets: treatment's part of treatment, control and
    holdout. Who was in before (from `threshold` up to `ever`) and is not held out is in no comparison (decision 93).

    All arguments in buckets of 100,000. Without a reduction it is the threshold, less the holdout's part of it.
    """
    open_to_chance = BUCKETS - holdout
    compared = BUCKETS * BUCKETS - max(ever - threshold, 0) * open_to_chance
    return threshold * open_to_chance * BUCKETS // compared if compared else 0


def _reach(served: ServedRollout, place: int, outcomes: list[Outcome]) -> Reach:
    """Compiles one audience and lists its answers."""
    audience = served.audiences[place]
    threshold = served.thresholds.get(audience.key, 0)
    own = max(served.ever.get(audience.key, 0), threshold)
    further = sorted(((ever, other) for other in served.audiences if (ever := served.ever.get(other.key, 0)) > own),
                     key=lambda found: -found[0])

    def listed(included: bool, reason: Reason, arm: Arm, inclusion: int) -> int:
        outcomes.append(Outcome(included, reason, arm, inclusion, audience.key, threshold))
        return len(outcomes) - 1

    def answers(inclusion: int) -> tuple[int, int, int]:
        out = Reason.OUT_BY_BUCKET if threshold else Reason.NO_AUDIENCE
        return (listed(True, Reason.AUDIENCE_BUCKET, Arm.TREATMENT, inclusion),
                listed(False, out, Arm.CONTROL if threshold else Arm.NONE, inclusion),
                listed(False, out, Arm.FORMER, inclusion))

    def known(matches: Matches | None, ever: int) -> Known:
        held = inclusion_of(threshold, ever, served.holdout.buckets)
        return Known(matches, ever, answers(inclusion_of(threshold, ever)),
                     (*answers(held), listed(False, Reason.HOLDOUT, Arm.HOLDOUT, held)))

    return Reach(audience.key, _rule_of(served, audience), threshold,
                 (*(known(_rule_of(served, other), ever) for ever, other in further), known(None, own)))


def _rule_of(served: ServedRollout, audience: Audience) -> Matches | None:
    return compile_rule(audience.rule, served.looking.audience(audience.key))
