"""Set the autopilot of a rollout: off, advise (it says what it would do), act (it does)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from rollout_core.control.change import Change
from rollout_core.control.moment import Moment
from rollout_core.control.serving import served_of
from rollout_core.control.trail import entry
from rollout_core.control.transact import Attempt, act
from rollout_core.flags.snapshot import ServedRollout
from rollout_core.insight.question import rollout_of
from rollout_core.people.actor import Actor
from rollout_core.people.role import Role
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.room import Room

NAME = "set_autopilot"


@dataclass(frozen=True, slots=True)
class SetAutopilot:
    """`rollout` None: the only one."""

    mode: Literal["off", "advise", "act"]
    rollout: str | None = None
    revision: int | None = None
    reason: str | None = None


def set_autopilot(room: Room, actor: Actor, request: SetAutopilot) -> Change:
    """Changes the mode; exposure stays. Raises NotPermitted, RolloutNotFound."""
    change, served = act(room, Attempt(actor, NAME, request, Role.ADMIN),
                         lambda unit, when: _make(room, unit, actor, request, when))
    room.live.swap(served)
    return change


def _make(room: Room, unit: ControlUnit, actor: Actor, request: SetAutopilot,
          when: Moment) -> tuple[Change, ServedRollout]:
    before = rollout_of(unit, request.rollout)
    after = before
    if before.autopilot != request.mode:
        after = replace(before, autopilot=request.mode, revision=before.revision + 1)
        unit.rollouts.save(after, before.revision)
    record = unit.audit.append(entry(
        actor, when, NAME, rollout=before.key, reason=(request.reason or "").strip(),
        before={"autopilot": before.autopilot}, after={"autopilot": after.autopilot}, revision=after.revision,
        epoch=after.epoch))
    change = Change(NAME, before.key, record.seq, before, after, epoch=after.epoch, revision=after.revision)
    return change, served_of(room, unit, after)
