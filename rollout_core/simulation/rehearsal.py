"""Rehearsal: stored events replayed through sweeps at the times they would have run, in copies of both stores.

Exposure happened as it happened; what is asked is when a plan (or a variant of it) would have held, reduced or advanced
on what was known then. The live stores are only read.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from rollout_core.control.sweep import Swept, sweep_one
from rollout_core.control.sync_epochs import sync_epochs
from rollout_core.errors import InvalidRequest, RolloutError
from rollout_core.insight.known import Frozen, frozen_key, read_frozen
from rollout_core.ports.control_records import PlanText
from rollout_core.ports.control_store import ControlStore
from rollout_core.ports.room import Room
from rollout_core.rollouts.plan import Plan
from rollout_core.rollouts.rollout import Epoch, Rollout
from rollout_core.rollouts.status import Status
from rollout_core.simulation.demo import MadeClock
from rollout_core.simulation.rehearsed import Rehearsed, is_another, share_over_time
from rollout_core.storage.rewound_store import RewoundEventStore

Progress = Callable[[datetime, float], None]

STATUS_AFTER = {"pause": Status.PAUSED, "roll_back": Status.HELD, "hold": Status.HELD, "stop": Status.STOPPED}
"""Cause of an epoch -> the status it left; every other cause left the rollout running."""


@dataclass(frozen=True, slots=True)
class Rehearse:
    """What to replay: sweeps every `every` in [since_at, until_at]. `plan` None: the version the rollout runs on."""

    rollout: str
    since_at: datetime
    until_at: datetime
    every: timedelta = timedelta(hours=1)
    plan: tuple[Plan, PlanText] | None = None


def rehearse(live: Room, copy: ControlStore, events: RewoundEventStore, asked: Rehearse,
             progress: Progress | None = None, stopped: Callable[[], bool] = lambda: False) -> Rehearsed:
    """Replays. `copy` is an empty control store, `events` a snapshot set back to `asked.since_at`; `stopped` is looked
    at before each sweep.

    Raises InvalidRequest when the rollout had not begun by the end of the period.
    """
    rollout, epochs, frozen = _cast(live, copy, asked)
    clock = MadeClock(asked.since_at)
    # A room of its own: nothing that the live one serves or remembers is reached from here.
    room = Room(copy, events, live.directory, clock=clock, demo=live.demo, environment=live.environment)
    decisions: list[Swept] = []
    sweeps, moment, reached_at = 0, asked.since_at, asked.since_at
    while moment <= asked.until_at and not stopped():
        clock.at = reached_at = moment
        events.advance_to(moment)
        if _enter(copy, rollout, epochs, frozen, moment):
            with suppress(RolloutError):
                sync_epochs(room)
        while events.close_windows(moment).behind:
            pass
        swept = _look(room, asked.rollout)
        if swept is not None:
            sweeps += 1
            if not decisions or is_another(swept, decisions[-1]):
                decisions.append(swept)
        if progress:
            progress(moment, (moment - asked.since_at) / max(asked.until_at - asked.since_at, timedelta(seconds=1)))
        moment += asked.every
    share = share_over_time(epochs, decisions, asked.since_at, reached_at)
    version, variant = _tried(live, rollout, asked)
    return Rehearsed(asked.rollout, version, sweeps, tuple(decisions), share, reached_at,
                     finished=moment > asked.until_at, variant=variant)


def _tried(live: Room, rollout: Rollout, asked: Rehearse) -> tuple[int, bool]:
    """Which version of the plan its rules are, and whether they are a variant of that one."""
    if asked.plan is None:
        return rollout.plan_version, False
    text = asked.plan[1].text.strip()
    with live.control.read() as unit:
        versions = (rollout.plan_version, *(each.version for each in unit.plans.versions(rollout.plan)))
        same = next((each for each in versions if unit.plans.document(rollout.plan, each).text.strip() == text), None)
    return same or rollout.plan_version, same is None


def _look(room: Room, key: str) -> Swept | None:
    """One sweep, once the rollout has begun."""
    with room.control.read() as unit:
        begun = any(each.key == key for each in unit.rollouts.all())
    return sweep_one(room, key) if begun else None


def _cast(live: Room, copy: ControlStore, asked: Rehearse) -> tuple[Rollout, tuple[Epoch, ...], dict[int, Frozen]]:
    """The rollout, its epochs and frozen values; its plan is put into the copy."""
    with live.control.read() as unit:
        rollout = unit.rollouts.get(asked.rollout)
        epochs = tuple(epoch for epoch in unit.epochs.of(asked.rollout) if epoch.began_at <= asked.until_at)
        versions = {epoch.evidence_version for epoch in epochs}
        frozen = {version: read_frozen(unit, asked.rollout, version) for version in versions}
        plan = unit.plans.get(rollout.plan, rollout.plan_version)
        document = unit.plans.document(rollout.plan, rollout.plan_version)
    if not epochs:
        raise InvalidRequest(f"{rollout.name} had not begun by {asked.until_at:%Y-%m-%d}.",
                             mend="Choose a later period.", rollout=asked.rollout)
    if asked.plan is not None:
        plan, document = replace(asked.plan[0], version=plan.version), asked.plan[1]
    with copy.write() as unit:
        unit.plans.save(plan, document, asked.since_at, "rehearsal")
    return replace(rollout, autopilot="advise"), epochs, frozen


def _enter(copy: ControlStore, rollout: Rollout, epochs: tuple[Epoch, ...], frozen: dict[int, Frozen],
           moment: datetime) -> bool:
    """Lets the epochs begin that began by `moment`; True when there were any."""
    with copy.write() as unit:
        have = {epoch.number for epoch in unit.epochs.of(rollout.key)}
        due = [epoch for epoch in epochs if epoch.number not in have and epoch.began_at <= moment]
        for epoch in due:
            before = next((each for each in unit.rollouts.all() if each.key == rollout.key), None)
            revision = before.revision + 1 if before else 1
            unit.rollouts.save(as_of(rollout, epoch, epochs, revision), before.revision if before else None)
            unit.epochs.add(epoch)
            unit.meta.set(frozen_key(rollout.key, epoch.evidence_version),
                          msgspec.json.encode(known_by(frozen[epoch.evidence_version], moment)).decode())
    return bool(due)


def known_by(frozen: Frozen, moment: datetime) -> Frozen:
    """What was frozen by an instant; the rest is frozen again when its time comes."""
    return Frozen([each for each in frozen.references if each.applies_from_at <= moment], frozen.baselines)


def as_of(rollout: Rollout, epoch: Epoch, epochs: tuple[Epoch, ...], revision: int) -> Rollout:
    """The rollout as it stood when an epoch began."""
    entered = next(each.began_at for each in epochs if each.phase == epoch.phase)
    return replace(rollout, status=STATUS_AFTER.get(epoch.cause, Status.RUNNING), phase=epoch.phase,
                   percentage=epoch.percentage, thresholds=epoch.thresholds, ever=epoch.ever, served=epoch.served,
                   epoch=epoch.number, epoch_began_at=epoch.began_at, evidence_version=epoch.evidence_version,
                   revision=revision, phase_entered_at=entered, ended_at=None, anchors=epoch.anchors)


def snapshot_for(live: Room, folder: Path) -> Path:
    """A snapshot of the live event store for one rehearsal."""
    return live.events.snapshot(folder / "events.duckdb")
