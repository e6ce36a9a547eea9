"""Notices in words: what changed, by whom, why. They go out through the outbox, in the transaction of the change."""

from __future__ import annotations

from rollout_core.flags.bucketing import percentage_of_buckets
from rollout_core.ports.control_records import AuditRecord, OutboxMessage
from rollout_core.rollouts.rollout import Rollout
from rollout_core.rollouts.status import Status

SEVERITIES = {"stop": "critical", "pause": "error", "roll_back": "error", "hold": "warning"}
"""How loud a verb's notice is; everything else is info."""


def notice(before: Rollout, after: Rollout, record: AuditRecord) -> OutboxMessage:
    """What people are told of a change. The trail's head goes with it: an anchor outside the store."""
    entry = record.entry
    who = entry.principal if entry.claimed is None else f"{entry.principal} (as {entry.claimed})"
    title = f"{after.name}: {step_in_words(before, after)}"
    body = f"{title}, by {who}. " + (f"Reason: {entry.reason}" if entry.reason else "No reason was given.")
    return OutboxMessage(id=0, created_at=entry.at, topic=f"rollout.{entry.verb}", rollout=after.key, title=title,
                         body=body, severity=SEVERITIES.get(entry.verb, "info"), dedup=f"rollout:{after.key}",
                         facts={"revision": after.revision, "epoch": after.epoch,
                                "audit_head": f"{record.seq}:{record.hash}"})


def step_in_words(before: Rollout, after: Rollout) -> str:
    """A change in a few words: "10 % → 25 %, phase week_1 → week_2"."""
    steps = [f"{percent(before.percentage)} → {percent(after.percentage)}"
             if before.percentage != after.percentage else percent(after.percentage)]
    if before.phase != after.phase:
        steps.append(f"phase {before.phase or 'none'} → {after.phase or 'none'}")
    if before.status is not after.status:
        steps.append(f"{before.status} → {after.status}")
    elif after.status is not Status.RUNNING:
        steps.append(str(after.status))
    if before.plan_version != after.plan_version:
        steps.append(f"plan version {before.plan_version} → {after.plan_version}")
    return ", ".join(steps)


def percent(buckets: int) -> str:
    """Buckets as people read them."""
    return f"{percentage_of_buckets(buckets):g} %"
