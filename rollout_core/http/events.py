"""POST /api/v1/events: batches of events from servers (token) and browsers (public write key).

Answered per event, after the commit: a bad event does not sink its batch, and what was acknowledged is stored. Under
the public key an event brings no arm; the server's own exposure record decides. 429 and 503 say when to come again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hmac import compare_digest
from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rollout_core.bootstrap import ControlRoom
from rollout_core.errors import NotPermitted, NotSignedIn, QueueFull, RolloutError, StoreUnavailable
from rollout_core.http import problems
from rollout_core.http.requests import body_of
from rollout_core.http.told_events import told
from rollout_core.http.visitor import KEY, Visitor
from rollout_core.jobs.judged_body import JudgedBody, judge
from rollout_core.metrics.event_checks import Sender
from rollout_core.people.permission import require
from rollout_core.people.role import Role

Rooms = Callable[[], ControlRoom]
Made = TypeVar("Made")

SMALL_BYTES = 20_000
"""A body of this size is judged at once: some 100 events, half a millisecond."""

_JUDGING = ThreadPoolExecutor(1, "event-judge")
_ASIDE = {"bytes": 0}
"""How much waits for that thread; only the event loop counts."""

CROSS_SITE = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After"}
"""Browsers of any site may send events with the public key; without credentials, which `*` rules out by itself."""

PREFLIGHT = CROSS_SITE | {"Access-Control-Allow-Methods": "POST", "Access-Control-Allow-Headers": "Content-Type",
                          "Access-Control-Max-Age": "86400"}


def event_routes(rooms: Rooms) -> list[Route]:
    """The key stands in the query (`?key=`) or in the path; a beacon can set no header."""
    paths = ("/v1/events", "/v1/events/{key}")
    return [*(Route(path, partial(_answered, rooms), methods=["POST"]) for path in paths),
            *(Route(path, _preflight, methods=["OPTIONS"]) for path in paths)]


async def _preflight(request: Request) -> Response:
    return Response(None, 204, PREFLIGHT)


async def _answered(rooms: Rooms, request: Request) -> Response:
    """The answer; a refusal may be read by a browser of another site too, which must learn when to come again."""
    try:
        return await _receive(rooms, request)
    except RolloutError as error:
        return problems.answer(problems.describe(error), {**problems.headers_of(error), **CROSS_SITE})


async def _receive(rooms: Rooms, request: Request) -> Response:
    room = rooms()
    sender = sender_of(request, room)
    body = await body_of(request, room.settings.body_bytes)
    if room.ingest is None:
        raise StoreUnavailable("This process stores no events.", mend="Start the app.")
    _check_room(len(body), room.settings.queue_bytes)
    judged = await _aside(body, _judged, body, sender, room)
    future = room.ingest.offer(judged.loose, judged.rejected, len(body), sender.name, prepared=judged.prepared)
    written = await asyncio.wrap_future(future)
    answer = await _aside(body, lambda: msgspec.json.encode(told(judged, written)))
    return Response(answer, 200, CROSS_SITE, "application/json")


def _judged(body: bytes, sender: Sender, room: ControlRoom) -> JudgedBody:
    """A large body in the process that is there for it, a small one and whatever that leaves over here."""
    now = room.room.clock.now()
    large = room.judging if len(body) > SMALL_BYTES else None
    found = None if large is None else large.judge(body, sender, now)
    return judge(body, sender, now, room.room.events.prepare) if found is None else found


async def _aside(body: bytes, work: Callable[..., Made], *given: object) -> Made:
    """The work on one body; beside the event loop, one batch after the other, unless it is small.

    One thread for all: batches that are judged side by side take turns at the interpreter with every page.
    """
    if len(body) <= SMALL_BYTES:
        return work(*given)
    _ASIDE["bytes"] += len(body)
    try:
        return await asyncio.get_running_loop().run_in_executor(_JUDGING, work, *given)
    finally:
        _ASIDE["bytes"] -= len(body)


def _check_room(size_bytes: int, most_bytes: int) -> None:
    """Bodies wait to be judged as they do to be written: bounded. Raises QueueFull."""
    waiting = _ASIDE["bytes"]
    if waiting and waiting + size_bytes > most_bytes:
        raise QueueFull(f"Too much is waiting to be read ({waiting} bytes).", mend="Send again in 2 s.",
                        retry_after_seconds=2, waiting_bytes=waiting)


def sender_of(request: Request, room: ControlRoom) -> Sender:
    """A token's server is trusted with arms, the public key is not. Raises NotSignedIn without either."""
    visitor = request.scope.get(KEY)
    if isinstance(visitor, Visitor) and visitor.csrf is None:
        require(visitor.actor, Role.SENDER, "record events with arms")
        return Sender(trusted=True, name=visitor.actor.principal)
    key = request.path_params.get("key") or request.query_params.get("key", "")
    if not key:
        raise NotSignedIn("Events need the public write key or a token.",
                          mend="Add ?key= with the key that the file write.key in the store's folder holds.")
    if not compare_digest(key.encode(), room.write_key.encode()):
        raise NotPermitted("This is not the public write key.", mend="`rollout ask events-health` shows what arrives.")
    units = frozenset(served.unit for served in room.room.live.current.rollouts.values())
    return Sender(trusted=False, name="public", units=units)
