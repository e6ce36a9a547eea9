"""Two running rollouts of the shipped plans over a filled event store, for the overview's bars."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rollout_core.documents.plan_document import read_plan
from rollout_core.metrics.event import Kind
from rollout_core.ports.control_records import PlanText
from rollout_core.ports.event_store import MirroredEpoch, MirroredRollout
from rollout_core.ports.room import Room
from rollout_core.rollouts.plan import Plan
from rollout_core.rollouts.rollout import Epoch, Rollout
from rollout_core.rollouts.status import Status
from rollout_core.storage.control_store import open_control_store
from rollout_core.storage.event_store import DuckdbEventStore

NOW = datetime(2026, 3, 29, 12, 2, tzinfo=UTC)
DAYS = 28
SECRET = b"bench" * 8
PLANS = Path(__file__).parents[2] / "data" / "plans"
SLOT = {"workspace": "k0", "user": "k1"}

COMMON = ("'f' || i AS event_id, {batch} AS batch, at_, at_, NULL, TRUE, hash('w', hash(i) % {subjects}) AS k0, "
          "hash('u', hash(i) % {subjects}) AS k1, NULL, NULL, hash('s', i), 1000, '1.0', '/page/' || (i % 40), "
          "CASE i % 3 WHEN 0 THEN 'phone' ELSE 'desktop' END, NULL")
EXPOSED = ("'{rollout}', '{unit}', {slot}, ({slot} % 128)::UTINYINT, "
           "CASE {slot} % 2 WHEN 0 THEN 'treatment' ELSE 'control' END, 'in_by_bucket', NULL, '{phase}', "
           "CASE WHEN at_ < TIMESTAMP '{half}' THEN 1 ELSE 2 END, 50000, '{flag}'")
OWN = {
    Kind.SESSION: "60000000 + (i * 7919) % 900000000",
    Kind.API_REQUEST: "'/api/' || (i % 30), CASE WHEN i % 50 = 0 THEN 500 ELSE 200 END, 50000 + (i * 7919) % 900000",
    Kind.WEB_VITAL: "['LCP', 'INP', 'CLS'][1 + i % 3], 'm' || i, hash('l', i // 3), 100000 + (i * 104729) % 5000000, "
                    "900000",
    Kind.FEATURE_USE: "'{flag}', NULL, (i * 31) % 60000000",
    Kind.ERROR: "'javascript', 'low', 'fp' || (i % 50), 'TypeError', 'x is undefined', NULL",
    Kind.FEEDBACK: "NULL, (1 + i % 5) * 1000000, 1000000, 5000000, NULL",
}
TAIL = 20_000
"""Events of the last hour, the same in every world: what a page reads raw does not depend on the history behind it."""

PARTS = 16
"""Every 16 rows: 2 exposures of each rollout, 3 sessions, 3 requests, 3 vitals, 2 uses, 1 error or feedback."""

TURNS = (("patient", Kind.EXPOSURE), ("exercise", Kind.EXPOSURE), *((None, Kind.SESSION),) * 3,
         *((None, Kind.API_REQUEST),) * 3, *((None, Kind.WEB_VITAL),) * 3, *((None, Kind.FEATURE_USE),) * 2,
         (None, Kind.ERROR), (None, Kind.FEEDBACK), ("exercise", Kind.EXPOSURE))


def world(directory: Path, events: int, subjects: int, now: datetime = NOW, secret: bytes = SECRET) -> Room:
    """A room whose store holds so many events of so many users and as many workspaces, all windows closed; they end at
    `now`. `secret` is the content of store.key."""
    started = now - timedelta(days=DAYS)
    control = open_control_store(directory / "control.sqlite", read_plan)
    store = DuckdbEventStore(directory / "events.duckdb", secret)
    room = Room(control=control, events=store, directory=directory, clock=FixedClock(now))
    rollouts = [_started(room, path, started) for path in sorted(PLANS.glob("*.yaml"))]
    half = started + timedelta(days=DAYS // 2)
    store.mirror([MirroredRollout(rollout.key, rollout.unit) for rollout in rollouts],
                 [MirroredEpoch(rollout.key, number, at, rollout.phase, 50_000)
                  for rollout in rollouts for number, at in ((1, started), (2, half))])
    with store.database.transaction() as cursor:
        cursor.execute("INSERT INTO unit_slot VALUES (0, 'workspace'), (1, 'user')")
    history = timedelta(days=DAYS, hours=-1)
    for first in range(0, events, 1_000_000):
        _fill(store, rollouts, Part(first, min(events, first + 1_000_000), started, history / events), subjects)
    _fill(store, rollouts, Part(events, events + TAIL, started + history, timedelta(hours=1) / TAIL, events), subjects)
    store.close()
    store = DuckdbEventStore(directory / "events.duckdb", secret)
    while store.close_windows(now, days=7).behind:
        pass
    return replace(room, events=store)


def follow(room: Room, since: datetime, lasting: timedelta, rows: tuple[int, int], subjects: int) -> None:
    """More events after the world's last ones: `rows` is the number of the first one, and how many."""
    first, count = rows
    with room.control.read() as unit:
        rollouts = list(unit.rollouts.all())
    _fill(room.events, rollouts, Part(first, first + count, since, lasting / count, first), subjects)


@dataclass(frozen=True, slots=True)
class FixedClock:
    """Stands still."""

    at: datetime = NOW

    def now(self) -> datetime:
        """The instant."""
        return self.at


def _started(room: Room, path: Path, started: datetime) -> Rollout:
    """Sets a plan up and a rollout in its third phase, 50 % of everybody by chance."""
    document = PlanText(path.read_text(encoding="utf-8"), path.name)
    with room.control.write() as unit:
        plan = unit.plans.read(document)
        unit.plans.save(plan, document, started, "bench")
        rollout = _rollout(plan, started)
        unit.rollouts.save(rollout, None)
        for number, at in ((1, started), (2, started + timedelta(days=DAYS // 2))):
            unit.epochs.add(Epoch(rollout.key, number, at, rollout.phase, 50_000, rollout.thresholds, rollout.ever,
                                  rollout.served, "advance", 1))
    return rollout


def _rollout(plan: Plan, started: datetime) -> Rollout:
    everyone = {plan.audiences[-1].key: 50_000}
    middle = started + timedelta(days=DAYS // 2)
    phase = plan.phases[2].key
    return Rollout(key=plan.key, name=plan.name, plan=plan.key, plan_version=plan.version, unit=plan.unit, salt="bench",
                   status=Status.RUNNING, created_at=started, phase=phase, percentage=50_000, thresholds=everyone,
                   ever=everyone, served=plan.flags_served_in(phase), epoch=2, epoch_began_at=middle,
                   started_at=started, phase_entered_at=middle)


@dataclass(frozen=True, slots=True)
class Part:
    """Rows first..last; row `from_row` happens at `began_at`, each next one a `step` later."""

    first: int
    last: int
    began_at: datetime
    step: timedelta
    from_row: int = 0


def _fill(store: DuckdbEventStore, rollouts: list[Rollout], part: Part, subjects: int) -> None:
    step = part.step.total_seconds() * 1e6
    middle = rollouts[0].epoch_began_at
    assert middle is not None
    began, half = (at.replace(tzinfo=None) for at in (part.began_at, middle))
    by_key = {rollout.key: rollout for rollout in rollouts}
    flags = {rollout.key: sorted(rollout.served)[0] for rollout in rollouts}
    with store.database.transaction() as cursor:
        batch = cursor.execute("SELECT coalesce(max(batch), 0) + 1 FROM batch_token").fetchall()[0][0]
        for turn, (which, kind) in enumerate(TURNS):
            rollout = by_key[next(key for key in by_key if which is None or key.startswith(which))]
            used = rollout.key if which else ("exercise_library", "patient_engagement")[turn % 2]
            own = (EXPOSED if which else OWN[kind]).format(
                rollout=rollout.key, unit=rollout.unit, slot=SLOT[rollout.unit], phase=rollout.phase, half=half,
                flag=flags[used])
            at = f"TIMESTAMP '{began}' + to_microseconds(((i - {part.from_row}) * {step})::BIGINT)"
            rows = (f"SELECT i, {at} AS at_, "
                    f"hash('w', hash(i) % {subjects}) AS k0, hash('u', hash(i) % {subjects}) AS k1 "
                    f"FROM range({part.first} + {turn}, {part.last}, {PARTS}) AS r(i)")
            common = COMMON.format(subjects=subjects, batch=batch)
            cursor.execute(f"INSERT INTO event_{kind.value} SELECT {common}, {own} FROM ({rows})")
        cursor.execute("INSERT INTO batch_token VALUES (NULL, ?, ?, ?, 0, 0)",
                       [batch, part.began_at.replace(tzinfo=None), part.last - part.first])
