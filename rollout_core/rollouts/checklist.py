"""The checklist before the start: every item ticked, or waived by name with a reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from rollout_core.rollouts.gates import Gate, GateState
from rollout_core.rollouts.plan import ChecklistItem


@dataclass(frozen=True, slots=True)
class Tick:
    """Somebody says an item is done."""

    item: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Waiver:
    """Somebody takes the responsibility for an item (`item` None: for all that are open)."""

    item: str | None
    by: str
    reason: str
    at: datetime


def checklist_gates(items: Iterable[ChecklistItem], ticks: Iterable[Tick],
                    waivers: Iterable[Waiver]) -> tuple[Gate, ...]:
    """A gate per item: met when ticked, waived when waived, else waiting for a person."""
    ticked = {tick.item: tick for tick in ticks}
    waived = {waiver.item: waiver for waiver in waivers if waiver.reason.strip()}
    return tuple(_gate(item, ticked.get(item.key), waived.get(item.key) or waived.get(None)) for item in items)


def _gate(item: ChecklistItem, tick: Tick | None, waiver: Waiver | None) -> Gate:
    if tick is not None:
        return Gate(item.key, item.text, GateState.MET, measured=f"ticked by {tick.by}", needed="ticked")
    if waiver is not None:
        return Gate(item.key, item.text, GateState.WAIVED, measured=f"waived by {waiver.by}: {waiver.reason}",
                    needed="ticked")
    return Gate(item.key, item.text, GateState.MANUAL, measured="open", needed="ticked, or waived with a reason")
