"""What happened to a rollout over time: its phases as steps, its epochs as marks for charts."""

from __future__ import annotations

from datetime import datetime, timedelta

from rollout_core.flags.bucketing import percentage_of_buckets
from rollout_core.insight.scene import Scene
from rollout_core.insight.series import Mark
from rollout_core.insight.status import PhaseStep
from rollout_core.metrics.measured import Window
from rollout_core.rollouts.phase import Phase
from rollout_core.rollouts.rollout import Epoch
from rollout_core.rollouts.targets import phase_ahead

MARK_KINDS = {"roll_back": "rollback", "pause": "pause", "stop": "stop", "set_percentage": "share",
              "resume": "share", "release_holdout": "share", "migrate_plan": "share"}
"""What opened an epoch -> the mark it leaves; entering a phase is a phase mark whatever opened it."""


def steps(scene: Scene) -> tuple[PhaseStep, ...]:
    """The phases of the plan with when each was entered and left."""
    return tuple(_step(scene, number, phase) for number, phase in enumerate(scene.plan.phases, start=1))


def following(scene: Scene, phases: tuple[PhaseStep, ...]) -> PhaseStep | None:
    """The step of the phase ahead; None in the last phase."""
    ahead = phase_ahead(scene.plan, scene.rollout)
    return next((step for step in phases if ahead is not None and step.key == ahead.key), None)


def _step(scene: Scene, number: int, phase: Phase) -> PhaseStep:
    rollout = scene.rollout
    now = phase.key == rollout.phase
    entered_at, left_at = stay(scene.epochs, phase.key)
    if now and rollout.phase_entered_at is not None:
        entered_at, left_at = rollout.phase_entered_at, None
    return PhaseStep(
        key=phase.key, number=number, name=phase.name, percentage=percentage_of_buckets(phase.percentage),
        state=_state(scene, number, now, entered_at), adds=phase.adds, entered_at=entered_at, left_at=left_at,
        minimum_until_at=entered_at + phase.minimum_duration if now and entered_at and phase.minimum_duration else None,
        maximum_until_at=entered_at + phase.maximum_duration if now and entered_at and phase.maximum_duration else None,
        description=phase.description, spent=spent(scene.epochs, phase.key, scene.now),
        minimum=phase.minimum_duration, stays=stays(scene.epochs, phase.key))


def _state(scene: Scene, number: int, now: bool, entered_at: datetime | None) -> str:
    if now:
        return "now"
    key = scene.rollout.phase
    place = scene.plan.phase_index(key) + 1 if key is not None else 0
    if number < place:
        return "done"
    return "ahead" if entered_at is None else "left"


def stay(epochs: tuple[Epoch, ...], phase: str) -> tuple[datetime | None, datetime | None]:
    """First entered and last left, from the epochs."""
    inside = [place for place, epoch in enumerate(epochs) if epoch.phase == phase]
    if not inside:
        return None, None
    after = inside[-1] + 1
    return epochs[inside[0]].began_at, epochs[after].began_at if after < len(epochs) else None


def stays(epochs: tuple[Epoch, ...], phase: str) -> int:
    """How many times a phase was entered: changes within it are none."""
    before = (None, *(epoch.phase for epoch in epochs))
    return sum(epoch.phase == phase != was for was, epoch in zip(before, epochs, strict=False))


def spent(epochs: tuple[Epoch, ...], phase: str, now: datetime) -> timedelta | None:
    """How long a phase was in force, however often it was entered; None when it never was."""
    ends = (*(epoch.began_at for epoch in epochs[1:]), now)
    lengths = [end - epoch.began_at for epoch, end in zip(epochs, ends, strict=False) if epoch.phase == phase]
    return sum(lengths, timedelta()) if lengths else None


def marks(scene: Scene, window: Window) -> tuple[Mark, ...]:
    """Phase changes, rollbacks, pauses and changes of the share in the window, and critical issues as incidents."""
    found = [*changes_of(scene)]
    found += [Mark(issue.opened_at, "incident", issue.title) for issue in scene.issues
              if issue.priority.value == "critical"]
    return tuple(sorted((mark for mark in found if window.since_at <= mark.at < window.until_at),
                        key=lambda mark: mark.at))


def changes_of(scene: Scene) -> tuple[Mark, ...]:
    """Everything that ever changed who has it, the oldest first."""
    return tuple(mark for before, epoch in zip((None, *scene.epochs), scene.epochs, strict=False)
                 if (mark := _mark(scene, before, epoch)) is not None)


def _mark(scene: Scene, before: Epoch | None, epoch: Epoch) -> Mark | None:
    share = f"{percentage_of_buckets(epoch.percentage):g}%"
    kind = next((kind for cause, kind in MARK_KINDS.items() if epoch.cause.startswith(cause)), None)
    if kind in ("rollback", "pause", "stop"):
        return Mark(epoch.began_at, kind, f"{WORDS[kind]}, {share}")
    if epoch.phase is not None and (before is None or before.phase != epoch.phase):
        return Mark(epoch.began_at, "phase", f"{_name(scene, epoch.phase)}, {share}")
    if before is None or before.percentage != epoch.percentage:
        return Mark(epoch.began_at, kind or "share", share)
    return None


WORDS = {"rollback": "Rolled back", "pause": "Paused", "stop": "Stopped"}


def _name(scene: Scene, phase: str) -> str:
    return next((f"Phase {number}" for number, each in enumerate(scene.plan.phases, 1) if each.key == phase), phase)
