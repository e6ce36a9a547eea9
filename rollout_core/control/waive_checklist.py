"""Waive items of the checklist: an admin takes the responsibility, by name and with a reason."""

from __future__ import annotations

from dataclasses import dataclass

from rollout_core.control.change import Change
from rollout_core.control.checklist_item import checklist_of, item_of
from rollout_core.control.moment import Moment
from rollout_core.control.trail import entry
from rollout_core.control.transact import Attempt, act
from rollout_core.errors import ReasonMissing
from rollout_core.insight.question import rollout_of
from rollout_core.people.actor import Actor
from rollout_core.people.role import Role
from rollout_core.ports.control_records import Waiver
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.room import Room
from rollout_core.rollouts.rollout import Rollout

NAME = "waive_checklist"


@dataclass(frozen=True, slots=True)
class WaiveChecklist:
    """`item` None: every item that is neither ticked nor waived yet."""

    item: str | None = None
    rollout: str | None = None
    reason: str | None = None


def waive_checklist(room: Room, actor: Actor, request: WaiveChecklist) -> Change:
    """Keeps the waiver. Raises NotPermitted, ReasonMissing, InvalidRequest (no such item)."""
    return act(room, Attempt(actor, NAME, request, Role.ADMIN), lambda unit, when: _make(unit, actor, request, when))


def _make(unit: ControlUnit, actor: Actor, request: WaiveChecklist, when: Moment) -> Change:
    rollout = rollout_of(unit, request.rollout)
    reason = (request.reason or "").strip()
    if not reason:
        raise ReasonMissing("A waiver needs a reason.", mend="Say why the item may be let go.")
    items = _open_items(unit, rollout) if request.item is None else (item_of(unit, rollout, request.item).key,)
    for item in items:
        unit.checklist.waive(Waiver(rollout.key, item, actor.principal, when.at, reason))
    record = unit.audit.append(entry(actor, when, NAME, rollout=rollout.key, reason=reason,
                                     after={"waived": list(items)}))
    return Change(NAME, rollout.key, record.seq, rollout, rollout, revision=rollout.revision,
                  result={"waived": items})


def _open_items(unit: ControlUnit, rollout: Rollout) -> tuple[str, ...]:
    done = {tick.item for tick in unit.checklist.ticks(rollout.key)}
    done |= {waiver.item for waiver in unit.checklist.waivers(rollout.key)}
    return tuple(item.key for item in checklist_of(unit, rollout) if item.key not in done)
