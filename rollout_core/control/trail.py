"""Audit entries from an actor, a verb and what happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rollout_core.control.moment import Moment
from rollout_core.people.actor import Actor
from rollout_core.ports.control_records import AuditEntry
from rollout_core.ports.room import Room
from rollout_core.ports.store_key import store_key, subject_reference
from rollout_core.rollouts.rollout import Rollout


def entry(actor: Actor, when: Moment, verb: str, **what: Any) -> AuditEntry:
    """An entry by this actor; `what` are further fields of AuditEntry. The clock's own time is kept: the chain moves
    it up to the newest record and notes by how much."""
    return AuditEntry(at=when.clock_at, principal=actor.principal, role=str(actor.role), via=actor.via,
                      origin=actor.origin, claimed=actor.claimed, session_id=actor.session_id, verb=verb, **what)


ASKED = ("percentage", "phase", "kind", "to", "version", "mode", "item", "criterion", "alert", "issue", "name", "role")
"""Fields of requests that the trail may keep: no password, no subject, nobody's SQL."""


def asked_of(request: object) -> Mapping[str, object]:
    """What was chosen in a request, as far as the trail keeps it; shares as they were asked, 0..100."""
    chosen = {name: getattr(request, name, None) for name in ASKED}
    return {name: value if isinstance(value, int | float) else str(value)
            for name, value in chosen.items() if value is not None}


def facts_of(rollout: Rollout) -> Mapping[str, object]:
    """What a person needs to see of a rollout's state in the trail. Percentages are buckets of 100,000."""
    return {"status": str(rollout.status), "phase": rollout.phase, "percentage": rollout.percentage,
            "epoch": rollout.epoch, "revision": rollout.revision, "plan_version": rollout.plan_version,
            "holdout": rollout.holdout.buckets, "autopilot": rollout.autopilot,
            "thresholds": {key: value for key, value in rollout.thresholds.items() if value}}


def reference(room: Room, unit: str, subject: str) -> str:
    """How a subject of this store appears in the trail."""
    return subject_reference(store_key(room.directory), unit, subject)
