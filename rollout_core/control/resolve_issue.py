"""Resolve an issue: it is mended. Seen again, it opens again as a regression."""

from __future__ import annotations

from dataclasses import dataclass

from rollout_core.control.change import Change
from rollout_core.control.settle_issue import settle_issue
from rollout_core.control.transact import Attempt
from rollout_core.health.issue import IssueState
from rollout_core.people.actor import Actor
from rollout_core.people.role import Role
from rollout_core.ports.room import Room

NAME = "resolve_issue"


@dataclass(frozen=True, slots=True)
class ResolveIssue:
    """`issue` is its id."""

    issue: str
    reason: str | None = None


def resolve_issue(room: Room, actor: Actor, request: ResolveIssue) -> Change:
    """Raises NotPermitted, NotFound."""
    return settle_issue(room, Attempt(actor, NAME, request, Role.OPERATOR), IssueState.RESOLVED)
