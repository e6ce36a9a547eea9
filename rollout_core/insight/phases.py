"""The phases as a timeline, with the audiences each fills and who has it now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from rollout_core.flags.bucketing import BUCKETS, percentage_of_buckets
from rollout_core.insight.scene import Scene, scene
from rollout_core.insight.series import Mark
from rollout_core.insight.share import census_of, share_of
from rollout_core.insight.status import PhaseStep, Share
from rollout_core.insight.timeline import following, marks, steps
from rollout_core.metrics.measured import Window
from rollout_core.ports.room import Room
from rollout_core.rollouts.census import Census
from rollout_core.rollouts.filling import Filled, raise_to
from rollout_core.rollouts.rollout import Epoch
from rollout_core.rollouts.targets import phase_ahead


@dataclass(frozen=True, slots=True)
class PhasesRequest:
    """`rollout` None: the only one."""

    rollout: str | None = None


@dataclass(frozen=True, slots=True)
class AudienceLine:
    """One audience in filling order. Counts are of subjects not in an earlier audience; None without a register.

    `joins` is how many more would have it when `advance` is pressed.
    """

    key: str
    name: str
    threshold: int
    eligible: int | None
    have: int | None
    joins: int | None


@dataclass(frozen=True, slots=True)
class EpochLine:
    """One stretch of constant thresholds, newest first."""

    number: int
    began_at: datetime
    ended_at: datetime | None
    phase: str | None
    percentage: float
    cause: str
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PhasesAnswer:
    """The stepper, the timeline and the audiences."""

    rollout: str
    phases: tuple[PhaseStep, ...]
    next_phase: PhaseStep | None
    share: Share
    audiences: tuple[AudienceLine, ...]
    epochs: tuple[EpochLine, ...]
    marks: tuple[Mark, ...]
    computed_at: datetime


def answer(room: Room, request: PhasesRequest) -> PhasesAnswer:
    """The timeline of one rollout."""
    now_scene = scene(room, request.rollout)
    census = census_of(room, now_scene)
    since_at = now_scene.rollout.started_at or now_scene.rollout.created_at
    phases = steps(now_scene)
    return PhasesAnswer(
        now_scene.rollout.key, phases, following(now_scene, phases), share_of(now_scene, census),
        audiences(now_scene, census),
        epoch_lines(now_scene.epochs), marks(now_scene, Window(since_at, max(now_scene.now, since_at))), now_scene.now)


def epoch_lines(epochs: tuple[Epoch, ...]) -> tuple[EpochLine, ...]:
    """Newest first."""
    ends = [*(epoch.began_at for epoch in epochs[1:]), None] if epochs else []
    return tuple(EpochLine(epoch.number, epoch.began_at, end, epoch.phase, percentage_of_buckets(epoch.percentage),
                           epoch.cause, tuple(sorted(epoch.served)))
                 for epoch, end in zip(reversed(epochs), reversed(ends), strict=True))


def audiences(scene: Scene, census: Census | None) -> tuple[AudienceLine, ...]:
    """The audiences in filling order. Subjects are counted in the first audience they belong to; `have` are in through
    this audience and no earlier one."""
    if census is None:
        return tuple(AudienceLine(each.key, each.name, scene.rollout.thresholds.get(each.key, 0), None, None, None)
                     for each in scene.plan.audiences)
    after = _next_thresholds(scene, census)
    whole = {audience.key: BUCKETS for audience in scene.plan.audiences}
    columns = [_steps(scene, census.included, whole), _steps(scene, census.enrolled, scene.rollout.thresholds),
               _steps(scene, census.enrolled, after)]
    return tuple(AudienceLine(audience.key, audience.name, scene.rollout.thresholds.get(audience.key, 0), eligible,
                              have, max(0, then - have))
                 for audience, eligible, have, then in zip(scene.plan.audiences, *columns, strict=True))


def _steps(scene: Scene, count: Callable[[Mapping[str, int]], int], thresholds: Mapping[str, int]) -> list[int]:
    """What each audience adds to the count when audiences are taken in one after the other."""
    keys = [audience.key for audience in scene.plan.audiences]
    sums = [count({key: thresholds.get(key, 0) for key in keys[: place + 1]}) for place in range(len(keys))]
    return [after - before for before, after in pairwise([0, *sums])]


def _next_thresholds(scene: Scene, census: Census) -> Mapping[str, int]:
    """The thresholds of the next phase; those of now in the last one."""
    rollout = scene.rollout
    phase = phase_ahead(scene.plan, rollout)
    if phase is None:
        return rollout.thresholds
    return raise_to(scene.plan, phase, phase.percentage, Filled(rollout.thresholds, rollout.raises), census).thresholds
