"""The session's cookie. Browsers keep cookies by host and not by port, so its name is this store's own: two control
rooms on one host would else sign each other out.

Over TLS the name begins with `__Host-`: a browser takes it only with Secure, for the whole host and from this host
itself, so that no neighbouring subdomain can plant one (RFC 6265bis, section 4.1.3.2).
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import cookie_parser
from starlette.responses import Response

from rollout_core.bootstrap import ControlRoom
from rollout_core.bootstrap.key_files import mark_of

NAME = "rollout_session"
"""What older versions called it; theirs is taken away at the next sign-in."""


def name_of(room: ControlRoom) -> str:
    """The cookie's name in this app."""
    return named(room.owner_key, secure=room.settings.secure_cookie)


def named(owner_key: str, *, secure: bool) -> str:
    """The name for the store that this key belongs to."""
    return f"{'__Host-' if secure else ''}{NAME}_{mark_of(owner_key)}"


def secret_in(room: ControlRoom, header: str) -> str | None:
    """The secret in a Cookie header, whatever else is in it; None without one."""
    return cookie_parser(header).get(name_of(room)) or None


def give(answer: Response, room: ControlRoom, secret: str, sent: Mapping[str, str]) -> None:
    """Sets the cookie; `sent` are the cookies that the browser brought."""
    answer.set_cookie(name_of(room), secret, max_age=int(room.settings.session_lifetime.total_seconds()), path="/",
                      secure=room.settings.secure_cookie, httponly=True, samesite="lax")
    _take_former(answer, sent)


def take(answer: Response, room: ControlRoom, sent: Mapping[str, str]) -> None:
    """Takes the cookie away."""
    answer.delete_cookie(name_of(room), path="/", secure=room.settings.secure_cookie, httponly=True, samesite="lax")
    _take_former(answer, sent)


def _take_former(answer: Response, sent: Mapping[str, str]) -> None:
    if NAME in sent:
        answer.delete_cookie(NAME, path="/", httponly=True, samesite="lax")
