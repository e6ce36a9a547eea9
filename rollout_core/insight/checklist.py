"""The pre-rollout checklist: what is ticked, waived and missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rollout_core.insight.question import rollout_of
from rollout_core.ports.control_records import Tick, Waiver
from rollout_core.ports.room import Room
from rollout_core.rollouts.plan import ChecklistItem


@dataclass(frozen=True, slots=True)
class ChecklistRequest:
    """`rollout` None: the only one."""

    rollout: str | None = None


@dataclass(frozen=True, slots=True)
class ChecklistLine:
    """One item. `state`: missing | ticked | waived."""

    key: str
    group: str
    text: str
    state: str
    by: str = ""
    at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ChecklistAnswer:
    """`complete` when nothing is missing."""

    rollout: str
    items: tuple[ChecklistLine, ...]
    done: int
    total: int
    complete: bool


def answer(room: Room, request: ChecklistRequest) -> ChecklistAnswer:
    """Every item of the rollout's plan with what was done about it."""
    with room.control.read() as unit:
        rollout = rollout_of(unit, request.rollout)
        plan = unit.plans.get(rollout.plan, rollout.plan_version)
        ticks = {tick.item: tick for tick in unit.checklist.ticks(rollout.key)}
        waivers = {waiver.item: waiver for waiver in unit.checklist.waivers(rollout.key)}
    lines = tuple(_line(item, ticks.get(item.key), waivers.get(item.key)) for item in plan.checklist)
    done = sum(1 for line in lines if line.state != "missing")
    return ChecklistAnswer(rollout.key, lines, done, len(lines), done == len(lines))


def _line(item: ChecklistItem, tick: Tick | None, waiver: Waiver | None) -> ChecklistLine:
    if tick is not None:
        return ChecklistLine(item.key, item.group, item.text, "ticked", tick.by, tick.at, tick.note)
    if waiver is not None:
        return ChecklistLine(item.key, item.group, item.text, "waived", waiver.by, waiver.at, waiver.reason)
    return ChecklistLine(item.key, item.group, item.text, "missing")
