"""/api/admin/rollout: one POST route per verb and one GET route per question, generated from the two registries.

The seed's nine endpoints (status, percentage, metrics, workspaces, report, monitor, pause-check, pause, health) are
among them by name; ALIASES holds what is called otherwise inside.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import partial
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rollout_core.bootstrap import ControlRoom
from rollout_core.bootstrap.asking import plain, read_request
from rollout_core.control import VERBS, VerbSpec
from rollout_core.control.lower_anyway import WAY_DOWN
from rollout_core.errors import InvalidRequest, RolloutError, StoreError
from rollout_core.http import problems
from rollout_core.http.replays import Replays, fingerprint_of
from rollout_core.http.requests import body_of, json_object, query_of
from rollout_core.http.visitor import visitor_of
from rollout_core.insight import QUESTIONS, QuestionSpec
from rollout_core.people.permission import require
from rollout_core.people.role import Role
from rollout_core.ports.control_records import Replay

Rooms = Callable[[], ControlRoom]
Handler = Callable[[Request], Awaitable[Response]]

QUESTION_ALIASES: Mapping[str, str] = {"phase": "phases"}
VERB_ALIASES: Mapping[str, str] = {"rollback": "roll_back"}
"""The name in the path -> the name in the registry."""

LOCAL_VERBS = frozenset({"import_file", "backup", "restore", "setup"})
"""These name files of the machine the app runs on: only its owner may send them, a token may not."""

ADMIN_QUESTIONS = frozenset({"tokens", "people", "sessions", "doctor"})
"""These name people, or paths and processes of the machine the app runs on."""


def admin_routes(rooms: Rooms) -> list[Route]:
    """All routes below /api/admin/rollout."""
    replays = Replays()
    found = [Route("/admin/rollout/percentage", _verb(rooms, replays, VERBS["set_percentage"]), methods=["PUT"])]
    for path, question in question_paths().items():
        found.append(Route(f"/admin/rollout/{path}", _question(rooms, question), methods=["GET"]))
    for path, verb in verb_paths().items():
        found.append(Route(f"/admin/rollout/{path}", _verb(rooms, replays, verb), methods=["POST"]))
        found.append(Route(f"/admin/rollout/{path}/preview", _preview(rooms, verb), methods=["POST"]))
    return found


def question_paths() -> dict[str, QuestionSpec]:
    """Path segment -> question, aliases included."""
    named = {name.replace("_", "-"): spec for name, spec in QUESTIONS.items()}
    return named | {alias: QUESTIONS[name] for alias, name in QUESTION_ALIASES.items()}


def verb_paths() -> dict[str, VerbSpec]:
    """Path segment -> verb, aliases included."""
    named = {name.replace("_", "-"): spec for name, spec in VERBS.items()}
    return named | {alias: VERBS[name] for alias, name in VERB_ALIASES.items()}


def _question(rooms: Rooms, spec: QuestionSpec) -> Handler:
    async def ask(request: Request) -> Response:
        actor = visitor_of(request).actor
        require(actor, Role.ADMIN if spec.name in ADMIN_QUESTIONS else Role.VIEWER, f"ask for {spec.name}")
        asked = read_request(spec.request, query_of(request), text=True)
        return as_json(await run_in_threadpool(rooms().ask, spec.name, asked))

    return ask


def _verb(rooms: Rooms, replays: Replays, spec: VerbSpec) -> Handler:
    async def act(request: Request) -> Response:
        actor = visitor_of(request).actor
        room = rooms()
        if spec.name in LOCAL_VERBS and actor.via != "owner":
            return problems.refuse(403, "owner-only", f"`{spec.name}` reads or writes files of the app's machine.",
                                   mend="Use the command line there.")
        body = await body_of(request, room.settings.body_bytes)
        act_once = partial(_act, room, spec, request, body)
        spared: AbstractContextManager[Any] = suppress(StoreError) if spec.name in WAY_DOWN else nullcontext()
        return await run_in_threadpool(_once, room, replays, (request, body, spared), act_once)

    return act


def _act(room: ControlRoom, spec: VerbSpec, request: Request, body: bytes) -> Response:
    asked = read_request(spec.request, _given(spec, request, body), text=False)
    return as_json(room.verbs(spec.name, visitor_of(request).actor, asked))


def _preview(rooms: Rooms, spec: VerbSpec) -> Handler:
    async def show(request: Request) -> Response:
        actor = visitor_of(request).actor
        require(actor, Role.VIEWER, "see what would change")
        room = rooms()
        body = await body_of(request, room.settings.body_bytes)
        asked = read_request(spec.request, _given(spec, request, body), text=False)
        return as_json(await run_in_threadpool(room.preview, spec.name, actor, asked))

    return show


def _given(spec: VerbSpec, request: Request, body: bytes) -> dict[str, Any]:
    """The body; `?rollout=` names the rollout too, and `If-Match: "7"` the revision."""
    given = json_object(body)
    if "rollout" in request.query_params:
        given.setdefault("rollout", request.query_params["rollout"])
    revision = request.headers.get("if-match", "").strip().removeprefix("W/").strip('"')
    if revision and revision != "*":
        if not (revision.isascii() and revision.isdigit() and len(revision) < 19):
            raise InvalidRequest("If-Match must hold the rollout's revision.", mend='Send for instance If-Match: "7".')
        given.setdefault("revision", int(revision))
    return given


def _once(room: ControlRoom, replays: Replays, asked: tuple[Request, bytes, AbstractContextManager[Any]],
          act: Callable[[], Response]) -> Response:
    """Does it, or repeats the answer that this Idempotency-Key had. `asked`: the request, its body, and what may go
    wrong with keeping answers: a store that is away hinders neither a pause nor a stop."""
    request, body, spared = asked
    key = request.headers.get("idempotency-key")
    if key is None:
        return act()
    actor = visitor_of(request).actor
    principal = f"{actor.via} {actor.principal}"
    same = fingerprint_of(request.method, request.url.path, request.url.query, body)
    with replays.turn(principal, key):
        kept = None
        with spared:
            kept = replays.kept(room.room, principal, key, same)
        if kept is not None:
            kind = problems.CONTENT_TYPE if kept.status >= 400 else "application/json"
            return Response(kept.body, kept.status, {"Idempotent-Replayed": "true"}, kind)
        response = _settled(act)
        if response.status_code < 500:
            with spared:
                replays.keep(room.room, Replay(principal, key, same, response.status_code,
                                               without_secret(bytes(response.body)), room.room.clock.now()))
        return response


def without_secret(body: bytes) -> bytes:
    """An answer as it is kept: a new token's secret is told once and lies nowhere."""
    told = msgspec.json.decode(body)
    result = told.get("result") if isinstance(told, dict) else None
    if not isinstance(result, dict) or "secret" not in result:
        return body
    return msgspec.json.encode({**told, "result": {**result, "secret": None}})


def _settled(act: Callable[[], Response]) -> Response:
    """The answer, a refusal included: it is kept too. Anything unforeseen goes up and keeps nothing."""
    try:
        return act()
    except RolloutError as error:
        return problems.answer(problems.describe(error), problems.headers_of(error))


def as_json(value: Any) -> Response:
    """An answer as JSON; never cached."""
    return Response(msgspec.json.encode(plain(value)), 200, {"Cache-Control": "no-store"}, "application/json")
