"""/signin and /signout. A GET never changes anything: mail scanners may follow a link without using it up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hmac import compare_digest
from html import escape
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from rollout_core.bootstrap import ControlRoom
from rollout_core.control.sign_in import SignedIn, sign_in_by_link, sign_in_by_password, sign_out
from rollout_core.errors import NotSignedIn, RolloutError
from rollout_core.http.attempts import ALLOWED_FROM_ADDRESS, Attempts
from rollout_core.http.doorkeeper import COOKIE
from rollout_core.http.origin import safe_next
from rollout_core.http.page import field, hidden, page, refusal
from rollout_core.http.visitor import KEY, Visitor

FORM_BYTES = 8 * 1024


@dataclass(frozen=True, slots=True)
class Guard:
    """Failed passwords by name and by address."""

    names: Attempts
    addresses: Attempts

    def wait(self, name: str, address: str, now: datetime) -> int:
        """Whole seconds until another password is looked at; 0: now."""
        return max(self.names.wait(name, now), self.addresses.wait(address, now))

    def failed(self, name: str, address: str, now: datetime) -> None:
        """Remembers a wrong password."""
        self.names.failed(name, now)
        self.addresses.failed(address, now)


def sign_in_routes(rooms: Callable[[], ControlRoom]) -> list[Route]:
    """The four routes."""
    guard = Guard(Attempts(), Attempts(ALLOWED_FROM_ADDRESS))
    return [
        Route("/signin", partial(_show_sign_in, rooms), methods=["GET"]),
        Route("/signin", partial(_sign_in, rooms, guard), methods=["POST"]),
        Route("/signout", _show_sign_out, methods=["GET"]),
        Route("/signout", partial(_sign_out, rooms), methods=["POST"]),
    ]


async def _show_sign_in(rooms: Callable[[], ControlRoom], request: Request) -> Response:
    target = safe_next(request.query_params.get("next", "/"))
    link = request.query_params.get("link", "")
    if not link and isinstance(request.scope.get(KEY), Visitor):
        return RedirectResponse(target, 303, {"Cache-Control": "no-store"})
    return _form(target, link)


def _form(target: str, link: str = "", refused: str = "", status: int = 200) -> Response:
    if link:
        inputs = hidden("link", link)
        words = "This link signs you in once, as the local admin or the person it was made for."
    else:
        inputs = field("Name", "name", "text", "username") + field("Password", "password", "password",
                                                                    "current-password")
        words = "With your name and password, or with the one-time link that `rollout signin-link` prints."
    body = (f"<h1>Sign in</h1><p>{escape(words)}</p>{refusal(refused)}"
            f'<form method="post" action="/signin">{inputs}{hidden("next", target)}<button>Sign in</button></form>')
    return page("Sign in · Rollout", body, status)


async def _sign_in(rooms: Callable[[], ControlRoom], guard: Guard, request: Request) -> Response:
    form = await _read_form(request)
    target = safe_next(form.get("next", "/"))
    room = rooms()
    name, address = form.get("name", "")[:200], request.client.host if request.client else "unknown"
    now = room.room.clock.now()
    wait = 0 if form.get("link") else guard.wait(name, address, now)
    if wait:
        answer = _form(target, "", f"Too many tries. Come again in {wait} seconds.", 429)
        answer.headers["Retry-After"] = str(wait)
        return answer
    try:
        signed_in = await run_in_threadpool(_check, room, form)
    except NotSignedIn as error:
        if not form.get("link"):
            guard.failed(name, address, now)
        return _form(target, "", str(error), 401)
    except RolloutError as error:
        return _form(target, "", str(error), 503)
    return _welcome(room, signed_in, target)


def _check(room: ControlRoom, form: dict[str, str]) -> SignedIn:
    length = room.settings.session_lifetime
    if form.get("link"):
        return sign_in_by_link(room.room, form["link"], length)
    return sign_in_by_password(room.room, form.get("name", "").strip(), form.get("password", ""), length)


def _welcome(room: ControlRoom, signed_in: SignedIn, target: str) -> Response:
    answer = RedirectResponse(target, 303, {"Cache-Control": "no-store"})
    answer.set_cookie(COOKIE, signed_in.secret, max_age=int(room.settings.session_lifetime.total_seconds()),
                      path="/", secure=room.settings.secure_cookie, httponly=True, samesite="lax")
    return answer


async def _show_sign_out(request: Request) -> Response:
    visitor = request.scope.get(KEY)
    if not isinstance(visitor, Visitor) or visitor.csrf is None:
        return RedirectResponse("/signin", 303, {"Cache-Control": "no-store"})
    body = (f"<h1>Sign out?</h1><p>You are signed in as {escape(visitor.actor.principal)}.</p>"
            f'<form method="post" action="/signout">{hidden("csrf", visitor.csrf)}<button>Sign out</button></form>')
    return page("Sign out · Rollout", body)


async def _sign_out(rooms: Callable[[], ControlRoom], request: Request) -> Response:
    form = await _read_form(request)
    visitor = request.scope.get(KEY)
    if isinstance(visitor, Visitor) and visitor.csrf is not None and visitor.actor.session_id is not None:
        if not compare_digest(form.get("csrf", "").encode(), visitor.csrf.encode()):
            return page("Sign out · Rollout", "<h1>Nothing was changed</h1><p>Open this page again.</p>", 403)
        await run_in_threadpool(sign_out, rooms().room, visitor.actor.session_id)
    answer = RedirectResponse("/signin", 303, {"Cache-Control": "no-store"})
    answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")
    return answer


async def _read_form(request: Request) -> dict[str, str]:
    """A URL-encoded form; the last value of a name counts. A body that is too large reads as empty."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > FORM_BYTES:
            return {}
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
