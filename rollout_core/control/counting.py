"""Counting the register for a verb: anew when there is time, from memory when there is none, never made up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Thread
from typing import TypeVar

from rollout_core.control.sync_register import copy_register, sync_register
from rollout_core.errors import RolloutError, StoreUnavailable
from rollout_core.flags.targeting import EVERYBODY
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.room import Room
from rollout_core.rollouts.census import Census, Difference, Moved, Population, population
from rollout_core.rollouts.plan import Plan
from rollout_core.rollouts.rollout import Rollout

RAISING_PATIENCE_S = 20.0
"""How long a change that raises exposure may wait for the count."""

LOWERING_PATIENCE_S = 2.0
"""How long a rollback may; pause, stop and hold do not wait at all."""

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a count. `raising`: it is for a raise, which looks at ages and inactivity anew."""

    seconds: float
    raising: bool = False


def count(room: Room, plan: Plan, rollout: Rollout, at: datetime, patience: Patience) -> Census | None:
    """The eligible subjects under this plan, counted now or (too slow, store away) last time; None: unknown.

    Only a count of what is served is remembered: one for a raise may see people in audiences they are not in yet.
    """
    served = population(plan, rollout, at)
    if patience.seconds > 0:
        asked = population(plan, rollout, at, raising=patience.raising)
        census = within(patience.seconds, lambda: _measure(room, asked))
        if census is not None:
            if asked == served:
                room.counts.remember(memory_key(plan, rollout), served, census)
            return census
    return room.counts.recall(memory_key(plan, rollout))


def recount(room: Room) -> None:
    """Counts anew what was counted before the register changed, so that no page shows or waits for an old count.

    Raises StoreUnavailable when the event store is away: the next call counts.
    """
    for key, asked in room.counts.outdated().items():
        census = _census(room, asked)
        if census is not None:
            room.counts.remember(key, asked, census)


def count_moves(room: Room, difference: Difference, seconds: float) -> Moved | None:
    """Who enters and who leaves, counted subject by subject; None when that does not come in time."""
    answer = within(seconds, lambda: room.events.measure(difference))
    return answer if isinstance(answer, Moved) else None


def refuse_uncounted(unit: ControlUnit, rollout: Rollout, census: Census | None) -> None:
    """Raises StoreUnavailable when there is a register but nobody could count it: raising blindly could overshoot."""
    if census is None and unit.register.search(rollout.unit, limit=1):
        raise StoreUnavailable(
            f"The register of {rollout.unit}s cannot be counted now, so exposure cannot be raised to a given share.",
            mend="See `rollout doctor` for the event store; pause, stop and rollback work all the same.",
            rollout=rollout.key)


def within(seconds: float, ask: Callable[[], Answer]) -> Answer | None:
    """The answer if it comes in time and without a RolloutError, else None. The thread is left behind, not waited for.
    """
    answers: list[Answer] = []

    def run() -> None:
        try:
            answers.append(ask())
        except RolloutError:
            return

    thread = Thread(target=run, name="counting", daemon=True)
    thread.start()
    thread.join(seconds)
    return answers[0] if answers else None


def _measure(room: Room, asked: Population) -> Census | None:
    """The census; None without a register. A mirror that was lost with its event file is copied anew, once."""
    for copy in (sync_register, copy_register):
        copy(room)
        census = _census(room, asked)
        if census is not None and census.eligible():
            return census
        everybody = _census(room, replace(asked, eligibility=EVERYBODY))
        if everybody is not None and everybody.eligible():
            return census
    return None


def _census(room: Room, asked: Population) -> Census | None:
    answer = room.events.measure(asked)
    return answer if isinstance(answer, Census) else None


def memory_key(plan: Plan, rollout: Rollout) -> str:
    """The name under which counts of a rollout under a plan version are kept."""
    return f"{rollout.key}:{plan.version}"
