"""Set an override: one subject is on or off whatever the percentage says; or take that back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from rollout_core.control.change import Change
from rollout_core.control.moment import Moment
from rollout_core.control.serving import served_of
from rollout_core.control.trail import entry, reference
from rollout_core.control.transact import commit, recorded_refusals
from rollout_core.errors import FlagNotFound, InvalidRequest, ReasonMissing
from rollout_core.flags.override import Override
from rollout_core.flags.snapshot import ServedRollout
from rollout_core.insight.question import rollout_of
from rollout_core.people.actor import Actor
from rollout_core.people.permission import require
from rollout_core.people.role import Role
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.room import Room
from rollout_core.rollouts.plan import Plan
from rollout_core.rollouts.rollout import Rollout

NAME = "set_override"


@dataclass(frozen=True, slots=True)
class SetOverride:
    """`flag` None: all flags of the rollout. `remove` takes the override away. On needs an admin and a reason."""

    subject: str
    value: bool | None = None
    rollout: str | None = None
    flag: str | None = None
    remove: bool = False
    until_at: datetime | None = None
    revision: int | None = None
    reason: str | None = None


def set_override(room: Room, actor: Actor, request: SetOverride) -> Change:
    """Keeps or removes the override. Raises NotPermitted, ReasonMissing, FlagNotFound, InvalidRequest."""
    with recorded_refusals(room, actor, NAME, request):
        require(actor, Role.OPERATOR, "switch a feature off for a subject")
        change, served = commit(room, lambda unit, when: _make(room, unit, actor, request, when))
    room.live.swap(served)
    return change


def _make(room: Room, unit: ControlUnit, actor: Actor, request: SetOverride,
          when: Moment) -> tuple[Change, ServedRollout]:
    rollout = rollout_of(unit, request.rollout)
    plan = unit.plans.get(rollout.plan, rollout.plan_version)
    was = _present(unit, rollout, request)
    _check(actor, plan, request, was, when)
    if request.remove or request.value is None:
        unit.overrides.remove(rollout.key, request.subject, request.flag)
    else:
        unit.overrides.set(Override(rollout.key, request.subject, request.value, request.flag, actor.principal,
                                    (request.reason or "").strip(), request.until_at))
    after = replace(rollout, revision=rollout.revision + 1)
    unit.rollouts.save(after, rollout.revision)
    subject = reference(room, rollout.unit, request.subject)
    unit.audit.remember_name(subject, rollout.unit, request.subject)
    record = unit.audit.append(entry(
        actor, when, NAME, rollout=rollout.key, subject=subject, reason=(request.reason or "").strip(),
        before={"value": was.value if was else None, "flag": request.flag},
        after={"value": None if request.remove else request.value, "flag": request.flag,
               "until_at": request.until_at.isoformat() if request.until_at else None},
        revision=after.revision, epoch=after.epoch))
    change = Change(NAME, rollout.key, record.seq, rollout, after, epoch=after.epoch, revision=after.revision)
    return change, served_of(room, unit, after, plan)


def _present(unit: ControlUnit, rollout: Rollout, request: SetOverride) -> Override | None:
    """The override that is there already."""
    return next((each for each in unit.overrides.of(rollout.key)
                 if (each.subject, each.flag) == (request.subject, request.flag)), None)


def _check(actor: Actor, plan: Plan, request: SetOverride, was: Override | None, when: Moment) -> None:
    """Switching on, or taking an "off" away, may raise exposure: an admin with a reason."""
    if not request.subject.strip():
        raise InvalidRequest("No subject is named.", mend="Give the subject's id.")
    if request.flag is not None and request.flag not in {flag.key for flag in plan.flags}:
        raise FlagNotFound(f"{plan.name} has no flag {request.flag!r}.",
                           mend=f"Its flags: {', '.join(flag.key for flag in plan.flags)}.", flag=request.flag)
    if request.until_at is not None and (request.until_at.tzinfo is None or request.until_at <= when.at):
        raise InvalidRequest("The override would have ended already.", mend="Give a later time, with its zone.",
                             until_at=str(request.until_at))
    if request.value is None and not request.remove:
        raise InvalidRequest("On or off?", mend="Give a value, or remove the override.", subject=request.subject)
    if (request.value and not request.remove) or (request.remove and was is not None and not was.value):
        require(actor, Role.ADMIN, "switch a feature on for a subject")
        if not (request.reason or "").strip():
            raise ReasonMissing("Switching a feature on for one subject needs a reason.", mend="Say why.")
