"""A room for tests of verbs: control store and event store in memory, a clock that tests move, two plan documents."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from rollout_core.control import VERBS
from rollout_core.control.change import Change
from rollout_core.control.open_snapshot import open_snapshot
from rollout_core.flags.targeting import Condition, Operator
from rollout_core.people.actor import Actor
from rollout_core.people.role import Role
from rollout_core.ports.control_records import AuditRecord, PlanText, Subject
from rollout_core.ports.control_store import ControlStore
from rollout_core.ports.room import Room
from rollout_core.rollouts.phase import Comparison, Criterion
from rollout_core.rollouts.plan import Contact, EnvironmentNames, Plan
from rollout_core.rollouts.rollout import Rollout
from tests.fakes.control_store import FakeControlStore
from tests.fakes.counting_events import CountingEvents
from tests.fakes.registers import AUDIENCES, NOW, plan_of

KEY = "made"
ADMIN = Actor("ann", Role.ADMIN, "session", "page", session_id="s1")
OPERATOR = Actor("oli", Role.OPERATOR, "token", "http", claimed="nightly job")
VIEWER = Actor("vic", Role.VIEWER, "session", "page")
INSIDE, BETA, *LATER = plan_of().phases
MEASURED = replace(BETA, criteria=(Criterion("errors", "Errors", "error_rate", Comparison.BELOW, 0.02),))
PHASES = (INSIDE, MEASURED, *LATER)
PLANS: dict[str, Plan] = {
    "version 1": plan_of(phases=PHASES, contacts=(Contact("On-call", "Ann"),), environment=EnvironmentNames(
        flags={"VITE_FF_CORE": "core"}, start_percentage="START_AT", start_phase="START_PHASE")),
    "version 2": plan_of(version=2, note="Beta is skipped", phases=(INSIDE, *LATER)),
    "version 1 edited": plan_of(name="Made again"),
    "by age": plan_of(audiences=(replace(AUDIENCES[0], rule=Condition("created_at", Operator.NEWER_THAN_DAYS, (30,))),
                                 *AUDIENCES[1:])),
    "by inactivity": plan_of(audiences=(
        replace(AUDIENCES[0], rule=Condition("active_at", Operator.OLDER_THAN_DAYS, (30,))), *AUDIENCES[1:])),
    "other": plan_of(key="other", name="Other"),
}
"""A document's text -> the plan in it: the fake's way of reading."""


@dataclass
class MovedClock:
    """A clock that stands until a test moves it."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    def forward(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class Setting:
    """The room with short ways to act and to look."""

    directory: Path
    clock: MovedClock = field(default_factory=MovedClock)
    events: CountingEvents = field(default_factory=CountingEvents)
    control: Any = field(default_factory=lambda: FakeControlStore(read_made))
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        tokens = count(1)
        self.room = Room(self.control, self.events, self.directory, clock=self.clock, environment=self.environment,
                         new_token=lambda: f"{next(tokens):032x}")

    def restarted(self, **environment: str) -> Setting:
        """The same stores in a new process; what it says at the start is in `told`."""
        again = replace(self, environment={**self.environment, **environment})
        again.told = open_snapshot(again.room)
        return again

    def act(self, verb: str, actor: Actor = ADMIN, **fields: Any) -> Change:
        return VERBS[verb].act(self.room, actor, VERBS[verb].request(**fields))

    def raise_by(self, verb: str, actor: Actor = ADMIN, **fields: Any) -> Change:
        """A raising verb with the present revision and, unless given, a reason."""
        return self.act(verb, actor, **{"revision": self.rollout().revision, "reason": "test", **fields})

    def set_up(self, *documents: str) -> Change:
        return self.act("setup", documents=tuple(PlanText(text, f"{text}.yaml") for text in documents or ["version 1"]))

    def register(self, size: int, **attributes: Any) -> None:
        with self.control.write() as unit:
            unit.register.upsert_many(Subject("user", f"u{number}", attributes) for number in range(size))

    def running(self, size: int = 1_000) -> Setting:
        """Started in the first phase over a register."""
        self.set_up()
        self.register(size, segments=("internal",))
        self.act("waive_checklist", reason="test")
        self.raise_by("start")
        return self

    def rollout(self, key: str = KEY) -> Rollout:
        with self.control.read() as unit:
            return unit.rollouts.get(key)

    def served(self, key: str = KEY):
        return self.room.live.current.rollouts[key]

    def trail(self, limit: int = 100) -> tuple[AuditRecord, ...]:
        """Newest first."""
        with self.control.read() as unit:
            return unit.audit.tail(limit=limit)

    def verbs(self) -> list[tuple[str, str]]:
        """(verb, outcome), oldest first."""
        return [(record.entry.verb, record.entry.outcome) for record in reversed(self.trail())]


def read_made(text: str, source: str) -> Plan:
    return PLANS[text]


def other_store(control: ControlStore, directory: Path) -> Setting:
    """A setting over a given store."""
    return Setting(directory, control=control)
