"""Chance: whether a subject is in by eligibility, audience, holdout and bucket; compiled once per epoch.

All flags of a rollout share this answer: a subject is in or out of the rollout, and flags enter with its phases. Within
an epoch the outcomes are few (per audience: in, out, formerly in, held out): they are listed once, and whoever asks
drafts an answer for each of them beforehand; what is left per subject is the bucket.
"""

from __future__ import annotations

from _md5 import md5  # type: ignore[import-not-found]
from collections.abc import Callable, Sequence
from dataclasses import replace
from struct import Struct
from typing import NamedTuple, TypeVar

from rollout_core.flags.bucketing import BUCKETS, bucket_of, holdout_salt
from rollout_core.flags.decision import Arm, Reason
from rollout_core.flags.matching import Attributes, Matches, compile_rule
from rollout_core.flags.snapshot import ServedRollout
from rollout_core.flags.targeting import EVERYBODY

_first_eight_bytes = Struct("<Q").unpack_from


class Outcome(NamedTuple):
    """One answer of chance. `inclusion` is the probability of being in, in buckets: with the epoch, the stratum."""

    included: bool
    reason: Reason
    arm: Arm
    inclusion: int = 0
    audience: str | None = None
    threshold: int = 0


class Reach(NamedTuple):
    """One audience, compiled: `matches` None for everybody, thresholds in buckets, places of its answers in the list.

    `held` places apply to subjects the holdout draws from: their inclusion is smaller.
    """

    key: str
    matches: Matches | None
    threshold: int
    ever: int
    free: tuple[int, int, int]
    held: tuple[int, int, int, int]


class Chances(NamedTuple):
    """A rollout's chances in one epoch: its compiled rules and every outcome there is."""

    served: ServedRollout
    eligible: Matches | None
    reaches: tuple[Reach, ...]
    in_holdout: Matches | None
    outcomes: tuple[Outcome, ...]


Draft = tuple[tuple[object, ...], tuple[object, ...]]
"""For one outcome, the fields of an answer before and after the bucket."""

Answer = TypeVar("Answer", bound=tuple[object, ...])


INELIGIBLE, UNREACHED = 0, 1
_FIXED = (Outcome(False, Reason.NOT_ELIGIBLE, Arm.NONE), Outcome(False, Reason.NO_AUDIENCE, Arm.NONE))


def compile_chances(served: ServedRollout) -> Chances:
    """The chances of one epoch; time conditions look from its anchors."""
    if served.stopped or served.paused:     # chance decides nothing then: no rule may stand in the way of a stop
        served = replace(served, eligibility=EVERYBODY, audiences=())
    eligible = compile_rule(served.eligibility, served.looking.eligibility)
    outcomes = list(_FIXED)
    reaches = tuple(_reach(served, place, outcomes) for place in _by_threshold(served))
    in_holdout = _in_holdout_audience(served, reaches)
    return Chances(served, eligible, reaches, in_holdout, tuple(outcomes))


def _by_threshold(served: ServedRollout) -> list[int]:
    """The audiences' places, the highest threshold first: the first that matches a subject decides."""
    thresholds = [served.thresholds.get(audience.key, 0) for audience in served.audiences]
    return sorted(range(len(thresholds)), key=lambda place: -thresholds[place])


def _reach(served: ServedRollout, place: int, outcomes: list[Outcome]) -> Reach:
    """Compiles one audience and lists its answers."""
    audience = served.audiences[place]
    threshold = served.thresholds.get(audience.key, 0)

    def listed(included: bool, reason: Reason, arm: Arm, inclusion: int) -> int:
        outcomes.append(Outcome(included, reason, arm, inclusion, audience.key, threshold))
        return len(outcomes) - 1

    def answers(inclusion: int) -> tuple[int, int, int]:
        out = Reason.OUT_BY_BUCKET if threshold else Reason.NO_AUDIENCE
        return (listed(True, Reason.AUDIENCE_BUCKET, Arm.TREATMENT, inclusion),
                listed(False, out, Arm.CONTROL if threshold else Arm.NONE, inclusion),
                listed(False, out, Arm.FORMER, inclusion))

    reduced = threshold * (BUCKETS - served.holdout.buckets) // BUCKETS
    held = (*answers(reduced), listed(False, Reason.HOLDOUT, Arm.HOLDOUT, reduced))
    return Reach(audience.key, compile_rule(audience.rule, served.looking.audience(audience.key)), threshold,
                 served.ever.get(audience.key, 0), answers(threshold), held)


def compile_includes(chances: Chances) -> Callable[[str, Attributes, object], bool]:
    """In or out and nothing else: the fast path. The bucket is written out here; a call costs a tenth of it."""
    served, eligible, _, in_holdout, _ = chances
    opened = tuple((reach.matches, reach.threshold) for reach in chances.reaches if reach.threshold)
    salt, salt_of_holdout, held = f"{served.salt}:".encode(), holdout_salt(served.salt), served.holdout.buckets

    def includes(subject: str, attributes: Attributes, _now: object) -> bool:
        if eligible is not None and not eligible(attributes):
            return False
        for matches, threshold in opened:
            if matches is None or matches(attributes):
                if _first_eight_bytes(md5(salt + subject.encode()).digest())[0] % BUCKETS >= threshold:
                    return False
                return (in_holdout is None or not in_holdout(attributes)
                        or bucket_of(salt_of_holdout, subject) >= held)
        return False
    return includes


def compile_answers(chances: Chances, kind: type[Answer],
                    drafts: Sequence[Draft]) -> Callable[[str, Attributes, object], Answer]:
    """A function that answers with a tuple of this kind: the fields drafted for the outcome around the bucket.

    The bucket is -1 when it was not looked at.
    """
    if chances.in_holdout is not None:
        return _answers_with_holdout(chances, kind, drafts, chances.in_holdout)
    served, eligible, reaches, _, _ = chances
    steps = tuple((reach.matches, reach.threshold, drafts[reach.free[0]], drafts[reach.free[1]], drafts[reach.free[2]])
                  for reach in reaches)
    ineligible, unreached = drafts[INELIGIBLE], drafts[UNREACHED]
    salt = f"{served.salt}:".encode()
    highest_ever = max((reach.ever for reach in reaches), default=0)
    new = tuple.__new__     # what a NamedTuple's own constructor calls, without its keywords

    def answer(subject: str, attributes: Attributes, _now: object) -> Answer:
        if eligible is not None and not eligible(attributes):
            return new(kind, (*ineligible[0], -1, *ineligible[1]))
        bucket = _first_eight_bytes(md5(salt + subject.encode()).digest())[0] % BUCKETS
        before, after = unreached
        for matches, threshold, inside, outside, former in steps:
            if matches is None or matches(attributes):
                if bucket < threshold:
                    before, after = inside
                elif bucket < highest_ever and _was_in(reaches, bucket, attributes):
                    before, after = former
                else:
                    before, after = outside
                break
        return new(kind, before + (bucket,) + after)  # noqa: RUF005  twice as fast as unpacking
    return answer


def _answers_with_holdout(chances: Chances, kind: type[Answer], drafts: Sequence[Draft],
                          in_holdout: Matches) -> Callable[[str, Attributes, object], Answer]:
    """The same with a holdout: subjects it draws from may be kept out, by its own salt."""
    served, eligible, reaches, _, _ = chances
    salt_of_holdout, held_buckets = holdout_salt(served.salt), served.holdout.buckets

    def place_of(subject: str, attributes: Attributes, bucket: int) -> int:
        for reach in reaches:
            if reach.matches is None or reach.matches(attributes):
                drawn_from = in_holdout(attributes)
                if drawn_from and bucket_of(salt_of_holdout, subject) < held_buckets:
                    return reach.held[3]
                inside, outside, former = reach.held[:3] if drawn_from else reach.free
                if bucket < reach.threshold:
                    return inside
                return former if _was_in(reaches, bucket, attributes) else outside
        return UNREACHED

    def answer(subject: str, attributes: Attributes, _now: object) -> Answer:
        if eligible is not None and not eligible(attributes):
            place, bucket = INELIGIBLE, -1
        else:
            bucket = bucket_of(served.salt, subject)
            place = place_of(subject, attributes, bucket)
        before, after = drafts[place]
        return tuple.__new__(kind, (*before, bucket, *after))
    return answer


def _was_in(reaches: tuple[Reach, ...], bucket: int, attributes: Attributes) -> bool:
    """True when an audience of this subject was once served beyond its bucket."""
    return any(bucket < reach.ever and (reach.matches is None or reach.matches(attributes)) for reach in reaches)


def _in_holdout_audience(served: ServedRollout, reaches: tuple[Reach, ...]) -> Matches | None:
    """Whether the holdout draws from a subject; None when there is no holdout."""
    if not served.holdout.buckets or not served.audiences:
        return None
    named = served.holdout.audiences or (served.audiences[-1].key,)
    rules = [reach.matches for reach in reaches if reach.key in named]
    return lambda attributes: any(matches is None or matches(attributes) for matches in rules)
