"""The real app killed with SIGKILL while it makes backups and restores them; and what the next start finds then."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from threading import Event, Thread

import httpx

from rollout_core.bootstrap.leftovers import HALF_MADE
from rollout_core.control.backup import MANIFEST
from rollout_core.control.restore import STAGED_EVENTS, STAGED_KEY, check_backup
from rollout_core.errors import RolloutError
from rollout_core.settings import Settings
from tests.fakes.killed_app import ADMIN, KEY, Told, Work, opened, until_dead
from tests.fakes.running_app import running_app

BATCH = 20
GONE = "gone"
"""A workspace that was forgotten after the first backup: no restore brings it back."""

KEPT = 6
"""Folders of backups that stay; the first among them."""


@dataclass(slots=True)
class Kept:
    """What the store must hold: batches by name, in the open store and in each backup (its folder -> batches)."""

    acknowledged: set[str] = field(default_factory=set)
    within: dict[str, frozenset[str]] = field(default_factory=dict)
    asked: str | None = None
    """The folder of the last restore that was asked for since the start."""
    done: str | None = None
    """The folder of the last one that was acknowledged since the start."""
    refused: list[str] = field(default_factory=list)


def prepare_gone(settings: Settings) -> Kept:
    """A store with a backup that still knows a subject which was forgotten since."""
    kept = Kept()
    with running_app(settings.store) as app, app.owner() as owner:
        send(owner, kept, "first", GONE)
        send(owner, kept, "second", "ws-1")
        back_up(owner, kept)
        owner.post(f"{ADMIN}/forget", json={"unit": "workspace", "subject": GONE, "reason": "asked"}).raise_for_status()
        kept.acknowledged.remove("first")
    kept.within = {folder: batches - {"first"} for folder, batches in kept.within.items()}
    return kept


def kill_once(settings: Settings, kept: Kept, name: str, moments: random.Random) -> Told:
    """Starts the app, lets events, overrides, backups and restores come at once, and kills it at a random moment."""
    told, over = Told(), Event()
    kept.asked = kept.done = None
    with running_app(settings.store) as app:
        works = (writer(kept, name), overrides, keeper(kept, moments))
        workers = [Thread(target=until_dead, args=(app, over, told, work), daemon=True) for work in works]
        for worker in workers:
            worker.start()
        time.sleep(moments.uniform(0.2, 3.0))
        app.process.kill()
        app.process.wait()
        over.set()
        for worker in workers:
            worker.join(35)
    told.refused += kept.refused
    return told


def send(client: httpx.Client, kept: Kept, name: str, workspace: str) -> None:
    """One batch of page views; noted once it is acknowledged."""
    now = datetime.now(UTC).isoformat()
    events = [{"event_id": f"{name}/{place}", "kind": "page_view", "occurred_at": now, "page": "/killed",
               "units": {"workspace": workspace}} for place in range(BATCH)]
    answer = client.post("/api/v1/events", json=events)
    if _good(answer, kept):
        kept.acknowledged.add(name)


def back_up(client: httpx.Client, kept: Kept) -> None:
    """A backup; what was acknowledged before it was asked for is in it."""
    before = frozenset(kept.acknowledged)
    answer = client.post(f"{ADMIN}/backup", json={"reason": "test"})
    if _good(answer, kept):
        kept.within[answer.json()["result"]["directory"]] = before


def writer(kept: Kept, name: str) -> Work:
    """Batch after batch."""
    numbers = count()
    return lambda client, _told: send(client, kept, f"{name}-{next(numbers)}", "ws-1")


def overrides(client: httpx.Client, told: Told) -> None:
    """Verbs whose place in the trail must last."""
    answer = client.post(f"{ADMIN}/set-override",
                         json={"rollout": KEY, "subject": "ws-2", "value": False, "reason": "test"})
    if answer.is_success:
        told.audit_seqs.append(answer.json()["audit_seq"])
    else:
        told.refused.append(answer.text)


def keeper(kept: Kept, moments: random.Random) -> Work:
    """Backups and restores of any of them, one after another."""
    def keep(client: httpx.Client, _told: Told) -> None:
        if moments.random() < 0.4:
            back_up(client, kept)
        else:
            kept.asked = moments.choice(sorted(kept.within))
            answer = client.post(f"{ADMIN}/restore", json={"directory": kept.asked, "reason": "test"})
            if _good(answer, kept):
                kept.done = kept.asked

    return keep


def _good(answer: httpx.Response, kept: Kept) -> bool:
    if not answer.is_success:
        kept.refused.append(f"{answer.request.url.path}: {answer.status_code} {answer.text[:300]}")
    return answer.is_success


def look_after(settings: Settings, kept: Kept, told: Told) -> tuple[str, ...]:
    """What is wrong in the store after the next start, in sentences. `kept` then says what that start has found."""
    staged = (settings.store / STAGED_EVENTS).exists()
    with opened(settings) as room:
        if room.events_closed is not None:
            return (f"the event store does not open: {room.events_closed}",)
        rows = room.room.events.query("SELECT split_part(event_id, '/', 1), count(*) FROM page_views GROUP BY 1",
                                      limit=100_000).rows
        found = {str(name): int(number) for name, number in rows}
        with room.room.control.read() as unit:
            trail, head = unit.audit.verify().whole, unit.audit.head().seq
        unsound = room.room.control.check()
    checks = {
        "a forgotten subject is back": "first" not in found,
        "a batch is there in part": set(found.values()) <= {BATCH},
        "the audit chain is broken": trail,
        "an acknowledged audit entry is gone": head >= max(told.audit_seqs, default=0),
        "acknowledged batches are gone": any(batches <= set(found) for batches in _may_be(kept, staged)),
        "something half-made stays": not _half_made(settings.store),
    }
    kept.acknowledged &= set(found)
    return (*(words for words, true in checks.items() if not true), *unsound, *_backups(settings.store, kept))


def _may_be(kept: Kept, staged: bool) -> list[frozenset[str]]:
    """What the events must hold at least: those of the restore that was staged, else everything acknowledged."""
    if not staged:
        return [frozenset(kept.acknowledged)]
    return [kept.within[folder] for folder in {kept.asked, kept.done} if folder is not None]


def _half_made(store: Path) -> list[Path]:
    return [path for pattern in (*HALF_MADE, STAGED_EVENTS, STAGED_KEY) for path in store.glob(pattern)]


def _backups(store: Path, kept: Kept) -> Iterator[str]:
    """Every folder of backups is whole; all but a few go."""
    folders = sorted((store / "backups").iterdir())
    for folder in folders:
        try:
            check_backup(folder)
        except RolloutError as error:
            yield f"{folder.name} with {MANIFEST} is no backup: {error}"
    for folder in folders[1:-KEPT]:
        shutil.rmtree(folder)
        kept.within.pop(str(folder), None)
