"""The ASGI middleware in front of everything, pages and Streamlit's WebSocket included: who is there, and may they in?

It strips every inbound `X-Rollout-*` header, finds the sender's identity (session cookie, bearer token, owner key) in
the store, and hands it on: to Streamlit as trusted headers (`server.trustedUserHeaders` -> st.user), to routes as
Visitor.
Without a session a page leads to /signin, a WebSocket is refused before it is accepted, anything else gets 401.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rollout_core.bootstrap import ControlRoom
from rollout_core.control.lower_anyway import WAY_DOWN
from rollout_core.errors import NotSignedIn, StoreError
from rollout_core.http import problems
from rollout_core.http.identify import identify, remembered
from rollout_core.http.origin import foreign, sign_in_address
from rollout_core.http.visitor import Visitor, place

FORGED = b"x-rollout-"
OPEN_PATHS = frozenset({"/signin", "/signin/oidc", "/signin/oidc/callback", "/signout", "/healthz", "/_stcore/health",
                        "/favicon.ico", "/favicon.png"})
STATIC = ("/static/", "/app/static/")
"""What anybody may ask for: the sign-in page and what it shows, health. Nothing of it depends on who asks."""

ANSWERS_ITSELF = "/api/"
"""Routes below answer 401 as a problem document of their own."""

OWN_CROSS_SITE = "/api/v1/events"
"""Events come from other sites' browsers, with the public write key and never with a cookie's rights."""

UPLOADS = "/_stcore/upload_file/"
"""Streamlit keeps what is sent here in memory, for whoever has a tab open; no page takes files."""

DOWN = frozenset(f"/api/admin/rollout/{verb}" for verb in WAY_DOWN)
"""What somebody may do whom only memory knows while the control store is away."""

OWNERS_WAY = "To stop a rollout now, run `rollout stop --rollout KEY` on the app's machine: the owner needs no store."

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Doorkeeper:
    """See the module. `rooms` gives the control room (it is opened only when the server starts)."""

    def __init__(self, app: ASGIApp, rooms: Callable[[], ControlRoom]) -> None:
        self.app = app
        self.rooms = rooms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or one WebSocket handshake."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        refusal = await self._judge(scope)
        if refusal is not None:
            await _turn_away(refusal, scope, receive, send)
            return
        await self.app(scope, receive, _with_headers(send) if scope["type"] == "http" else send)

    async def _judge(self, scope: Scope) -> Response | None:
        """None when the request may go on (its scope then carries who it is), else the answer that ends it."""
        scope["headers"] = [(name, value) for name, value in scope["headers"] if not _forged(name)]
        headers = _headers(scope)
        path, method = scope["path"], scope.get("method", "WEBSOCKET")
        if method != "WEBSOCKET" and path.startswith(STATIC):
            return None
        room = self.rooms()
        if path.startswith(OWN_CROSS_SITE):
            headers.pop("cookie", None)
        elif foreign(method, headers, room.settings.url):
            return problems.refuse(403, "foreign-origin", "This request comes from another site.",
                                   mend="Send it from the address of this app, or use a token without a browser.")
        if path.startswith(UPLOADS):
            return problems.refuse(404, "no-uploads", "This app takes no files from a browser.",
                                   mend="`rollout import FILE` reads one on the app's machine.")
        try:
            visitor = await run_in_threadpool(identify, room, headers)
        except (NotSignedIn, StoreError) as error:
            visitor = remembered(room, headers) if isinstance(error, StoreError) and leads_down(method, path) else None
            if visitor is None:
                return None if path in OPEN_PATHS else _unknown(error)
        place(scope, visitor)
        if visitor is not None:
            scope["headers"] = [*scope["headers"], *trusted_headers(visitor)]
        if visitor is not None or is_open(path):
            return _forged_form(visitor, method, path, headers)
        return _to_sign_in(scope, headers)


def _unknown(error: NotSignedIn | StoreError) -> Response:
    """Nobody is known: their credential is of no use, or the store cannot tell; then the owner's way down is named."""
    document = problems.describe(error)
    if isinstance(error, StoreError):
        document["mend"] = " ".join(filter(None, (error.mend, OWNERS_WAY)))
    return problems.answer(document, problems.headers_of(error))


def leads_down(method: str, path: str) -> bool:
    """True for pausing and stopping, and for what a browser needs to get at the page that offers it."""
    if method == "POST":
        return path in DOWN
    return method in {"GET", "HEAD", "WEBSOCKET"} and not path.startswith((ANSWERS_ITSELF, "/media/", "/component/"))


def is_open(path: str) -> bool:
    """True for what anybody may ask for, and for routes that answer 401 themselves."""
    return path in OPEN_PATHS or path.startswith(ANSWERS_ITSELF)


def trusted_headers(visitor: Visitor) -> list[tuple[bytes, bytes]]:
    """What Streamlit turns into st.user: name (percent-encoded UTF-8), role and the session's public id."""
    actor = visitor.actor
    return [(b"x-rollout-user", quote(actor.principal).encode()), (b"x-rollout-role", str(actor.role).encode()),
            (b"x-rollout-session", (actor.session_id or "").encode())]


def _forged(name: bytes) -> bool:
    return name.lower().replace(b"_", b"-").startswith(FORGED)


def _headers(scope: Scope) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        key = name.decode("latin-1").lower()
        text = value.decode("latin-1")
        found[key] = f"{found[key]}; {text}" if key == "cookie" and key in found else text
    return found


def _forged_form(visitor: Visitor | None, method: str, path: str, headers: dict[str, str]) -> Response | None:
    """A cookie alone may not write through the API: the request must repeat the session's CSRF token."""
    if visitor is None or visitor.csrf is None or not path.startswith(ANSWERS_ITSELF):
        return None
    if method in {"GET", "HEAD", "OPTIONS", "WEBSOCKET"} or headers.get("x-csrf-token") == visitor.csrf:
        return None
    return problems.refuse(403, "csrf-token-missing", "A request with a session cookie must carry X-CSRF-Token.",
                           mend="GET /api/session tells the token; machines use a bearer token.")


def _to_sign_in(scope: Scope, headers: dict[str, str]) -> Response:
    """A person's page leads to the sign-in; everything else is told 401."""
    internal = scope["path"].startswith(("/_stcore/", "/media/", "/component/"))
    if scope["type"] == "http" and scope["method"] in {"GET", "HEAD"} and not internal:
        target = sign_in_address(scope["path"], scope.get("query_string", b"").decode("latin-1"))
        return RedirectResponse(target, 303, {"Cache-Control": "no-store"})
    error = NotSignedIn("Nobody is signed in.", mend="Sign in at /signin.")
    return problems.answer(problems.describe(error), problems.headers_of(error))


async def _turn_away(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    await response(scope, receive, _with_headers(send))


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sending
