"""Every route and middleware of the one process, for dashboard.py to mount beside the pages."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from rollout_core.bootstrap import ControlRoom
from rollout_core.bootstrap.key_files import proof_of
from rollout_core.errors import RolloutError
from rollout_core.http import openapi, problems
from rollout_core.http.admin import admin_routes, as_json
from rollout_core.http.analysis import analysis_routes
from rollout_core.http.doorkeeper import Doorkeeper
from rollout_core.http.events import event_routes
from rollout_core.http.oidc import oidc_routes
from rollout_core.http.sign_in_routes import sign_in_routes
from rollout_core.http.visitor import visitor_of
from rollout_core.settings import Settings

Rooms = Callable[[], ControlRoom]

REDIRECTS = {"/admin/rollout": "/rollout", "/admin/dashboard": "/dashboard", "/admin/analytics": "/analytics",
             "/overview": "/"}
"""The addresses that the exercise seed promises -> the pages that hold it; and the first page's own name, since
Streamlit knows the page where people land as / only."""


def routes(rooms: Rooms) -> list[BaseRoute]:
    """What stands before Streamlit's own routes. The API is a mount, so that unknown paths in it are JSON 404."""
    return [
        *sign_in_routes(rooms),
        *oidc_routes(rooms),
        *(Route(old, partial(_redirect, new), methods=["GET"]) for old, new in REDIRECTS.items()),
        Route("/healthz", partial(_healthz, rooms), methods=["GET"]),
        Mount("/api", app=api(rooms)),
    ]


def middleware(rooms: Rooms, settings: Settings) -> list[Middleware]:
    """Foreign host names first, then the doorkeeper; both see WebSockets too."""
    return [Middleware(TrustedHostMiddleware, allowed_hosts=list(settings.allowed_hosts), www_redirect=False),
            Middleware(Doorkeeper, rooms=rooms)]


def api(rooms: Rooms) -> Starlette:
    """Everything below /api; errors leave it as problem details."""
    return Starlette(
        routes=[
            *admin_routes(rooms),
            *analysis_routes(rooms),
            *event_routes(rooms),
            Route("/session", _session, methods=["GET"]),
            Route("/openapi.json", partial(_openapi, rooms), methods=["GET"]),
            Route("/docs", partial(_docs, rooms), methods=["GET"]),
        ],
        exception_handlers={RolloutError: problems.on_rollout_error, HTTPException: problems.on_http_error,
                            Exception: problems.on_unforeseen})


async def _redirect(target: str, request: Request) -> Response:
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(target + query, 307)


async def _healthz(rooms: Rooms, request: Request) -> Response:
    """Alive, and what is away; with `?nonce=` a proof that this is the app of the store. Nothing about any rollout."""
    room = rooms()
    answer: dict[str, object] = {"app": "rollout", "ok": True, "events": "closed" if room.events_closed else "open"}
    nonce = request.query_params.get("nonce", "")[:100]
    if nonce:
        answer["proof"] = proof_of(room.owner_key, nonce)
    return Response(msgspec.json.encode(answer), 200, {"Cache-Control": "no-store"}, "application/json")


async def _session(request: Request) -> Response:
    visitor = visitor_of(request)
    return as_json({"name": visitor.actor.principal, "role": str(visitor.actor.role), "via": visitor.actor.via,
                    "csrf": visitor.csrf})


async def _openapi(rooms: Rooms, request: Request) -> Response:
    visitor_of(request)
    return as_json(await run_in_threadpool(openapi.document, str(request.base_url).removesuffix("/api/").rstrip("/")))


async def _docs(rooms: Rooms, request: Request) -> Response:
    visitor_of(request)
    return openapi.described(await run_in_threadpool(openapi.document, "/"))
