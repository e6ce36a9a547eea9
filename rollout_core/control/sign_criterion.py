"""Sign a criterion that no number can prove: met or not met, with the evidence in words."""

from __future__ import annotations

from dataclasses import dataclass

from rollout_core.control.change import Change
from rollout_core.control.moment import Moment
from rollout_core.control.trail import entry
from rollout_core.control.transact import Attempt, act
from rollout_core.errors import InvalidRequest, ReasonMissing
from rollout_core.insight.question import rollout_of
from rollout_core.people.actor import Actor
from rollout_core.people.role import Role
from rollout_core.ports.control_records import Signoff
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.room import Room
from rollout_core.rollouts.phase import Phase
from rollout_core.rollouts.plan import Plan
from rollout_core.rollouts.rollout import Rollout
from rollout_core.rollouts.targets import place_of

NAME = "sign_criterion"


@dataclass(frozen=True, slots=True)
class SignCriterion:
    """`phase` None: the one the rollout is in. `evidence` says what was seen, and where."""

    criterion: str
    evidence: str
    met: bool = True
    phase: str | None = None
    rollout: str | None = None


def sign_criterion(room: Room, actor: Actor, request: SignCriterion) -> Change:
    """Keeps the signature; the newest counts. Raises NotPermitted, ReasonMissing, InvalidRequest."""
    return act(room, Attempt(actor, NAME, request, Role.OPERATOR), lambda unit, when: _make(unit, actor, request, when))


def _make(unit: ControlUnit, actor: Actor, request: SignCriterion, when: Moment) -> Change:
    rollout = rollout_of(unit, request.rollout)
    phase = _phase(unit.plans.get(rollout.plan, rollout.plan_version), rollout, request)
    _check(phase, request)
    evidence = request.evidence.strip()
    unit.signoffs.add(Signoff(rollout.key, phase.key, request.criterion, request.met, actor.principal, when.at,
                              evidence))
    record = unit.audit.append(entry(
        actor, when, NAME, rollout=rollout.key, reason=evidence,
        after={"phase": phase.key, "criterion": request.criterion, "met": request.met}))
    return Change(NAME, rollout.key, record.seq, rollout, rollout, revision=rollout.revision)


def _phase(plan: Plan, rollout: Rollout, request: SignCriterion) -> Phase:
    return plan.phases[max(place_of(plan, request.phase or rollout.phase), 0)]


def _check(phase: Phase, request: SignCriterion) -> None:
    """Only a criterion without a metric is signed; a measured one is proven, or overruled with a reason."""
    manual = [criterion.key for criterion in phase.criteria if criterion.manual]
    if request.criterion not in manual:
        raise InvalidRequest(f"{request.criterion!r} is not a criterion of {phase.name} that a person signs.",
                             mend=f"These are: {', '.join(manual) or 'none'}.", criterion=request.criterion)
    if not request.evidence.strip():
        raise ReasonMissing("A signature needs its evidence in words.", mend="Say what was seen, and where.")
