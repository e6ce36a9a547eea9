"""Ignore an issue: it stays, and no longer counts. An admin's decision, with a reason."""

from __future__ import annotations

from dataclasses import dataclass

from rollout_core.control.change import Change
from rollout_core.control.settle_issue import settle_issue
from rollout_core.control.transact import Attempt
from rollout_core.health.issue import IssueState
from rollout_core.people.actor import Actor
from rollout_core.people.role import Role
from rollout_core.ports.room import Room

NAME = "ignore_issue"


@dataclass(frozen=True, slots=True)
class IgnoreIssue:
    """`issue` is its id."""

    issue: str
    reason: str | None = None


def ignore_issue(room: Room, actor: Actor, request: IgnoreIssue) -> Change:
    """Raises NotPermitted, NotFound, ReasonMissing."""
    return settle_issue(room, Attempt(actor, NAME, request, Role.ADMIN), IssueState.IGNORED)
