"""Explain: the whole chain of one decision in words, every step with its numbers, whether it decided or not.

The seeds' "Users not seeing features": flag status, targeting criteria, rollout percentage, one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rollout_core.flags.anchors import Looks
from rollout_core.flags.bucketing import BUCKETS, bucket_of, holdout_salt, percentage_of_buckets
from rollout_core.flags.decision import Decision, Reason
from rollout_core.flags.evaluation import CompiledRollout, evaluate
from rollout_core.flags.flag import Flag
from rollout_core.flags.matching import Attributes, compile_rule
from rollout_core.flags.rule_words import rule_in_words
from rollout_core.flags.snapshot import ServedRollout
from rollout_core.flags.standing import RUNNING, forced_for, overrides_in_force
from rollout_core.flags.targeting import AllOf, Condition, Rule


@dataclass(frozen=True, slots=True)
class Step:
    """One link: `passed` True lets the flag through, False does not, None does not apply. `decided`: it settled it."""

    key: str
    name: str
    passed: bool | None
    words: str
    facts: Mapping[str, Any]
    decided: bool = False


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision and its chain, in the order in which things decide."""

    decision: Decision
    subject: str
    steps: tuple[Step, ...]


DECIDED_BY = {
    Reason.STOPPED: "stop", Reason.PAUSED: "pause", Reason.SUBJECT_OVERRIDE: "override",
    Reason.ENVIRONMENT_OVERRIDE: "environment", Reason.NOT_RUNNING: "status", Reason.NOT_ENTERED: "entered",
    Reason.PREREQUISITE_OFF: "prerequisite", Reason.NOT_ELIGIBLE: "eligibility", Reason.HOLDOUT: "holdout",
    Reason.NO_AUDIENCE: "audience", Reason.AUDIENCE_BUCKET: "bucket", Reason.OUT_BY_BUCKET: "bucket",
}
"""Which step of the chain each reason points at."""


def explain(compiled: CompiledRollout, flag_key: str, subject: str, attributes: Attributes,
            now: datetime) -> Explanation:
    """The decision for a subject with the whole chain behind it. Raises FlagNotFound."""
    decision = evaluate(compiled, flag_key, subject, attributes, now)
    flag = compiled.by_key[flag_key]
    links = (*_switches(compiled.served), *_overrides(compiled, flag, subject, now),
             *_flag_status(compiled, flag, subject, now), _eligibility(compiled.served, attributes),
             *_chance(compiled, subject, attributes))
    decided = DECIDED_BY[decision.reason]
    return Explanation(decision, subject, tuple(
        Step(key, name, passed, words, facts, decided=key == decided) for key, name, passed, words, facts in links))


Link = tuple[str, str, bool | None, str, dict[str, Any]]


def _switches(served: ServedRollout) -> Iterator[Link]:
    """Stop and pause."""
    yield ("stop", "Stop", not served.stopped,
           "The rollout is stopped: nobody is served." if served.stopped else "Not stopped.", {})
    yield ("pause", "Pause", not served.paused,
           "The rollout is paused: nobody is served." if served.paused else "Not paused.", {})


def _overrides(compiled: CompiledRollout, flag: Flag, subject: str, now: datetime) -> Iterator[Link]:
    """The subject's own override and the environment's."""
    override = overrides_in_force(compiled.overrides.get(subject, ()), compiled.by_key, now).get(flag.key)
    if override is None:
        ended = len(compiled.overrides.get(subject, ()))
        yield ("override", "Override for this subject", None,
               f"None in force; {ended} for other flags or expired." if ended else "None.", {})
    else:
        until = f", until {override.until_at:%Y-%m-%d %H:%M} UTC" if override.until_at else ""
        yield ("override", "Override for this subject", override.value,
               f"{_on(override.value)} by {override.by}: {override.reason}{until}.",
               {"by": override.by, "reason": override.reason, "until_at": override.until_at})
    forced = next((each for each in compiled.served.environment if each.flag == flag.key), None)
    yield ("environment", "Environment", None if forced is None else forced.value,
           "No variable forces this flag." if forced is None
           else f"{forced.variable}={str(forced.value).lower()} switches it {_on(forced.value).lower()} for everybody.",
           {} if forced is None else {"variable": forced.variable})


def _flag_status(compiled: CompiledRollout, flag: Flag, subject: str, now: datetime) -> Iterator[Link]:
    """Status of the rollout, of the flag, of the flag it needs."""
    served = compiled.served
    yield ("status", "Rollout status", served.status in RUNNING, f"The rollout is {served.status}.",
           {"status": served.status, "phase": served.phase, "epoch": served.epoch})
    entered = flag.key in served.served
    enters = f" It comes with {flag.enters_phase}." if flag.enters_phase and not entered else ""
    yield ("entered", "Flag status", entered,
           f"{flag.key} is {'served' if entered else 'not served'} {_in_phase(served)}.{enters}", {})
    needed = compiled.by_key.get(flag.prerequisite or "")
    if needed is None:
        yield ("prerequisite", "Prerequisite", None if flag.prerequisite is None else False,
               "None." if flag.prerequisite is None else f"{flag.prerequisite} does not exist.", {})
        return
    in_force = overrides_in_force(compiled.overrides.get(subject, ()), compiled.by_key, now)
    forced = forced_for(served, compiled.by_key, needed, in_force)
    passed = forced is None or forced.on
    words = (f"{needed.key} is decided by the same bucket." if forced is None
             else f"{needed.key} is {_on(forced.on).lower()} ({forced.reason.value.replace('_', ' ')}).")
    yield "prerequisite", "Prerequisite", passed, words, {"flag": needed.key}


def _in_phase(served: ServedRollout) -> str:
    """A phase may have been entered and left again: what counts is the present one."""
    return f"in the present phase, {served.phase}" if served.phase else "before the first phase"


def _eligibility(served: ServedRollout, attributes: Attributes) -> Link:
    """The targeting criteria, each condition with what the subject has."""
    looks = served.looking.eligibility
    passed = _matches(served.eligibility, attributes, looks)
    parts = served.eligibility.rules if isinstance(served.eligibility, AllOf) else (served.eligibility,)
    failed = [_condition(part, attributes) for part in parts if not _matches(part, attributes, looks)]
    words = ("Eligible: " + (rule_in_words(served.eligibility) or "everybody") + "." if passed
             else "Not eligible: " + "; ".join(failed) + ".")
    return "eligibility", "Eligibility", passed, words, {"failed": failed}


def _chance(compiled: CompiledRollout, subject: str, attributes: Attributes) -> Iterator[Link]:
    """Holdout, audiences and bucket."""
    served = compiled.served
    yield _holdout(compiled, subject, attributes)
    reaches = [reach for reach in compiled.chances.reaches if reach.matches is None or reach.matches(attributes)]
    best = max(reaches, key=lambda reach: reach.threshold, default=None)
    threshold = best.threshold if best else 0
    listed = "; ".join(f"{reach.key}, {_opened(reach.threshold)}" for reach in reaches) or "no audience"
    yield ("audience", "Audience", threshold > 0, f"Belongs to {listed}.",
           {"audiences": {reach.key: reach.threshold for reach in reaches}})
    bucket = bucket_of(served.salt, subject)
    inside = bucket < threshold
    needed = f" It comes in when {best.key if best else 'an audience'} is open for more than {_percent(bucket)}."
    yield ("bucket", "Rollout percentage", inside,
           f"Bucket {bucket} of {BUCKETS} is {'below' if inside else 'not below'} the threshold {threshold}."
           + ("" if inside else needed), {"bucket": bucket, "threshold": threshold})


def _holdout(compiled: CompiledRollout, subject: str, attributes: Attributes) -> Link:
    """Whether the holdout keeps the subject out."""
    held, in_holdout = compiled.served.holdout.buckets, compiled.chances.in_holdout
    if in_holdout is None:
        return "holdout", "Holdout", None, "There is no holdout.", {}
    if not in_holdout(attributes):
        return "holdout", "Holdout", True, "The holdout does not draw from this subject's audiences.", {}
    bucket = bucket_of(holdout_salt(compiled.served.salt), subject)
    return ("holdout", "Holdout", bucket >= held,
            f"Holdout bucket {bucket} is {'below' if bucket < held else 'not below'} {held} ({_percent(held)}): "
            f"{'kept out for comparison' if bucket < held else 'not held out'}.", {"bucket": bucket, "below": held})


def _matches(rule: Rule, attributes: Attributes, looks: Looks) -> bool:
    matches = compile_rule(rule, looks)
    return matches is None or matches(attributes)


def _condition(rule: Rule, attributes: Attributes) -> str:
    """A rule that does not match, with what the subject has where a single attribute is asked."""
    if not isinstance(rule, Condition):
        return f"needs {rule_in_words(rule)}"
    value = attributes.get(rule.attribute)
    return f"needs {rule_in_words(rule)}, has {'nothing' if value is None else repr(value)}"


def _opened(threshold: int) -> str:
    return f"open for {_percent(threshold)}" if threshold else "which is not open yet"


def _on(value: bool) -> str:
    return "On" if value else "Off"


def _percent(buckets: int) -> str:
    return f"{percentage_of_buckets(buckets):g} %"
