"""Migrate to another version of the plan: the same people as far as its rules allow, and never more of them."""

from __future__ import annotations

from dataclasses import dataclass

from rollout_core.control.change import Change
from rollout_core.control.change_rollout import change_rollout
from rollout_core.control.weigh import RolloutVerb, Situation
from rollout_core.people.actor import Actor
from rollout_core.people.role import Role
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.room import Room
from rollout_core.rollouts import decide
from rollout_core.rollouts.plan import Plan
from rollout_core.rollouts.rollout import Rollout


@dataclass(frozen=True, slots=True)
class MigratePlan:
    """`version` None: the plan's newest."""

    rollout: str | None = None
    version: int | None = None
    revision: int | None = None
    reason: str | None = None


def propose(situation: Situation, request: MigratePlan) -> decide.Next:
    """What the rollout would become. Pure."""
    return decide.migrate_plan(situation.plan, situation.plan_after, situation.rollout,
                               (situation.census, situation.census_after), situation.now)


def version_asked(unit: ControlUnit, rollout: Rollout, request: MigratePlan) -> Plan:
    """The version to go to. Raises PlanNotFound."""
    return unit.plans.get(rollout.plan, request.version)


VERB = RolloutVerb("migrate_plan", MigratePlan, propose, Role.ADMIN, "Go over to another version of the plan.",
                   raises=True, plan_after=version_asked)


def migrate_plan(room: Room, actor: Actor, request: MigratePlan) -> Change:
    """Does it; see `change_rollout`."""
    return change_rollout(room, actor, VERB, request)
