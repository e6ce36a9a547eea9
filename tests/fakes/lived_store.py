"""A rollout lived through: newcomers make one request each, sweeps press what they decide, and so on with the next.

The stores are the golden world's; who is served and why comes from the product's own evaluation.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from rollout_core.control.sweep import Swept, sweep_one
from rollout_core.control.sync_epochs import sync_epochs
from rollout_core.flags.evaluation import compile_rollout, evaluate
from rollout_core.insight.known import Frozen, frozen_key
from rollout_core.rollouts.rollout import Rollout
from rollout_core.rollouts.serving import serve
from tests.golden.made_world import T0, World

RATE, AN_HOUR, EVERY = 0.2, 20, 12
"""Control's error rate; newcomers an hour; hours between sweeps."""


class Life:
    """A rollout in mode act with a share of everybody; `live` lets hours pass and sweeps every twelve of them.

    `errors`: treatment's error rate at an hour; `rollout`: what else is so of it. `shares` (percent) are those served,
    in turn.
    """

    def __init__(self, folder: Path, plan: str, share: int, errors: Callable[[float], float], **rollout: Any) -> None:
        self.store, self.errors, self.random = World(folder, plan, share=share), errors, Random(5)
        self.hours, self.people = 0, 0
        self.shares: list[float] = [share / 1_000]
        with self.store.room.control.write() as unit:
            frozen = msgspec.json.encode(Frozen([], {"error_rate": RATE})).decode()
            unit.meta.set(frozen_key("r", 1), frozen)
        self.store.change_rollout(autopilot="act", **rollout)

    @property
    def rollout(self) -> Rollout:
        """As it stands."""
        with self.store.room.control.read() as unit:
            return unit.rollouts.get("r")

    def live(self, hours: int) -> list[Swept]:
        """What the sweeps came to."""
        found = []
        for _ in range(hours // EVERY):
            for hour in range(self.hours, self.hours + EVERY):
                self._an_hour(hour)
            self.hours += EVERY
            self.store.clock.at = T0 + timedelta(hours=self.hours, minutes=5)
            self.store.close()
            swept = sweep_one(self.store.room, "r")
            assert swept.failed == "", swept.failed
            found.append(swept)
            if swept.done:
                sync_epochs(self.store.room)
                self.shares.append(self.rollout.percentage / 1_000)
        return found

    def _an_hour(self, hour: int) -> None:
        """Newcomers see what is served, and fail as their side does."""
        rollout, self.store.clock.at = self.rollout, self.store.at(hour + 1)
        with self.store.room.control.read() as unit:
            served = compile_rollout(serve(unit.plans.get("p", 1), rollout))
        for _ in range(AN_HOUR):
            who, self.people = f"n{self.people}", self.people + 1
            decision = evaluate(served, "f1", who, {}, self.store.at(hour))
            self.store.expose(who, decision.arm.value, hour + 0.3, epoch=rollout.epoch, inclusion=decision.inclusion)
            rate = self.errors(hour) if decision.arm.value == "treatment" else RATE
            status = 500 if self.random.random() < rate else 200
            self.store.add("api_request", hour + 0.6, who, endpoint="/x", status=status, value=1.0)


def without(text: str, *keys: str) -> str:
    """A plan without some of its lists."""
    lines, kept, inside = text.splitlines(), [], False
    for line in lines:
        inside = line.startswith(tuple(f"{key}:" for key in keys)) or (inside and line.startswith(" "))
        if not inside:
            kept.append(line)
    return "\n".join(kept)
