"""Signing in with an OpenID Connect provider: Authlib does the protocol, the end is the same session as everywhere.

GET /signin/oidc leads to the provider with a state, a nonce and PKCE; GET /signin/oidc/callback exchanges the code and
checks signature, issuer, audience and nonce. State, nonce and verifier wait in a signed cookie of this path for ten
minutes; the key that signs it lives as long as the process.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from json import dumps
from logging import getLogger
from secrets import token_hex
from typing import Any
from warnings import catch_warnings, simplefilter

import httpx
from joserfc.errors import JoseError
from starlette.concurrency import run_in_threadpool
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from rollout_core.bootstrap import ControlRoom
from rollout_core.bootstrap.key_files import mark_of
from rollout_core.control.sign_in_by_identity import sign_in_by_identity
from rollout_core.errors import NotSignedIn, RolloutError
from rollout_core.http.origin import safe_next
from rollout_core.http.sign_in_routes import form, welcome
from rollout_core.people.identity import Identity
from rollout_core.people.person import Account
from rollout_core.settings import Settings

with catch_warnings():
    import authlib.deprecate  # noqa: F401  (sets "always" for its own warnings, so the next line has to come after it)
    simplefilter("ignore")      # Authlib announces its own move to httpx2, which is no news for whoever starts the app
    from authlib.common.errors import AuthlibBaseError
    from authlib.integrations.starlette_client import OAuth

log = getLogger("rollout.signin")

PATH = "/signin/oidc"
CALLBACK = f"{PATH}/callback"
WAITING_SECONDS = 600
PATIENCE_SECONDS = 10.0
NEXT = "next"
LONGEST_NEXT = 1_800
"""Characters of it in the waiting cookie: a browser drops a cookie of more than 4,096, and the sign-in with it. A
longer one, such as Explore with a query in its address, leads to the first page."""
UNUSABLE = (AuthlibBaseError, JoseError, KeyError, ValueError, TypeError, RuntimeError)
"""What Authlib raises for an answer that is not what the protocol promises."""

Handler = Callable[[Request], Awaitable[Response]]


def oidc_routes(rooms: Callable[[], ControlRoom]) -> list[Route]:
    """The two routes; without a provider in the settings they lead back to the sign-in."""
    provider = Provider(rooms)
    return [Route(PATH, Remembering(rooms, provider.leave), methods=["GET"]),
            Route(CALLBACK, Remembering(rooms, provider.come_back), methods=["GET"])]


def waiting_name(room: ControlRoom) -> str:
    """The waiting cookie's name, this store's own like the session's. It is for a path, so it cannot be `__Host-`."""
    return f"{'__Secure-' if room.settings.secure_cookie else ''}rollout_oidc_{mark_of(room.owner_key)}"


class Remembering:
    """A handler whose `request.session` is the waiting cookie, as an ASGI app."""

    key = token_hex(32)

    def __init__(self, rooms: Callable[[], ControlRoom], handler: Handler) -> None:
        self._rooms = rooms
        self._handler = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        room = self._rooms()
        secure = room.settings.secure_cookie
        session = SessionMiddleware(self._answer, self.key, waiting_name(room), WAITING_SECONDS, "/signin", "lax",
                                    secure)
        await session(dict(scope), receive, send)     # Streamlit's own session shares the scope: it keeps out of this

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._handler(Request(scope, receive))
        await response(scope, receive, send)


class Provider:
    """The identity provider of this app. What it publishes about itself is asked for once and then remembered."""

    def __init__(self, rooms: Callable[[], ControlRoom]) -> None:
        self._rooms = rooms
        self._client: Any = None

    async def leave(self, request: Request) -> Response:
        """To the provider."""
        settings = self._rooms().settings
        target = safe_next(request.query_params.get("next", "/"))
        if settings.oidc_issuer is None:
            return RedirectResponse("/signin", 303, {"Cache-Control": "no-store"})
        request.session[NEXT] = target if len(dumps(target)) <= LONGEST_NEXT else "/"
        home = settings.url or str(request.base_url).rstrip("/")
        try:
            client = await self._known(settings)
            return await client.authorize_redirect(request, home + CALLBACK)    # type: ignore[no-any-return]
        except (httpx.HTTPError, OSError, *UNUSABLE) as error:
            log.warning("The identity provider cannot be used: %r", error)
            return form(settings, target, "The identity provider cannot be reached. A password or a one-time link "
                        "signs you in meanwhile.", 503)

    async def come_back(self, request: Request) -> Response:
        """From the provider, with a code or an error."""
        room = self._rooms()
        target = safe_next(str(request.session.pop(NEXT, "/")))
        if room.settings.oidc_issuer is None:
            return RedirectResponse("/signin", 303, {"Cache-Control": "no-store"})
        try:
            identity = await self._identity(request, room.settings)
            signed_in = await run_in_threadpool(sign_in_by_identity, room.room, identity, room.settings.trust,
                                                room.settings.session_lifetime)
        except NotSignedIn as error:
            return form(room.settings, target, str(error), 401)
        except RolloutError as error:
            return form(room.settings, target, str(error), 503)
        except (httpx.HTTPError, OSError, *UNUSABLE) as error:
            log.warning("A sign-in by the identity provider was refused: %r", error)
            return form(room.settings, target, "The identity provider's answer does not belong to a sign-in that began "
                        "in this browser. Begin again.", 401)
        return welcome(room, request, signed_in, target)

    async def _identity(self, request: Request, settings: Settings) -> Identity:
        client = await self._known(settings)
        meta = await client.load_server_metadata()
        token = await client.authorize_access_token(request, claims_options={
            "iss": {"essential": True, "values": [meta["issuer"]]},
            "aud": {"essential": True, "value": settings.oidc_client_id}})
        claims: Mapping[str, Any] = token["userinfo"]
        if "email" not in claims and "userinfo_endpoint" in meta:
            more = await client.userinfo(token=token)
            if more.get("sub") != claims["sub"]:
                raise ValueError("the userinfo is about somebody else")
            claims = {**more, **claims}
        return identity_of(claims, str(meta["issuer"]), settings.oidc_claim)

    async def _known(self, settings: Settings) -> Any:
        """Authlib's client. Raises ValueError when the provider calls itself otherwise than the settings do."""
        if self._client is None:
            secret = settings.oidc_secret_file.expanduser().read_text().strip() if settings.oidc_secret_file else ""
            client = OAuth().register(
                "oidc", client_id=settings.oidc_client_id, client_secret=secret,
                server_metadata_url=f"{settings.oidc_issuer}/.well-known/openid-configuration",
                client_kwargs={"scope": "openid email profile", "code_challenge_method": "S256",
                               "timeout": PATIENCE_SECONDS})
            issuer = str((await client.load_server_metadata())["issuer"])
            if issuer.rstrip("/") != settings.oidc_issuer:
                raise ValueError(f"the provider calls itself {issuer}")
            self._client = client
        return self._client


def identity_of(claims: Mapping[str, Any], issuer: str, groups_claim: str) -> Identity:
    """What the verified claims say. A claim of another shape than promised counts as absent; without a subject the
    answer is of no use (ValueError)."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject:
        raise ValueError("the answer names no subject")
    found = claims.get(groups_claim)
    groups = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    email = claims.get("email")
    return Identity(Account(issuer, subject), email if isinstance(email, str) else "",
                    claims.get("email_verified") is True, tuple(each for each in groups if isinstance(each, str)))
