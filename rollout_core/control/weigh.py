"""Weighing a change before it is made: the same look for the preview and for the verb itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from rollout_core.control.counting import LOWERING_PATIENCE_S, RAISING_PATIENCE_S, Patience, count, count_moves
from rollout_core.control.moment import Moment, moment
from rollout_core.control.standing import standings
from rollout_core.errors import RolloutError
from rollout_core.insight.question import rollout_of
from rollout_core.people.role import Role
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.room import Room
from rollout_core.rollouts.census import Census, Difference, Moved, Served, population, timed
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
    """A verb on one rollout. `propose` is pure. `raises`: it needs the revision it was decided on, always. `climbs`:
    it fills audiences, so it looks at ages and inactivity anew.

    `urgent`: it waits for nothing but the control store. `target` names the plan version to go to, if any.
    """

    name: str
    request: type
    propose: Callable[[Situation, Any], Next]
    role: Role
    summary: str
    raises: bool = False
    climbs: bool = False
    urgent: bool = False
    plan_after: Callable[[ControlUnit, Rollout, Any], Plan] | None = None
    rises: Callable[[Rollout, Any], bool] | None = None
    """For a verb that goes both ways: whether this request goes up, and may therefore wait for a count."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """A change as it would be made now. `refusal` holds what the decision itself refused (a wrong status …).

    `counted` is who enters and leaves, counted subject by subject, where two counts of the register could not tell.
    `kept` counts the register as it goes on being looked at, where a raise was weighed that looks at nobody anew.
    """

    situation: Situation
    when: Moment
    proposed: Next | None
    refusal: RolloutError | None
    proof: Standings
    gates: tuple[Gate, ...]
    counted: Moved | None = None
    kept: Census | None = None

    @property
    def then(self) -> Census | None:
        """The count of the register that is right once the change is made."""
        return self.kept or self.situation.census_after


def weigh(room: Room, verb: RolloutVerb, request: Any) -> Weighed:
    """Looks at the rollout, counts, decides, and gathers the evidence for the gates. Changes nothing."""
    with room.control.read() as unit:
        rollout = rollout_of(unit, request.rollout)
        when = moment(room, unit)
        plan = unit.plans.get(rollout.plan, rollout.plan_version)
        plan_after = verb.plan_after(unit, rollout, request) if verb.plan_after else plan
    patience = _patience(verb, rollout, request)
    situation = _counted(room, patience, Situation(plan, rollout, None, when.at, plan_after, None, room.environment))
    try:
        proposed = verb.propose(situation, request)
    except RolloutError as refusal:
        return Weighed(situation, when, None, refusal, {}, ())
    with room.control.read() as unit:
        proof = _proof(room, unit, situation, proposed)
        gates = gates_now(unit, situation, proposed, proof)
    counted = None
    if situation.census is not None and situation.census_after is not None and _moves_need_names(situation, proposed):
        counted = count_moves(room, _difference(situation, proposed), patience.seconds)
    kept = None
    if patience.raising and proposed.changed and proposed.before.anchors == proposed.rollout.anchors:
        kept = count(room, plan_after, proposed.rollout, when.at, Patience(patience.seconds))
    return Weighed(situation, when, proposed, None, proof, gates, counted, kept)


def gates_now(unit: ControlUnit, situation: Situation, proposed: Next, proof: Standings) -> tuple[Gate, ...]:
    """The gates of a proposed change, with the checklist as it is in this transaction."""
    plan, key = situation.plan_after, situation.rollout.key
    ticks = [Tick(each.item, each.by, each.at) for each in unit.checklist.ticks(key)]
    waivers = [Waiver(each.item, each.by, each.reason, each.at) for each in unit.checklist.waivers(key)]
    return gates_of(plan, proposed, proof, checklist_gates(plan.checklist, ticks, waivers), situation.now)


def moved(situation: Situation, proposed: Next, weighed: Weighed) -> tuple[int | None, int | None, int | None]:
    """(gained, lost, have then) in subjects; None where nobody could be counted."""
    counted, after = weighed.counted, weighed.then
    if situation.census is None or after is None:
        return None, None, None
    have = after.enrolled(proposed.rollout.thresholds)
    if _moves_need_names(situation, proposed):
        return (None, None, have) if counted is None else (counted.gained, counted.lost, have)
    change_of = after.moved(proposed.before.thresholds, proposed.rollout.thresholds)
    return change_of.gained, change_of.lost, have


def _patience(verb: RolloutVerb, rollout: Rollout, request: Any) -> Patience:
    """How long the verb may wait for a count, and whether it looks at everybody anew."""
    climbing = verb.rises(rollout, request) if verb.rises else verb.climbs
    if verb.urgent:
        return Patience(0.0)
    return Patience(RAISING_PATIENCE_S if climbing or verb.raises else LOWERING_PATIENCE_S, climbing)


def _moves_need_names(situation: Situation, proposed: Next) -> bool:
    """True when rules, the holdout, or where time conditions look from change: two counts of as many subjects each
    cannot tell whether they are the same ones."""
    before, after = proposed.before, proposed.rollout
    if situation.plan_after is not situation.plan or before.holdout != after.holdout:
        return True
    rules = (situation.plan.eligibility, *(audience.rule for audience in situation.plan.audiences))
    return before.anchors != after.anchors and any(timed(rule) for rule in rules)


def _difference(situation: Situation, proposed: Next) -> Difference:
    """The question who enters and who leaves."""
    before, after = proposed.before, proposed.rollout
    return Difference(Served(population(situation.plan, before, situation.now), before.thresholds),
                      Served(population(situation.plan_after, after, situation.now), after.thresholds))


def _counted(room: Room, patience: Patience, situation: Situation) -> Situation:
    """With the counts that come in time."""
    census = count(room, situation.plan, situation.rollout, situation.now, patience)
    after = census if situation.plan_after is situation.plan else count(
        room, situation.plan_after, situation.rollout, situation.now, patience)
    return replace(situation, census=census, census_after=after)


def _proof(room: Room, unit: ControlUnit, situation: Situation, proposed: Next) -> Standings:
    """The evidence for the phases that must have proven themselves; none for a change that raises nothing."""
    if not proposed.raises_exposure:
        return {}
    after = proposed.rollout
    phases = phases_to_prove(situation.plan_after, situation.rollout, after.percentage, after.phase)
    return standings(room, unit, situation.rollout.key, phases)
