"""What resolving and ignoring an issue have in common."""

from __future__ import annotations

from dataclasses import replace

from rollout_core.control.change import Change
from rollout_core.control.moment import Moment
from rollout_core.control.trail import entry
from rollout_core.control.transact import Attempt, act
from rollout_core.errors import ReasonMissing
from rollout_core.health.issue import IssueState
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.room import Room


def settle_issue(room: Room, attempt: Attempt, state: IssueState) -> Change:
    """Gives the issue this state. Ignoring needs a reason: it takes a deduction from the health score."""
    reason = (attempt.request.reason or "").strip()

    def make(unit: ControlUnit, when: Moment) -> Change:
        before = unit.issues.get(attempt.request.issue)
        if state is IssueState.IGNORED and not reason:
            raise ReasonMissing("Ignoring an issue needs a reason.", mend="Say why it does not count.")
        after = replace(before, state=state, changed_at=when.at, by=attempt.actor.principal, note=reason)
        unit.issues.save(after)
        record = unit.audit.append(entry(
            attempt.actor, when, attempt.verb, rollout=before.rollout, reason=reason,
            before={"issue": before.id, "state": str(before.state)},
            after={"title": after.title, "state": str(after.state)}))
        return Change(attempt.verb, before.rollout, record.seq, result={"issue": after})

    return act(room, attempt, make)
