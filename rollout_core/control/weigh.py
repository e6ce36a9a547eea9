"""Weighing a change before it is made: the same look for the preview and for the verb itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from rollout_core.control.counting import LOWERING_PATIENCE_S, RAISING_PATIENCE_S, count
from rollout_core.control.moment import Moment, moment
from rollout_core.control.standing import standings
from rollout_core.errors import RolloutError
from rollout_core.insight.question import rollout_of
from rollout_core.people.role import Role
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.room import Room
from rollout_core.rollouts.census import Census
from rollout_core.rollouts.checklist import Tick, Waiver, checklist_gates
from rollout_core.rollouts.decide import Next
from rollout_core.rollouts.gates import Gate, Standings, gates_of, phases_to_prove
from rollout_core.rollouts.plan import Plan
from rollout_core.rollouts.rollout import Rollout


@dataclass(frozen=True, slots=True)
class Situation:
    """What a rollout verb decides on. `plan_after` and `census_after` differ only when the plan is migrated."""

    plan: Plan
    rollout: Rollout
    census: Census | None
    now: datetime
    plan_after: Plan
    census_after: Census | None
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RolloutVerb:
    """A verb on one rollout. `propose` is pure. `raises`: it needs the revision it was decided on, always.

    `urgent`: it waits for nothing but the control store. `target` names the plan version to go to, if any.
    """

    name: str
    request: type
    propose: Callable[[Situation, Any], Next]
    role: Role
    summary: str
    raises: bool = False
    urgent: bool = False
    plan_after: Callable[[ControlUnit, Rollout, Any], Plan] | None = None
    rises: Callable[[Rollout, Any], bool] | None = None
    """For a verb that goes both ways: whether this request goes up, and may therefore wait for a count."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """A change as it would be made now. `refusal` holds what the decision itself refused (a wrong status …)."""

    situation: Situation
    when: Moment
    proposed: Next | None
    refusal: RolloutError | None
    proof: Standings
    gates: tuple[Gate, ...]


def weigh(room: Room, verb: RolloutVerb, request: Any) -> Weighed:
    """Looks at the rollout, counts, decides, and gathers the evidence for the gates. Changes nothing."""
    with room.control.read() as unit:
        rollout = rollout_of(unit, request.rollout)
        when = moment(room, unit)
        plan = unit.plans.get(rollout.plan, rollout.plan_version)
        plan_after = verb.plan_after(unit, rollout, request) if verb.plan_after else plan
    rising = verb.rises(rollout, request) if verb.rises else verb.raises
    patience_s = 0.0 if verb.urgent else RAISING_PATIENCE_S if rising else LOWERING_PATIENCE_S
    situation = _counted(room, patience_s, Situation(plan, rollout, None, when.at, plan_after, None, room.environment))
    try:
        proposed = verb.propose(situation, request)
    except RolloutError as refusal:
        return Weighed(situation, when, None, refusal, {}, ())
    with room.control.read() as unit:
        proof = _proof(room, unit, situation, proposed)
        gates = gates_now(unit, situation, proposed, proof)
    return Weighed(situation, when, proposed, None, proof, gates)


def gates_now(unit: ControlUnit, situation: Situation, proposed: Next, proof: Standings) -> tuple[Gate, ...]:
    """The gates of a proposed change, with the checklist as it is in this transaction."""
    plan, key = situation.plan_after, situation.rollout.key
    ticks = [Tick(each.item, each.by, each.at) for each in unit.checklist.ticks(key)]
    waivers = [Waiver(each.item, each.by, each.reason, each.at) for each in unit.checklist.waivers(key)]
    return gates_of(plan, proposed, proof, checklist_gates(plan.checklist, ticks, waivers), situation.now)


def moved(situation: Situation, proposed: Next) -> tuple[int | None, int | None, int | None]:
    """(gained, lost, have then) in subjects; None where nobody could be counted."""
    before, after = situation.census, situation.census_after
    if before is None or after is None:
        return None, None, None
    have = after.enrolled(proposed.rollout.thresholds)
    if proposed.rollout.holdout != proposed.before.holdout or before is not after:
        change = have - before.enrolled(proposed.before.thresholds)
        return max(change, 0), max(-change, 0), have
    change_of = after.moved(proposed.before.thresholds, proposed.rollout.thresholds)
    return change_of.gained, change_of.lost, have


def _counted(room: Room, patience_s: float, situation: Situation) -> Situation:
    """With the counts that come in time."""
    census = count(room, situation.plan, situation.rollout, situation.now, patience_s)
    after = census if situation.plan_after is situation.plan else count(
        room, situation.plan_after, situation.rollout, situation.now, patience_s)
    return replace(situation, census=census, census_after=after)


def _proof(room: Room, unit: ControlUnit, situation: Situation, proposed: Next) -> Standings:
    """The evidence for the phases that must have proven themselves; none for a change that raises nothing."""
    if not proposed.raises_exposure:
        return {}
    after = proposed.rollout
    phases = phases_to_prove(situation.plan_after, situation.rollout, after.percentage, after.phase)
    return standings(room, unit, situation.rollout.key, phases)
