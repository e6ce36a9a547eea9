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
from rollout_core.flags.matching import Attributes, Matches, compile_rule
from rollout_core.flags.reach import INELIGIBLE, UNREACHED, Outcome, Reach, list_outcomes
from rollout_core.flags.snapshot import ServedRollout
from rollout_core.flags.targeting import EVERYBODY

_first_eight_bytes = Struct("<Q").unpack_from


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


def compile_chances(served: ServedRollout) -> Chances:
    """The chances of one epoch; time conditions look from its anchors."""
    if served.stopped or served.paused:     # chance decides nothing then: no rule may stand in the way of a stop
        served = replace(served, eligibility=EVERYBODY, audiences=())
    eligible = compile_rule(served.eligibility, served.looking.eligibility)
    reaches, outcomes = list_outcomes(served)
    return Chances(served, eligible, reaches, _in_holdout_audience(served, reaches), outcomes)


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
    steps = tuple((reach.matches, reach.threshold, tuple(
        (each.matches, each.ever, drafts[each.free[0]], drafts[each.free[1]], drafts[each.free[2]])
        for each in reach.known)) for reach in reaches)
    ineligible, unreached = drafts[INELIGIBLE], drafts[UNREACHED]
    salt = f"{served.salt}:".encode()
    new = tuple.__new__     # what a NamedTuple's own constructor calls, without its keywords

    def answer(subject: str, attributes: Attributes, _now: object) -> Answer:
        if eligible is not None and not eligible(attributes):
            return new(kind, (*ineligible[0], -1, *ineligible[1]))
        bucket = _first_eight_bytes(md5(salt + subject.encode()).digest())[0] % BUCKETS
        before, after = unreached
        for matches, threshold, known in steps:
            if matches is None or matches(attributes):
                for further, ever, inside, outside, former in known:
                    if further is None or further(attributes):
                        before, after = inside if bucket < threshold else former if bucket < ever else outside
                        break
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
                known = next(each for each in reach.known if each.matches is None or each.matches(attributes))
                drawn_from = in_holdout(attributes)
                if drawn_from and bucket_of(salt_of_holdout, subject) < held_buckets:
                    return known.held[3]
                inside, outside, former = known.held[:3] if drawn_from else known.free
                return inside if bucket < reach.threshold else former if bucket < known.ever else outside
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


def _in_holdout_audience(served: ServedRollout, reaches: tuple[Reach, ...]) -> Matches | None:
    """Whether the holdout draws from a subject; None when there is no holdout."""
    if not served.holdout.buckets or not served.audiences:
        return None
    named = served.holdout.audiences or (served.audiences[-1].key,)
    rules = [reach.matches for reach in reaches if reach.key in named]
    return lambda attributes: any(matches is None or matches(attributes) for matches in rules)
