"""Roll back: to an absolute target, only if that is strictly less than what is served; it always ends in a hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from rollout_core.rollouts.census import Census
from rollout_core.rollouts.decide.next_state import Next, change, check_percentage, filled, status_after
from rollout_core.rollouts.filling import lower_to
from rollout_core.rollouts.plan import Plan
from rollout_core.rollouts.rollout import Rollout
from rollout_core.rollouts.status import Verb
from rollout_core.rollouts.targets import Rollback, Target, landing, rollback_target, served_before


def roll_back(plan: Plan, rollout: Rollout, census: Census | None, now: datetime, kind: Rollback, *,
              to: int | None = None) -> Next:
    """Held at the target of this kind, or at the share `to` (buckets) that somebody saw announced.

    With `to` the same call twice changes nothing the second time. A paused rollout stays at 0 %; its phase goes back.
    Raises TransitionRefused, InvalidPercentage.
    """
    status = status_after(rollout, Verb.ROLL_BACK)
    target = rollback_target(plan, rollout, kind) if to is None else _announced(plan, rollout, kind, to)
    forgotten: dict[str, Any] = {"remembered": None, "remembered_thresholds": {}, "ended_at": None}
    if target.percentage >= served_before(rollout):
        return change(rollout, now, Verb.ROLL_BACK, status=status, **forgotten)
    share = min(target.percentage, rollout.percentage)
    filling = lower_to(plan, share, filled(rollout), census)
    entered_at = rollout.phase_entered_at if target.phase == rollout.phase else now
    flags = rollout.served & plan.flags_served_in(target.phase) if target.phase else frozenset[str]()
    return change(rollout, now, Verb.ROLL_BACK, filling, status=status, phase=target.phase, served=flags,
                  phase_entered_at=entered_at if target.phase else None, **forgotten)


def _announced(plan: Plan, rollout: Rollout, kind: Rollback, to: int) -> Target:
    """The target for a share named outright; a gradual rollback keeps its phase."""
    check_percentage(to)
    target = landing(plan, rollout, to)
    return replace(target, phase=rollout.phase) if kind == Rollback.GRADUAL else target
