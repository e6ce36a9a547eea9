"""What a verb would do, before it is pressed: the same decision, counted and gated, and nothing is changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from rollout_core.control.change_rollout import check_raise, check_revision
from rollout_core.control.counting import within
from rollout_core.control.rollout_verbs import ROLLOUT_VERBS
from rollout_core.control.weigh import Weighed, moved, weigh
from rollout_core.errors import GateClosed, InvalidRequest, ReasonMissing, RolloutError
from rollout_core.flags.bucketing import percentage_of_buckets
from rollout_core.insight.foresight import looked_ahead
from rollout_core.insight.foresight_answer import ForesightAnswer, ForesightRequest
from rollout_core.people.actor import AUTOPILOT, Actor
from rollout_core.people.permission import require
from rollout_core.people.role import Role
from rollout_core.ports.room import Room
from rollout_core.rollouts.decide import Next
from rollout_core.rollouts.gates import Gate, pass_gates
from rollout_core.rollouts.plan import Plan

PATIENCE_S = 5.0
"""How long a look ahead may take; a dialog opens without it otherwise."""


@dataclass(frozen=True, slots=True)
class Preview:
    """Shares are buckets of 100,000; `to` is the target in percent, to be sent back with a rollback. Phases are names.
    Counts are None when nobody could be counted. `wanted`: how many the new share means, `missing`: how many of them
    the audiences cannot give. `needs_reason`: an admin may go on against closed gates by writing why. `told` names whom
    to tell. `allowed` False: `refusal` says why.
    """

    verb: str
    rollout: str
    revision: int
    from_percentage: int
    to_percentage: int
    to: float
    from_phase: str | None
    to_phase: str | None
    to_status: str
    gained: int | None
    lost: int | None
    have_then: int | None
    eligible: int | None
    gates: tuple[Gate, ...]
    needs_reason: bool
    raises_exposure: bool
    told: tuple[str, ...]
    allowed: bool
    refusal: str = ""
    changes: bool = True
    wanted: int | None = None
    missing: int = 0
    too_many: int | None = None
    """How many would have it if everybody were looked at anew, where that is more than the share means: nobody is."""
    had_then: int | None = None
    """How many would have it if the thresholds with which this share was last served came back; None: it never was."""
    detects: tuple[str, ...] = ()
    """What the phase it leads to can find, when the present one is decided, at what risk: sentences."""


def preview(room: Room, actor: Actor, verb_name: str, request: Any) -> Preview:
    """Weighs the change without making it. Raises InvalidRequest for a verb that changes no rollout, NotFound.

    A revision that is not given counts as the present one: a page asks before it knows.
    """
    if verb_name not in ROLLOUT_VERBS:
        raise InvalidRequest(f"{verb_name} has no preview.", mend=f"These have: {', '.join(ROLLOUT_VERBS)}.")
    verb = ROLLOUT_VERBS[verb_name]
    weighed = weigh(room, verb, request)
    refusal = weighed.refusal or _refused(room, actor, verb.role, request, weighed)
    return replace(shown(verb_name, weighed, refusal), detects=_detects(room, weighed),
                   had_then=_had_then(room, weighed))


def _had_then(room: Room, weighed: Weighed) -> int | None:
    """Counted in the register of now, for what lowers a share to one that was served before."""
    proposed, census = weighed.proposed, weighed.then
    if proposed is None or census is None or proposed.rollout.percentage >= proposed.before.percentage:
        return None
    with room.control.read() as unit:
        epochs = unit.epochs.of(proposed.rollout.key)
    served = [epoch for epoch in epochs if epoch.percentage == proposed.rollout.percentage > 0]
    return census.enrolled(served[-1].thresholds) if served else None


def _detects(room: Room, weighed: Weighed) -> tuple[str, ...]:
    """The foresight of the phase it leads to; nothing for what raises nobody's exposure, or when it does not come."""
    if weighed.proposed is None or not weighed.proposed.raises_exposure:
        return ()
    after = weighed.proposed.rollout
    if after.phase is None or weighed.situation.plan_after is not weighed.situation.plan:
        return ()
    looked = within(PATIENCE_S, lambda: looked_ahead(room, ForesightRequest(after.key, after.phase), after))
    return looked.words if isinstance(looked, ForesightAnswer) else ()


def _refused(room: Room, actor: Actor, role: Role, request: Any, weighed: Weighed) -> RolloutError | None:
    """What the verb itself would refuse, in the order in which it checks."""
    situation, proposed = weighed.situation, weighed.proposed
    try:
        require(actor, role, "do this")
        if request.revision is not None and proposed is not None and proposed.raises_exposure:
            check_revision(situation, request.revision)
        if proposed is not None and proposed.raises_exposure:
            with room.control.read() as unit:
                check_raise(unit, room, actor, situation, weighed.when)
            overrules = actor.role is Role.ADMIN and actor.via != AUTOPILOT.via
            pass_gates(weighed.gates, admin=overrules, reason=request.reason)
    except RolloutError as refusal:
        if isinstance(refusal, GateClosed) and actor.role is Role.ADMIN:
            return ReasonMissing(refusal.message, mend="Write a reason to go on all the same.")
        return refusal
    return None


def shown(verb: str, weighed: Weighed, refusal: RolloutError | None) -> Preview:
    """A weighed change in numbers."""
    situation, proposed = weighed.situation, weighed.proposed
    rollout = situation.rollout
    after, filling = (proposed.rollout, proposed.filling) if proposed else (rollout, None)
    gained, lost, have = moved(situation, proposed, weighed) if proposed else (None, None, None)
    return Preview(
        verb=verb, rollout=rollout.key, revision=rollout.revision,
        from_percentage=rollout.percentage, to_percentage=after.percentage, to=percentage_of_buckets(after.percentage),
        from_phase=_name(situation.plan, rollout.phase), to_phase=_name(situation.plan_after, after.phase),
        to_status=str(after.status), gained=gained, lost=lost, have_then=have,
        eligible=None if weighed.then is None else weighed.then.eligible(),
        gates=weighed.gates,
        needs_reason=any(not gate.open for gate in weighed.gates), raises_exposure=_raises(proposed),
        told=told_of(situation.plan), allowed=refusal is None or isinstance(refusal, ReasonMissing),
        refusal=str(refusal) if refusal else "", changes=proposed is not None and proposed.changed,
        wanted=filling.wanted if filling else None, missing=filling.missing if filling else 0,
        too_many=_too_many(weighed))


def told_of(plan: Plan) -> tuple[str, ...]:
    """Whom to tell of a change: the plan's contacts, by role and name. Nothing is sent to them by itself."""
    return tuple(f"{each.role} ({each.name})" if each.name else each.role for each in plan.contacts)


def _name(plan: Plan, phase: str | None) -> str | None:
    return None if phase is None else plan.phase(phase).name


def _too_many(weighed: Weighed) -> int | None:
    """A raise for which nothing is opened further, since what is open holds more today than the new share means."""
    filling = None if weighed.proposed is None else weighed.proposed.filling
    if weighed.kept is None or filling is None or filling.included is None or filling.wanted is None:
        return None
    return filling.included if filling.included > filling.wanted else None


def _raises(proposed: Next | None) -> bool:
    return proposed is not None and proposed.raises_exposure
