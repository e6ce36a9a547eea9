"""Finding an item of a plan's checklist."""

from __future__ import annotations

from rollout_core.errors import InvalidRequest
from rollout_core.ports.control_store import ControlUnit
from rollout_core.rollouts.plan import ChecklistItem
from rollout_core.rollouts.rollout import Rollout


def checklist_of(unit: ControlUnit, rollout: Rollout) -> tuple[ChecklistItem, ...]:
    """The checklist of the plan version that the rollout runs."""
    return unit.plans.get(rollout.plan, rollout.plan_version).checklist


def item_of(unit: ControlUnit, rollout: Rollout, key: str) -> ChecklistItem:
    """Raises InvalidRequest naming the items there are."""
    items = {item.key: item for item in checklist_of(unit, rollout)}
    if key not in items:
        raise InvalidRequest(f"The checklist of {rollout.name} has no item {key!r}.",
                             mend=f"Its items: {', '.join(items) or 'none'}.", item=key)
    return items[key]
