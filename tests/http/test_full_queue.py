"""A store that cannot keep up: the queue fills, senders hear 429 and when to come again, nothing queued is lost."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from rollout_core.bootstrap.control_room import ControlRoom
from rollout_core.bootstrap.opening import open_room
from rollout_core.bootstrap.preparing import set_up
from rollout_core.http.routes import middleware, routes
from rollout_core.jobs.ingest_writer import IngestWriter
from rollout_core.ports.event_store import Batch, EventStore, Written
from rollout_core.settings import read_settings

QUEUE_BYTES = 4_000
PATIENCE_SECONDS = 20


class HeldStore:
    """The real event store behind a gate: a slow disk."""

    def __init__(self, events: EventStore) -> None:
        self.events = events
        self.gate = threading.Event()
        self.usable = True

    def write(self, batch: Batch) -> Written:
        self.gate.wait(PATIENCE_SECONDS)
        return self.events.write(batch)


@pytest.fixture
def held(tmp_path: Path) -> Iterator[tuple[ControlRoom, HeldStore]]:
    """The room over real stores, with the real queue in front of the held one."""
    room = open_room(read_settings({"ROLLOUT_STORE": str(tmp_path / "store"), "ROLLOUT_MINIMUM_FREE_MB": "1"}))
    store = HeldStore(room.room.events)
    set_up(room)
    ingest = IngestWriter(store, queue_bytes=QUEUE_BYTES)
    ingest.start()
    yield replace(room, ingest=ingest), store
    store.gate.set()
    ingest.stop()
    room.close()


def body_of(number: int) -> bytes:
    """One event in a body of 1,500 bytes."""
    event = {"kind": "page_view", "event_id": f"e{number}", "page": "/plan",
             "occurred_at": datetime.now(UTC).isoformat(), "units": {"user": "u1"}}
    written = json.dumps([event]).encode()
    return written + b" " * (1_500 - len(written))


def test_a_full_queue_says_when_to_come_again_and_loses_nothing(held: tuple[ControlRoom, HeldStore]) -> None:
    room, store = held
    asyncio.run(overfilled(room, store))
    rows = room.room.events.query("SELECT event_id FROM page_views ORDER BY event_id").rows
    assert [row[0] for row in rows] == ["e0", "e1", "e2"]


async def overfilled(room: ControlRoom, store: HeldStore) -> None:
    """Two senders wait, the third is refused; once the store writes, all are taken."""
    app = Starlette(routes=routes(lambda: room), middleware=middleware(lambda: room, room.settings))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as sender:
        async def send(number: int) -> httpx.Response:
            return await sender.post(f"/api/v1/events/{room.write_key}", content=body_of(number))

        waiting = [asyncio.create_task(send(0)), asyncio.create_task(send(1))]      # 3,000 bytes of 4,000
        assert room.ingest is not None
        async with asyncio.timeout(PATIENCE_SECONDS):
            while room.ingest.waiting_bytes < 3_000:
                await asyncio.sleep(0.01)
        refused = await send(2)
        assert refused.status_code == 429
        assert refused.headers["retry-after"].isdigit()
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert refused.json()["facts"]["waiting_bytes"] == 3_000
        assert refused.headers["access-control-allow-origin"] == "*"
        assert not any(task.done() for task in waiting)          # acknowledged after the commit, not before
        store.gate.set()
        assert [(await task).status_code for task in waiting] == [200, 200]
        taken = await send(2)
        assert taken.json()["accepted"] == 1, taken.text
