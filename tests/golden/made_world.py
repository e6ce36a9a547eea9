"""A small world for golden cases: a real event store in memory, a real control store in a file, events by hand.

`T0` is a Monday, 00:00 UTC. Rollout "r" of unit "user" starts at T0 in one epoch in which everybody's inclusion is
50 %, so treatment and control may be compared. Nothing here computes a metric.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from rollout_core.documents.plan_document import read_plan
from rollout_core.insight.measuring import Measuring
from rollout_core.insight.scene import scene
from rollout_core.metrics.event import Event, Kind
from rollout_core.metrics.event_checks import Accepted, Limits, Sender, accept
from rollout_core.metrics.measured import Window
from rollout_core.ports.control_records import PlanText
from rollout_core.ports.event_store import Batch, MirroredEpoch, MirroredRollout
from rollout_core.ports.room import Room
from rollout_core.rollouts.rollout import Epoch, Rollout
from rollout_core.rollouts.status import Status
from rollout_core.storage.control_store import open_control_store
from rollout_core.storage.event_store import DuckdbEventStore

T0 = datetime(2026, 3, 2, tzinfo=UTC)
SENDER = Sender(trusted=True, name="golden", historical=True)
PLAN = """
format: rollout-plan/1
key: p
name: Golden plan
version: 1
note: For golden cases.
description: Two flags, two phases.
unit: user
attributes:
  - {key: tier, type: string}
eligibility: everybody
segments: []
audiences:
  - {key: everyone, name: Everybody, rule: everybody}
flags:
  - {key: f1, name: First, tags: [core]}
  - {key: f2, name: Second, tags: [social]}
phases:
  - key: one
    name: One
    percentage: 50
    through: everyone
    adds: [f1, f2]
    minimum_duration: 7 days
    criteria:
      - {key: errors, name: Errors below 3 %, metric: error_rate, below: 3 %}
      - {key: adoption, name: Adoption above 50 %, metric: adoption_rate, above: 50 %}
      - {key: review, name: Reviewed by hand}
  - key: two
    name: Two
    percentage: 100
    through: everyone
safe_state: 0
holdout: {percentage: 0}
guardrails:
  - {key: errors, name: Errors, metric: error_rate, margin: 0.5 %, mde: 1 %}
pause_conditions:
  - {key: errors, name: Error rate above 5 %, metric: error_rate, above: 5 %}
alerts:
  - {key: error_rate, name: Error rate above 5 %, severity: critical, metric: error_rate, above: 5 %}
kpis:
  - {key: score, group: technical, name: Performance score, metric: performance_score, above: 90}
checklist:
  - {key: review, group: Code, text: Reviewed}
  - {key: tests, group: Code, text: Tested}
measurement:
  error_basis: requests
"""


@dataclass(slots=True)
class GoldenClock:
    """Stands where it is put."""

    at: datetime = T0 + timedelta(days=14)

    def now(self) -> datetime:
        """The instant."""
        return self.at


class World:
    """Events by hand into real stores. Times are given in hours (or as timedelta) after T0."""

    def __init__(self, directory: Path, plan: str = PLAN, *, filed: bool = False, share: int = 50_000) -> None:
        """Events in memory, or (`filed`) in a file: then what the directory holds already is opened as it is. `share`:
        buckets served in the first epoch."""
        self.clock = GoldenClock()
        found = (directory / "control.sqlite").exists()
        control = open_control_store(directory / "control.sqlite", read_plan)
        events = DuckdbEventStore(directory / "events.duckdb" if filed else None, b"k" * 32)
        self.room = Room(control=control, events=events, directory=directory, clock=self.clock)
        self._ids = count(1_000_000 if found else 0)
        self._batch: list[Accepted] = []
        if not found:
            self._set_up(plan, share)

    def _set_up(self, text: str, share: int) -> None:
        document = PlanText(text, "golden.yaml")
        rollout = Rollout(
            key="r", name="Golden", plan="p", plan_version=1, unit="user", salt="salt", status=Status.RUNNING,
            created_at=T0, phase="one", percentage=share, thresholds={"everyone": share}, ever={"everyone": share},
            served=frozenset({"f1", "f2"}), epoch=1, epoch_began_at=T0, started_at=T0, phase_entered_at=T0)
        with self.room.control.write() as unit:
            unit.plans.save(unit.plans.read(document), document, T0, "golden")
            unit.rollouts.save(rollout, None)
            unit.epochs.add(Epoch("r", 1, T0, "one", share, {"everyone": share}, {"everyone": share},
                                  frozenset({"f1", "f2"}), "start", 1))
        self.room.events.mirror([MirroredRollout("r", "user")], [MirroredEpoch("r", 1, T0, "one", share)])

    def at(self, hours: float | timedelta) -> datetime:
        """An instant by its distance from T0."""
        return T0 + (hours if isinstance(hours, timedelta) else timedelta(hours=hours))

    def add(self, kind: str, hours: float | timedelta, who: str | None = None, **fields: Any) -> None:
        """One outcome of a user."""
        units = {"user": who} if who is not None else {}
        event = Event(event_id=f"e{next(self._ids)}", kind=Kind(kind), occurred_at=self.at(hours), units=units,
                      **fields)
        self._accept(event)

    def expose(self, who: str, arm: str, hours: float | timedelta = 0, flag: str = "f1", epoch: int = 1,
               inclusion: int = 50_000) -> None:
        """One exposure, as a trusted server reports it."""
        self._accept(Event(event_id=f"e{next(self._ids)}", kind=Kind.EXPOSURE, occurred_at=self.at(hours),
                           units={"user": who}, rollout="r", unit="user", subject=who, flag=flag, arm=arm,
                           reason="in_by_bucket", variant="on", phase="one", epoch=epoch, inclusion=inclusion))

    def _accept(self, event: Event) -> None:
        accepted = accept(event, SENDER, self.clock.at, Limits())
        assert isinstance(accepted, Accepted), accepted
        self._batch.append(accepted)

    def flush(self) -> None:
        """Writes what was added."""
        if self._batch:
            self.room.events.write(Batch(self._batch, self.clock.at))
            self._batch = []

    def shut(self) -> None:
        """Closes both stores."""
        self.room.events.close()
        self.room.control.close()

    def close(self) -> None:
        """Writes what was added and closes every window that is due at the clock's time."""
        self.flush()
        self.room.events.close_windows(self.clock.at)

    def measuring(self, since: float = 0, until: float = 14 * 24) -> Measuring:
        """Questions about rollout "r" between two hours after T0."""
        return Measuring(self.room.events, scene(self.room, "r"), Window(self.at(since), self.at(until)))

    def change_rollout(self, **changes: Any) -> None:
        """Changes the stored rollout by hand."""
        with self.room.control.write() as unit:
            before = unit.rollouts.get("r")
            unit.rollouts.save(replace(before, revision=before.revision + 1, **changes), before.revision)


def template(directory: Path, fill: Callable[[World], None]) -> Path:
    """A world made once, to be copied for each test: filling one by hand costs ten times as much as opening it."""
    made = World(directory, filed=True)
    fill(made)
    made.shut()
    return directory


@contextmanager
def copied(made: Path, directory: Path) -> Iterator[World]:
    """A test's own copy of a template."""
    shutil.copytree(made, directory, dirs_exist_ok=True)
    world = World(directory, filed=True)
    yield world
    world.shut()
