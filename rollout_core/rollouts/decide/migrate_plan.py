"""Migrate to another version of the plan: the same people as far as its rules allow, and never more of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from rollout_core.errors import ExposureWouldRise, InvalidRequest
from rollout_core.flags.holdout import Holdout
from rollout_core.rollouts.census import Census
from rollout_core.rollouts.decide.next_state import Next, change, status_after
from rollout_core.rollouts.filling import Filled, Filling, cut_to, describe
from rollout_core.rollouts.plan import Plan
from rollout_core.rollouts.rollout import Raise, Rollout
from rollout_core.rollouts.status import Verb
from rollout_core.rollouts.targets import furthest

Censuses = tuple[Census | None, Census | None]


def migrate_plan(old: Plan, new: Plan, rollout: Rollout, censuses: Censuses, now: datetime) -> Next:
    """The rollout under the plan `new`; `censuses` counted under the old and the new rules.

    An audience keeps its threshold by its key, a new one starts at 0, and the whole is cut back until no more subjects
    are in than before. Flags stay off that were not served. Raises TransitionRefused, InvalidRequest (another plan),
    ExposureWouldRise when rules changed and there is no register to count by.
    """
    status = status_after(rollout, Verb.MIGRATE_PLAN)
    if (new.key, new.unit) != (rollout.plan, rollout.unit):
        raise InvalidRequest(f"{new.name} is not a version of the plan of {rollout.name}.",
                             mend="Only another version of the same plan, with the same unit, can be migrated to.",
                             rollout=rollout.key, plan=new.key, unit=new.unit)
    if None in censuses:
        _refuse_uncounted(old, new, rollout)
    served = _carried(new, rollout, Filled(rollout.thresholds, rollout.raises), rollout.percentage, censuses)
    before_pause = _carried(new, rollout, Filled(rollout.remembered_thresholds, rollout.raises),
                            rollout.remembered or 0, censuses)
    known = rollout.phase in {phase.key for phase in new.phases}
    phase = rollout.phase if known else furthest(new, rollout.remembered or rollout.percentage)
    raises = before_pause.raises if rollout.remembered_thresholds else served.raises
    return change(rollout, now, Verb.MIGRATE_PLAN, replace(served, raises=raises), status=status,
                  plan_version=new.version, phase=phase, holdout=_holdout(new, rollout),
                  served=rollout.served & {flag.key for flag in new.flags},
                  remembered_thresholds=before_pause.thresholds if rollout.remembered_thresholds else {})


def _carried(new: Plan, rollout: Rollout, filled: Filled, percentage: int, censuses: Censuses) -> Filling:
    """The thresholds under the new rules that let in no more subjects than these did under the old ones."""
    before, after = censuses
    thresholds = {audience.key: filled.thresholds.get(audience.key, 0) for audience in new.audiences}
    came_in = dict.fromkeys(key for step in rollout.raises for key in step.order)
    order = tuple(key for key in (*came_in, *(set(thresholds) - set(came_in))) if key in thresholds)
    line = Raise(percentage, order, thresholds)
    if before is not None and after is not None:
        thresholds = cut_to(Filled(thresholds, (line,)), after, before.included(filled.thresholds))
    raises = (replace(line, thresholds=thresholds),) if any(thresholds.values()) else ()
    return describe(new, percentage, thresholds, raises, after)


def _holdout(new: Plan, rollout: Rollout) -> Holdout:
    """Before the start the new plan's holdout; afterwards the one in force: a smaller one would let people in."""
    return new.holdout if rollout.started_at is None else rollout.holdout


def _refuse_uncounted(old: Plan, new: Plan, rollout: Rollout) -> None:
    """Raises ExposureWouldRise when rules of somebody served changed and nobody can be counted."""
    served = {key for thresholds in (rollout.thresholds, rollout.remembered_thresholds)
              for key, value in thresholds.items() if value}
    rules = {audience.key: audience.rule for audience in old.audiences}
    changed = {audience.key for audience in new.audiences if audience.key in served
               and audience.rule != rules.get(audience.key)}
    if served and (changed or old.eligibility != new.eligibility):
        raise ExposureWouldRise(
            f"{new.name} version {new.version} changes who is meant, and without a register nobody can be counted.",
            mend="Import the register first, or roll back to 0 % before migrating.", rollout=rollout.key,
            audiences=sorted(changed))
