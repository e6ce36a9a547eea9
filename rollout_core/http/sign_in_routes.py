"""/signin and /signout. A GET never changes anything: mail scanners may follow a link without using it up."""

from __future__ import annotations

from asyncio import Semaphore
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hmac import compare_digest
from html import escape
from urllib.parse import parse_qsl, quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from rollout_core.bootstrap import ControlRoom
from rollout_core.control.sign_in import SignedIn, sign_in_by_link, sign_in_by_password, sign_out
from rollout_core.errors import NotSignedIn, RolloutError
from rollout_core.http import known_browser
from rollout_core.http.attempts import ALLOWED_FROM_ADDRESS, Attempts, counted_address
from rollout_core.http.origin import safe_next
from rollout_core.http.page import field, hidden, page, refusal
from rollout_core.http.session_cookie import give, take
from rollout_core.http.visitor import KEY, Visitor
from rollout_core.people.name import folded
from rollout_core.settings import Settings

FORM_BYTES = 8 * 1024
CHECKS_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Guard:
    """Failed passwords by name (or by a browser that is known) and by address, wrong links by address, and who may have
    a password checked now."""

    names: Attempts
    addresses: Attempts
    links: Attempts
    turns: Semaphore
    """A check takes 64 MB and 0.1 s of a core by design: a few at once, and everything else goes on."""

    def begin(self, name: str, address: str | None, now: datetime) -> int:
        """Whole seconds until another password is looked at; 0: now, and it is counted as a failure until it is none.

        `address` None: a known browser, which others at its address keep from nothing.
        """
        wait = (self.addresses.wait(address, now) if address else 0) or self.names.begin(name, now)
        if wait == 0 and address:
            self.addresses.failed(address, now)
        return wait

    def succeeded(self, name: str, address: str | None) -> None:
        """The password was right."""
        self.names.succeeded(name)
        if address:
            self.addresses.succeeded(address)


def sign_in_routes(rooms: Callable[[], ControlRoom]) -> list[Route]:
    """The four routes."""
    guard = Guard(Attempts(), Attempts(ALLOWED_FROM_ADDRESS), Attempts(ALLOWED_FROM_ADDRESS),
                  Semaphore(CHECKS_AT_ONCE))
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
    return form(rooms().settings, target, link=link)


def form(settings: Settings, target: str, refused: str = "", status: int = 200, *, link: str = "") -> Response:
    """The sign-in page; `refused` says why the last try did not go through."""
    if link:
        inputs = hidden("link", link)
        words = "This link signs you in once, as the local admin or the person it was made for."
    else:
        inputs = field("Name", "name", "text", "username") + field("Password", "password", "password",
                                                                    "current-password")
        words = "With your name and password, or with the one-time link that the command rollout signin-link prints."
    provider = "" if link else _provider(settings, target)
    body = (f"<h1>Sign in</h1>{refusal(refused)}{provider}<p>{escape(words)}</p>"
            f'<form method="post" action="/signin">{inputs}{hidden("next", target)}<button>Sign in</button></form>')
    return page("Sign in · Rollout", body, status)


def _provider(settings: Settings, target: str) -> str:
    """The way to the identity provider, when there is one. A link: the page's policy lets no form leave this host."""
    if settings.oidc_issuer is None:
        return ""
    return (f'<a class="button" href="/signin/oidc?next={quote(target, safe="")}">'
            f"Sign in with {escape(urlsplit(settings.oidc_issuer).netloc)}</a>")


async def _sign_in(rooms: Callable[[], ControlRoom], guard: Guard, request: Request) -> Response:
    given = await _read_form(request)
    target = safe_next(given.get("next", "/"))
    room = rooms()
    address = counted_address(request.client.host if request.client else "unknown")
    try:
        if given.get("link"):
            signed_in = await _by_link(room, guard, given["link"], address)
        else:
            signed_in = await _by_password(room, guard, given, address, request.cookies)
    except TooManyTries as error:
        answer = form(room.settings, target, str(error), 429)
        answer.headers["Retry-After"] = str(error.seconds)
        return answer
    except NotSignedIn as error:
        return form(room.settings, target, str(error), 401)
    except RolloutError as error:
        return form(room.settings, target, str(error), 503)
    return welcome(room, request, signed_in, target)


class TooManyTries(Exception):
    """Somebody has to wait `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many tries. Come again in {seconds} seconds.")
        self.seconds = seconds


async def _by_link(room: ControlRoom, guard: Guard, secret: str, address: str) -> SignedIn:
    now = room.room.clock.now()
    note = guard.links.wait(address, now) == 0
    try:
        return await run_in_threadpool(partial(sign_in_by_link, room.room, secret, room.settings.session_lifetime,
                                               note=note))
    except NotSignedIn:
        guard.links.failed(address, now)
        raise


async def _by_password(room: ControlRoom, guard: Guard, given: dict[str, str], address: str,
                       cookies: dict[str, str]) -> SignedIn:
    name = given.get("name", "").strip()
    browser = known_browser.known_as(room, cookies, name)
    counted_as, counted_at = (folded(name), address) if browser is None else (f"browser {browser}", None)
    wait = guard.begin(counted_as, counted_at, room.room.clock.now())
    if wait:
        raise TooManyTries(wait)
    async with guard.turns:
        signed_in = await run_in_threadpool(sign_in_by_password, room.room, name, given.get("password", ""),
                                            room.settings.session_lifetime)
    guard.succeeded(counted_as, counted_at)
    return signed_in


def welcome(room: ControlRoom, request: Request, signed_in: SignedIn, target: str) -> Response:
    """On to where they wanted to go, with the session's cookie and the one that makes the browser known."""
    answer = RedirectResponse(target, 303, {"Cache-Control": "no-store"})
    give(answer, room, signed_in.secret, request.cookies)
    known_browser.give(answer, room, signed_in.session.person, request.cookies)
    return answer


async def _show_sign_out(request: Request) -> Response:
    visitor = request.scope.get(KEY)
    if not isinstance(visitor, Visitor) or visitor.csrf is None:
        return RedirectResponse("/signin", 303, {"Cache-Control": "no-store"})
    body = (f"<h1>Sign out?</h1><p>You are signed in as {escape(visitor.actor.principal)}.</p>"
            f'<form method="post" action="/signout">{hidden("csrf", visitor.csrf)}<button>Sign out</button></form>')
    return page("Sign out · Rollout", body)


async def _sign_out(rooms: Callable[[], ControlRoom], request: Request) -> Response:
    given = await _read_form(request)
    visitor = request.scope.get(KEY)
    if isinstance(visitor, Visitor) and visitor.csrf is not None and visitor.actor.session_id is not None:
        if not compare_digest(given.get("csrf", "").encode(), visitor.csrf.encode()):
            return page("Sign out · Rollout", "<h1>Nothing was changed</h1><p>Open this page again.</p>", 403)
        await run_in_threadpool(sign_out, rooms().room, visitor.actor.session_id)
    answer = RedirectResponse("/signin", 303, {"Cache-Control": "no-store"})
    take(answer, rooms(), request.cookies)
    return answer


async def _read_form(request: Request) -> dict[str, str]:
    """A URL-encoded form; the last value of a name counts. A body that is too large reads as empty."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > FORM_BYTES:
            return {}
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
