"""Evaluation: from what is served to what one subject gets. Rules are compiled once per epoch, decisions are pure.

`standing.py` has what decides before chance is asked and in which order, `chance.py` the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from rollout_core.errors import FlagNotFound
from rollout_core.flags.chance import Chances, Draft, compile_answers, compile_chances, compile_includes
from rollout_core.flags.decision import Arm, Decision
from rollout_core.flags.flag import Flag, Variant
from rollout_core.flags.matching import Attributes
from rollout_core.flags.override import Override
from rollout_core.flags.reach import Outcome
from rollout_core.flags.snapshot import ServedRollout
from rollout_core.flags.standing import Forced, forced_for, overrides_in_force, standing_of
from rollout_core.flags.variants import ON, Draw, compile_variants, off_variant

IsOn = Callable[[str, Attributes, datetime], bool]
Decide = Callable[[str, Attributes, datetime], Decision]


@dataclass(frozen=True, slots=True)
class CompiledFlag:
    """One flag, ready. `standing` None leaves it to chance; `drafts` has its decision for every outcome of chance."""

    flag: Flag
    off: Variant
    draw: Draw | None
    standing: Forced | None
    drafts: tuple[Draft, ...]
    is_on: IsOn
    decide: Decide


@dataclass(frozen=True, slots=True)
class CompiledRollout:
    """One rollout in one epoch, ready to decide. `overrides` are those of each subject that has any; `place` answers
    (place among the outcomes of chance, bucket)."""

    served: ServedRollout
    chances: Chances
    place: Callable[[str, Attributes, object], tuple[object, ...]]
    by_key: Mapping[str, Flag]
    overrides: Mapping[str, tuple[Override, ...]]
    flags: Mapping[str, CompiledFlag]


def compile_rollout(served: ServedRollout) -> CompiledRollout:
    """Compiles everything that one epoch's decisions need. Costs microseconds per rule; do it when the epoch opens."""
    overrides: dict[str, tuple[Override, ...]] = {}
    for override in served.overrides:
        overrides[override.subject] = (*overrides.get(override.subject, ()), override)
    chances = compile_chances(served)
    places = [((place,), ()) for place in range(len(chances.outcomes))]
    flags: dict[str, CompiledFlag] = {}
    compiled = CompiledRollout(served, chances, compile_answers(chances, tuple, places),
                               {flag.key: flag for flag in served.flags}, overrides, flags)
    for flag in served.flags:
        flags[flag.key] = _compile_flag(compiled, flag)
    return compiled


def evaluate(compiled: CompiledRollout, flag_key: str, subject: str, attributes: Attributes,
             now: datetime) -> Decision:
    """What the subject gets for a flag, and why. `now` only ends overrides. Raises FlagNotFound."""
    try:
        flag = compiled.flags[flag_key]
    except KeyError:
        raise _not_found(compiled, flag_key) from None
    return flag.decide(subject, attributes, now)


def is_on(compiled: CompiledRollout, flag_key: str, subject: str, attributes: Attributes, now: datetime) -> bool:
    """Whether the flag is on for the subject: `evaluate` without the reasons, at half the cost. Raises FlagNotFound."""
    try:
        flag = compiled.flags[flag_key]
    except KeyError:
        raise _not_found(compiled, flag_key) from None
    return flag.is_on(subject, attributes, now)


def decide_all(compiled: CompiledRollout, subject: str, attributes: Attributes, now: datetime) -> dict[str, Decision]:
    """Every flag of the rollout for one subject; chance is asked once."""
    place, bucket = compiled.place(subject, attributes, now)
    decisions = {}
    for key, flag in compiled.flags.items():
        forced = _forced(compiled, flag.flag, subject, now) if subject in compiled.overrides else flag.standing
        if forced is None:
            before, after = flag.drafts[place]  # type: ignore[call-overload]
            decisions[key] = _with_variant(Decision._make((*before, bucket, *after)), flag.draw, subject)
        else:
            decisions[key] = _by_force(compiled.served, flag, subject, forced)
    return decisions


def _compile_flag(compiled: CompiledRollout, flag: Flag) -> CompiledFlag:
    """The flag with its answers. Without overrides and variants both answers are chance's own functions."""
    off, draw = off_variant(flag), compile_variants(flag, compiled.served.salt)
    standing = standing_of(compiled.served, compiled.by_key, flag)
    drafts = tuple(_draft(compiled.served, flag, off, outcome) for outcome in compiled.chances.outcomes)
    includes: IsOn = compile_includes(compiled.chances)
    answers: Decide = compile_answers(compiled.chances, Decision, drafts)
    ready = CompiledFlag(flag, off, draw, standing, drafts, includes, answers)
    if standing is None and draw is None and not compiled.overrides:
        return ready
    return replace(ready, is_on=_forced_or(compiled, ready), decide=_decided_or(compiled, ready))


def _forced_or(compiled: CompiledRollout, flag: CompiledFlag) -> IsOn:
    """On or off where something may decide before chance."""
    includes, overrides = flag.is_on, compiled.overrides

    def is_on(subject: str, attributes: Attributes, now: datetime) -> bool:
        forced = _forced(compiled, flag.flag, subject, now) if subject in overrides else flag.standing
        return includes(subject, attributes, now) if forced is None else forced.on
    return is_on


def _decided_or(compiled: CompiledRollout, flag: CompiledFlag) -> Decide:
    """The decision where something may decide before chance."""
    answers, overrides = flag.decide, compiled.overrides

    def decide(subject: str, attributes: Attributes, now: datetime) -> Decision:
        forced = _forced(compiled, flag.flag, subject, now) if subject in overrides else flag.standing
        if forced is not None:
            return _by_force(compiled.served, flag, subject, forced)
        return _with_variant(answers(subject, attributes, now), flag.draw, subject)
    return decide


def _draft(served: ServedRollout, flag: Flag, off: Variant, outcome: Outcome) -> Draft:
    """The fields of a decision of chance, but for the bucket between them."""
    variant = ON if outcome.included else off
    return ((flag.key, served.key, variant.value, variant.key, outcome.reason, outcome.arm, served.phase, served.epoch,
             outcome.inclusion), (outcome.audience, outcome.threshold, ""))


def _with_variant(decision: Decision, draw: Draw | None, subject: str) -> Decision:
    """A decision of chance with the subject's own variant, when it is in and the flag has several."""
    if draw is None or decision.arm is not Arm.TREATMENT:
        return decision
    variant = draw(subject)
    return decision._replace(value=variant.value, variant=variant.key)


def _by_force(served: ServedRollout, flag: CompiledFlag, subject: str, forced: Forced) -> Decision:
    """A decision made before chance: its subject is on no side of the comparison."""
    variant = flag.off if not forced.on else ON if flag.draw is None else flag.draw(subject)
    return Decision(flag.flag.key, served.key, variant.value, variant.key, forced.reason, Arm.NONE, served.phase,
                    served.epoch, 0, -1, detail=forced.detail)


def _forced(compiled: CompiledRollout, flag: Flag, subject: str, now: datetime) -> Forced | None:
    """What decides before chance for a subject that has overrides."""
    in_force = overrides_in_force(compiled.overrides[subject], compiled.by_key, now)
    return forced_for(compiled.served, compiled.by_key, flag, in_force)


def _not_found(compiled: CompiledRollout, key: str) -> FlagNotFound:
    return FlagNotFound(f"{compiled.served.key} has no flag {key!r}.",
                        mend=f"Its flags are {', '.join(compiled.flags) or 'none'}.", flag=key,
                        rollout=compiled.served.key)
