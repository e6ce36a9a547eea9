"""What the command line needs of a running app besides verbs and questions: SQL, exports, one-time links."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rollout_core.bootstrap import ControlRoom
from rollout_core.bootstrap.asking import read_request
from rollout_core.bootstrap.rehearsing import RehearsalRequest, rehearse_stored
from rollout_core.http import problems
from rollout_core.http.admin import as_json
from rollout_core.http.requests import body_of, json_object
from rollout_core.http.visitor import visitor_of

Rooms = Callable[[], ControlRoom]


@dataclass(frozen=True, slots=True)
class SqlRequest:
    """One SELECT or EXPLAIN; at most `limit` rows come back."""

    sql: str
    limit: int = 1_000


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """A folder of the app's machine; no tables: all kinds of events."""

    directory: str
    tables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LinkRequest:
    """Whom the link signs in; None: the local admin."""

    person: str | None = None


def analysis_routes(rooms: Rooms) -> list[Route]:
    """POST …/sql and …/rehearse (operators), …/export (the machine's owner), …/signin-link (admins); GET …/progress."""
    return [Route("/admin/rollout/progress", partial(_progress, rooms), methods=["GET"]),
            Route("/admin/rollout/signin-link", partial(_link, rooms), methods=["POST"]),
            Route("/admin/rollout/sql", partial(_sql, rooms), methods=["POST"]),
            Route("/admin/rollout/rehearse", partial(_rehearse, rooms), methods=["POST"]),
            Route("/admin/rollout/export", partial(_export, rooms), methods=["POST"])]


async def _sql(rooms: Rooms, request: Request) -> Response:
    actor, room = visitor_of(request).actor, rooms()
    asked = read_request(SqlRequest, json_object(await body_of(request, room.settings.body_bytes)), text=False)
    return as_json(await run_in_threadpool(room.query, actor, asked.sql, asked.limit))


async def _rehearse(rooms: Rooms, request: Request) -> Response:
    actor, room = visitor_of(request).actor, rooms()
    asked = read_request(RehearsalRequest, json_object(await body_of(request, room.settings.body_bytes)), text=False)
    return as_json(await run_in_threadpool(rehearse_stored, room, actor, asked))


async def _export(rooms: Rooms, request: Request) -> Response:
    actor, room = visitor_of(request).actor, rooms()
    if actor.via != "owner":
        return problems.refuse(403, "owner-only", "An export writes files of the app's machine.",
                               mend="Use the command line there.")
    asked = read_request(ExportRequest, json_object(await body_of(request, room.settings.body_bytes)), text=False)
    return as_json({"files": await run_in_threadpool(room.export, actor, asked.directory, asked.tables)})


async def _progress(rooms: Rooms, request: Request) -> Response:
    visitor_of(request)
    return as_json(dict(rooms().progress))


async def _link(rooms: Rooms, request: Request) -> Response:
    actor, room = visitor_of(request).actor, rooms()
    asked = read_request(LinkRequest, json_object(await body_of(request, room.settings.body_bytes)), text=False)
    return as_json(await run_in_threadpool(room.sign_in_link, actor, asked.person))
