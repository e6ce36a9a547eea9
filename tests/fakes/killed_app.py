"""The real app killed with SIGKILL while it stores events, sweeps and changes a rollout; and what is left then."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx

from rollout_core.bootstrap import ControlRoom, open_room
from rollout_core.bootstrap.asking import read_request
from rollout_core.bootstrap.preparing import prepare_store
from rollout_core.control import VERBS
from rollout_core.settings import Settings, read_settings
from tests.fakes.running_app import RunningApp, running_app

KEY = "patient_engagement"
BATCH = 40
ADMIN = "/api/admin/rollout"


@dataclass(slots=True)
class Told:
    """What the app had acknowledged before it was killed."""

    batches: list[tuple[str, ...]] = field(default_factory=list)
    revisions: list[int] = field(default_factory=list)
    audit_seqs: list[int] = field(default_factory=list)
    sweeps: int = 0
    refused: list[str] = field(default_factory=list)
    """Answers that were neither a success nor the end of the app: there should be none."""


@dataclass(frozen=True, slots=True)
class Left:
    """What is in the store after a kill. `contradictions` are sentences; none is how it should be."""

    lost: int
    contradictions: tuple[str, ...]


def prepare(directory: Path) -> Settings:
    """A store whose patient rollout runs at 10 %."""
    settings = replace(read_settings({}), store=directory)
    prepare_store(settings)
    with opened(settings) as room:
        owner = room.local_owner("kill test")
        for verb in ("prepare", "waive_checklist", "start"):
            with room.room.control.read() as unit:
                known = {"rollout": KEY, "reason": "test", "revision": unit.rollouts.get(KEY).revision}
            taken = {each.name for each in fields(VERBS[verb].request)}
            given = {name: value for name, value in known.items() if name in taken}
            room.verbs(verb, owner, read_request(VERBS[verb].request, given, text=False))
    return settings


def kill_once(directory: Path, name: str, moments: random.Random) -> Told:
    """Starts the app, lets events, sweeps and verbs come at once, and kills it at a moment of the seeded generator."""
    told, over = Told(), Event()
    with running_app(directory) as app:
        workers = [Thread(target=until_dead, args=(app, over, told, work), daemon=True)
                   for work in (writer(name), percentages(), sweeps)]
        for worker in workers:
            worker.start()
        while not (told.batches and told.revisions):
            time.sleep(0.005)
        time.sleep(moments.uniform(0.0, 1.5))
        app.process.kill()
        app.process.wait()
        over.set()
        for worker in workers:
            worker.join(35)
    return told


Work = Callable[[httpx.Client, Told], None]


def until_dead(app: RunningApp, over: Event, told: Told, work: Work) -> None:
    """Does the work again and again until the app does not answer any more."""
    with app.owner() as client:
        while not over.is_set():
            try:
                work(client, told)
            except httpx.TransportError:
                return


def writer(name: str) -> Work:
    """Sends batches of page views with ids of their own; notes the batches that were acknowledged whole."""
    numbers: Iterator[int] = iter(range(10**9))

    def send(client: httpx.Client, told: Told) -> None:
        number = next(numbers)
        ids = tuple(f"{name}-{number}-{place}" for place in range(BATCH))
        now = datetime.now(UTC).isoformat()
        events = [{"event_id": each, "kind": "page_view", "occurred_at": now, "page": "/killed",
                   "units": {"workspace": f"ws-{place}"}} for place, each in enumerate(ids)]
        answer = client.post("/api/v1/events", json=events)
        if _good(answer, told) and answer.json()["accepted"] == BATCH:
            told.batches.append(ids)

    return send


def percentages() -> Work:
    """Moves the rollout up and down with the revision that it has."""
    shares = iter(10 + number % 7 for number in range(10**9))

    def move(client: httpx.Client, told: Told) -> None:
        entries = client.get(f"{ADMIN}/rollouts").json()["rollouts"]
        revision = next(entry["revision"] for entry in entries if entry["key"] == KEY)
        answer = client.post(f"{ADMIN}/set-percentage", json={"rollout": KEY, "percentage": next(shares),
                                                              "revision": revision, "reason": "kill test"})
        if _good(answer, told):
            change: dict[str, Any] = answer.json()
            told.revisions.append(change["after"]["revision"])
            told.audit_seqs.append(change["audit_seq"])

    return move


def sweeps(client: httpx.Client, told: Told) -> None:
    """One sweep of the rollout."""
    told.sweeps += _good(client.post(f"{ADMIN}/sweep", json={"rollout": KEY}), told)


def _good(answer: httpx.Response, told: Told) -> bool:
    if not answer.is_success:
        told.refused.append(f"{answer.request.url.path}: {answer.status_code} {answer.text[:300]}")
    return answer.is_success


def look_after(settings: Settings, name: str, told: Told) -> Left:
    """Opens the store as the next start would and compares it with what was acknowledged."""
    with opened(settings) as room:
        if room.events_closed is not None:
            return Left(len(told.batches), (f"the event store does not open: {room.events_closed}",))
        found = room.room.events.query(f"SELECT count(*) FROM page_views WHERE event_id LIKE '{name}-%'")
        there = int(found.rows[0][0])
        wanted = [each for ids in told.batches for each in ids]
        kept: set[str] = set()
        for start in range(0, len(wanted), 5_000):
            part = ", ".join(f"'{each}'" for each in wanted[start : start + 5_000])
            rows = room.room.events.query(f"SELECT event_id FROM page_views WHERE event_id IN ({part})").rows
            kept |= {str(row[0]) for row in rows}
        lost = sum(not kept.issuperset(ids) for ids in told.batches)
        doubled = there - int(room.room.events.query(
            f"SELECT count(DISTINCT event_id) FROM page_views WHERE event_id LIKE '{name}-%'").rows[0][0])
        return Left(lost, (*contradictions(room, told), *([f"{doubled} events twice"] if doubled else [])))


def contradictions(room: ControlRoom, told: Told) -> tuple[str, ...]:
    """Rollout, epochs and trail tell one story, and it holds every verb that was acknowledged."""
    with room.room.control.read() as unit:
        rollout, current = unit.rollouts.get(KEY), unit.epochs.current(KEY)
        done = [record.entry for record in unit.audit.walk() if record.entry.rollout == KEY
                and record.entry.outcome == "done" and record.entry.revision is not None]
        epochs = [epoch.number for epoch in unit.epochs.of(KEY)]
        checks = {
            "the audit chain is broken": unit.audit.verify().whole,
            "the trail ends at another revision": done[-1].revision == rollout.revision,
            "the trail ends in another epoch": done[-1].epoch == rollout.epoch,
            "the epoch serves other thresholds": (current.number, dict(current.thresholds))
            == (rollout.epoch, dict(rollout.thresholds)),
            "an epoch is missing": epochs == list(range(1, rollout.epoch + 1)),
            "an acknowledged revision is gone": rollout.revision >= max(told.revisions, default=0),
            "an acknowledged audit entry is gone": unit.audit.head().seq >= max(told.audit_seqs, default=0),
        }
    return tuple(words for words, true in checks.items() if not true) + room.room.control.check()


@contextmanager
def opened(settings: Settings) -> Iterator[ControlRoom]:
    """The store's files, closed afterwards."""
    room = open_room(settings)
    try:
        yield room
    finally:
        room.close()
