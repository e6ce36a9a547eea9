"""Setup: plan documents become plans and rollouts. It never changes what is served."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from rollout_core.control.begin import beginning
from rollout_core.control.change import Change
from rollout_core.control.moment import Moment
from rollout_core.control.notice import percent
from rollout_core.control.open_snapshot import refresh_snapshot
from rollout_core.control.trail import entry, facts_of
from rollout_core.control.transact import Attempt, act, recorded_refusals
from rollout_core.errors import InvalidRequest, PlanNotFound
from rollout_core.people.actor import Actor
from rollout_core.people.permission import require
from rollout_core.people.role import Role
from rollout_core.ports.control_records import PlanText
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.room import Room
from rollout_core.rollouts import decide
from rollout_core.rollouts.plan import Plan
from rollout_core.rollouts.rollout import Rollout

NAME = "setup"


@dataclass(frozen=True, slots=True)
class Setup:
    """`documents` with their file names, or the `directory` that holds them (*.yaml)."""

    documents: tuple[PlanText, ...] = ()
    directory: str | None = None


@dataclass(frozen=True, slots=True)
class PlanSetUp:
    """What became of one document. `action`: created | new_version | unchanged; `begins` says where `start` will."""

    plan: str
    version: int
    action: str
    rollout: str
    runs_version: int
    begins: str = ""


def setup(room: Room, actor: Actor, request: Setup) -> Change:
    """Creates or updates every plan of the documents in one transaction; all or none.

    A changed document becomes a new version; a rollout that has started keeps its own until it is migrated. The answer
    lists each plan in `result["plans"]`. Raises NotPermitted, InvalidPlan with every mistake, PlanNotFound.
    """
    with recorded_refusals(room, actor, NAME, request):
        require(actor, Role.ADMIN, "set plans up")
    documents = [(document, room.new_token()) for document in documents_of(request)]
    change = act(room, Attempt(actor, NAME, request, Role.ADMIN),
                 lambda unit, when: _make(room, unit, actor, documents, when))
    refresh_snapshot(room)
    return change


def documents_of(request: Setup) -> tuple[PlanText, ...]:
    """The documents to set up. Raises PlanNotFound when there is none, InvalidRequest when none is asked for."""
    if request.documents:
        return request.documents
    if request.directory is None:
        raise InvalidRequest("Nothing to set up.", mend="Name a directory of plan documents.")
    paths = sorted(Path(request.directory).glob("*.yaml"))
    if not paths:
        raise PlanNotFound(f"There is no plan document (*.yaml) in {request.directory}.",
                           mend="Name the directory that holds them.", directory=request.directory)
    return tuple(PlanText(path.read_text(encoding="utf-8"), path.name) for path in paths)


def _make(room: Room, unit: ControlUnit, actor: Actor, documents: list[tuple[PlanText, str]],
          when: Moment) -> Change:
    done = tuple(_set_up(room, unit, actor, document, salt, when) for document, salt in documents)
    head = unit.audit.head()
    behind = tuple(f"{each.rollout} keeps plan version {each.runs_version}; migrate it to get version {each.version}."
                   for each in done if each.runs_version != each.version)
    return Change(NAME, None, head.seq, warnings=behind, result={"plans": done})


def _set_up(room: Room, unit: ControlUnit, actor: Actor, document: PlanText, salt: str, when: Moment) -> PlanSetUp:
    """One document."""
    plan = unit.plans.read(document)
    versions = unit.plans.versions(plan.key)
    if versions and unit.plans.document(plan.key).text == document.text:
        action, plan = "unchanged", unit.plans.get(plan.key)
    else:
        action = "new_version" if versions else "created"
        plan = _saved(unit, actor, plan, document, when)
    existing = next((each for each in unit.rollouts.all() if each.key == plan.key), None)
    rollout = _created(unit, actor, plan, salt, when) if existing is None else _updated(
        unit, actor, plan, existing, when)
    return PlanSetUp(plan.key, plan.version, action, rollout.key, rollout.plan_version, _begins(room, plan, rollout))


def _saved(unit: ControlUnit, actor: Actor, plan: Plan, document: PlanText, when: Moment) -> Plan:
    """Keeps the document as the next version; a version number that the document raised itself is honoured."""
    newest = max((each.version for each in unit.plans.versions(plan.key)), default=0)
    if plan.version <= newest:
        plan = replace(plan, version=newest + 1, note=f"{document.source} changed without a note")
    unit.plans.save(plan, document, when.at, actor.principal)
    unit.audit.append(entry(actor, when, NAME, rollout=plan.key, reason=plan.note, before={"plan_version": newest},
                            after={"plan": plan.key, "plan_version": plan.version, "source": document.source}))
    return plan


def _created(unit: ControlUnit, actor: Actor, plan: Plan, salt: str, when: Moment) -> Rollout:
    """A rollout of a new plan, ready to start."""
    rollout = decide.prepare(decide.draft(plan, salt, when.at), when.at).rollout
    unit.rollouts.save(rollout, None)
    unit.audit.append(entry(actor, when, NAME, rollout=rollout.key, after=facts_of(rollout),
                            revision=rollout.revision, epoch=rollout.epoch))
    return rollout


def _updated(unit: ControlUnit, actor: Actor, plan: Plan, rollout: Rollout, when: Moment) -> Rollout:
    """A rollout that never started takes the new version; one that did keeps its own."""
    if rollout.started_at is not None or rollout.plan_version == plan.version:
        return rollout
    if (plan.key, plan.unit) != (rollout.plan, rollout.unit):
        raise InvalidRequest(f"{plan.name} counts {plan.unit}s now, its rollout {rollout.unit}s.",
                             mend="Give the plan another key: it is another rollout.", plan=plan.key)
    fresh = decide.draft(plan, rollout.salt, rollout.created_at, rollout.key)
    after = replace(fresh, status=rollout.status, autopilot=rollout.autopilot, revision=rollout.revision + 1,
                    epoch=rollout.epoch, epoch_began_at=rollout.epoch_began_at)
    unit.rollouts.save(after, rollout.revision)
    unit.audit.append(entry(actor, when, NAME, rollout=rollout.key, before=facts_of(rollout), after=facts_of(after),
                            revision=after.revision, epoch=after.epoch))
    return after


def _begins(room: Room, plan: Plan, rollout: Rollout) -> str:
    """Where `start` will begin because the environment says so; empty otherwise."""
    if rollout.started_at is not None:
        return ""
    phase, share = beginning(plan, room.environment)
    return f"phase {phase}" if phase else "" if share is None else percent(share)
