"""Look at an edited plan document before it is kept: its mistakes, and what going over to it would mean for how many.

Nothing is kept here; the verb `setup` keeps a version, and `migrate_plan` takes a running rollout over to it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from rollout_core.control import migrate_plan
from rollout_core.control.preview import Preview, shown
from rollout_core.control.weigh import weigh
from rollout_core.errors import InvalidPlan, Problem, RolloutError
from rollout_core.insight.question import rollout_of
from rollout_core.people.actor import Actor
from rollout_core.people.permission import require
from rollout_core.people.role import Role
from rollout_core.ports.control_records import PlanText
from rollout_core.ports.room import Room
from rollout_core.rollouts.plan import Plan

EDITED = "edited in the app"
"""Where a document that was written on the page comes from, as `source`."""


@dataclass(frozen=True, slots=True)
class DraftedPlan:
    """A document that could be kept. `becomes` is the version it would get; `noted` False: its own `version` was not
    raised, so its `note` would not be told. `started` False: the rollout takes it over when it is kept.

    `migrating` says what going over to it would change now; None with `refusal` when that could not be told.
    """

    plan: Plan
    newest: int
    becomes: int
    noted: bool
    unchanged: bool
    started: bool
    migrating: Preview | None
    refusal: str = ""


def document_of(room: Room, rollout: str | None) -> PlanText:
    """The newest document of a rollout's plan. Raises RolloutNotFound, PlanNotFound."""
    with room.control.read() as unit:
        return unit.plans.document(rollout_of(unit, rollout).plan)


def draft_plan(room: Room, actor: Actor, rollout: str | None, text: str) -> DraftedPlan:
    """Raises NotPermitted, InvalidPlan with every mistake, its line and what would be right."""
    require(actor, Role.ADMIN, "change a plan")
    document = PlanText(text, EDITED)
    with room.control.read() as unit:
        present = rollout_of(unit, rollout)
        plan = unit.plans.read(document)
        newest = max(each.version for each in unit.plans.versions(present.plan))
        unchanged = unit.plans.document(present.plan).text == text
    if (plan.key, plan.unit) != (present.plan, present.unit):
        raise InvalidPlan("This is another plan.", (Problem(
            "key and unit", f"are {plan.key} and {plan.unit}", f"{present.plan} and {present.unit}: they stay"),))
    noted = plan.version > newest
    becomes = newest if unchanged else plan.version if noted else newest + 1
    plan = replace(plan, version=becomes)
    migrating, refusal = _migrating(room, present.key, plan)
    return DraftedPlan(plan, newest, becomes, noted, unchanged, present.started_at is not None, migrating, refusal)


def _migrating(room: Room, rollout: str, plan: Plan) -> tuple[Preview | None, str]:
    """What `migrate_plan` would do with a version that is not kept yet."""
    verb = replace(migrate_plan.VERB, plan_after=lambda unit, present, request: plan)
    try:
        weighed = weigh(room, verb, migrate_plan.MigratePlan(rollout))
    except RolloutError as error:
        return None, str(error)
    if weighed.refusal is not None:
        return None, str(weighed.refusal)
    return shown("migrate_plan", weighed, None), ""
