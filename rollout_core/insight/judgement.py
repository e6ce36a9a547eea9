"""What the evidence proves about one rollout now: policy, sufficient statistics and verdicts, for every face."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from rollout_core.analysis.evidence import Evidence
from rollout_core.analysis.judge import judge
from rollout_core.analysis.policy import Policy
from rollout_core.analysis.verdict import Verdicts
from rollout_core.insight.evidence import collect
from rollout_core.insight.evidence_version import Version, version_of
from rollout_core.insight.known import known_of, read_frozen
from rollout_core.insight.scene import Scene
from rollout_core.ports.event_questions import Watermarks
from rollout_core.ports.room import Room
from rollout_core.rollouts.plan import Plan
from rollout_core.rollouts.policies import Asked, Known, asked_of, metrics_of
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

    def criterion_names(self, plan: Plan) -> dict[str, str]:
        """Key -> name of the criteria that were judged: two phases may have one key each."""
        return {each.key: each.name for each in plan.phase(self.phase).criteria} if self.phase else {}


def judgement_of(room: Room, scene: Scene, phase: str | None = None) -> Judgement | None:
    """Collects and judges; None before the first start or before any window is closed.

    `phase` None: the one in force, whose criteria are judged. Raises StoreUnavailable.
    """
    closed = room.events.measure(Watermarks()).closed_until_at
    if closed is None:
        return None
    version = version_of(scene, closed, restart_of(scene))
    if version is None:
        return None
    with room.control.read() as unit:
        known = known_of(read_frozen(unit, scene.rollout.key, scene.rollout.evidence_version), scene)
    chosen = phase or scene.rollout.phase
    asked = asked_of(scene.plan, chosen, scene.rollout.percentage, known, phase_epoch_of(scene, version))
    return _remembered(room, scene, _Question(version, chosen, asked.policy, closed), lambda: _judged(
        room, scene, version, chosen, asked, known))


def _judged(room: Room, scene: Scene, version: Version, phase: str | None, asked: Asked, known: Known) -> Judgement:
    evidence = collect(room, scene, version, metrics_of(asked.policy), known)
    return Judgement(scene.rollout.key, phase, asked, evidence, judge(evidence, asked.policy), version.window.until_at)


@dataclass(frozen=True, slots=True)
class _Question:
    """What a judgement depends on, apart from the closed windows themselves."""

    version: Version
    phase: str | None
    policy: Policy
    closed_until_at: datetime


def _remembered(room: Room, scene: Scene, question: _Question, judged: Callable[[], Judgement]) -> Judgement:
    """Closed windows are judged once, until more are closed or something else is asked of them."""
    state = tuple(room.events.measure(Watermarks()).rows)
    found: Judgement | None = room.answers.recall(state, question)
    if found is None:
        found = judged()
        room.answers.remember(state, question, found)
    return found


def phase_epoch_of(scene: Scene, version: Version) -> int:
    """The ordinal of the epoch with which the present phase was entered; 1 when it is older than the version."""
    entered_at = scene.rollout.phase_entered_at
    began = [epoch.number for epoch in scene.epochs if entered_at is not None and epoch.began_at >= entered_at]
    return version.ordinal(began[0]) if began and began[0] in version.epochs else 1


def restart_of(scene: Scene) -> int | None:
    """The number of the epoch that the last reduction of this version opened, or None."""
    return reduced_in([epoch for epoch in scene.epochs if epoch.evidence_version == scene.rollout.evidence_version])


def reduced_in(epochs: Sequence[Epoch]) -> int | None:
    """The same of the epochs of one version, oldest first."""
    reduced = [later.number for earlier, later in pairwise(epochs)
               if later.percentage < earlier.percentage and later.cause in LOWERING]
    return reduced[-1] if reduced else None
