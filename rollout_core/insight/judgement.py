"""What the evidence proves about one rollout now: policy, sufficient statistics and verdicts, for every face."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from rollout_core.analysis.evidence import Evidence
from rollout_core.analysis.judge import judge
from rollout_core.analysis.verdict import Verdicts
from rollout_core.insight.evidence import collect, version_of
from rollout_core.insight.known import known_of, read_frozen
from rollout_core.insight.scene import Scene
from rollout_core.ports.event_questions import LastSeen
from rollout_core.ports.room import Room
from rollout_core.rollouts.policies import Asked, asked_of, metrics_of
from rollout_core.rollouts.rollout import Epoch
from rollout_core.rollouts.status import Verb

LOWERING = (Verb.ROLL_BACK, Verb.PAUSE)
"""Causes of an epoch in which evidence starts anew."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """`asked` is what the plan wants judged, `evidence` what was counted, `verdicts` what follows from both.

    `closed_until_at` is how far closed windows reach; evidence knows nothing later.
    """

    rollout: str
    phase: str | None
    asked: Asked
    evidence: Evidence
    verdicts: Verdicts
    closed_until_at: datetime


def judgement_of(room: Room, scene: Scene, phase: str | None = None) -> Judgement | None:
    """Collects and judges; None before the first start or before any window is closed.

    `phase` None: the one in force, whose criteria are judged. Raises StoreUnavailable.
    """
    closed = room.events.measure(LastSeen()).closed_until_at
    if closed is None:
        return None
    version = version_of(scene, closed, restart_of(scene))
    if version is None:
        return None
    with room.control.read() as unit:
        known = known_of(read_frozen(unit, scene.rollout.key, scene.rollout.evidence_version), scene)
    asked = asked_of(scene.plan, phase or scene.rollout.phase, scene.rollout.percentage, known)
    evidence = collect(room, scene, version, metrics_of(asked.policy), known)
    return Judgement(scene.rollout.key, phase or scene.rollout.phase, asked, evidence, judge(evidence, asked.policy),
                     closed)


def restart_of(scene: Scene) -> int | None:
    """The number of the epoch that the last reduction of this version opened, or None."""
    epochs: list[Epoch] = [epoch for epoch in scene.epochs if epoch.evidence_version == scene.rollout.evidence_version]
    reduced = [later.number for earlier, later in pairwise(epochs)
               if later.percentage < earlier.percentage and later.cause in LOWERING]
    return reduced[-1] if reduced else None
