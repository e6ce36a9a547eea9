"""A browser that somebody has signed in with: its tries at their password count by themselves, so that whoever only
knows a name keeps nobody out (OWASP, "Slow Down Online Guessing Attacks with Device Cookies").

The cookie opens nothing. It is for one name, signed with owner.key, and whoever steals it has as many tries as before.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from hmac import compare_digest
from hmac import new as hmac
from secrets import token_hex

from starlette.responses import Response

from rollout_core.bootstrap import ControlRoom
from rollout_core.bootstrap.key_files import mark_of
from rollout_core.people.name import folded

LASTS = timedelta(days=180)
PATH = "/signin"


def name_of(room: ControlRoom) -> str:
    """The cookie's name, this store's own like the session's. It is for a path, so it cannot be `__Host-`."""
    return f"{'__Secure-' if room.settings.secure_cookie else ''}rollout_browser_{mark_of(room.owner_key)}"


def known_as(room: ControlRoom, cookies: Mapping[str, str], person: str) -> str | None:
    """What this browser's tries at this person's password count as; None for a browser they never signed in with."""
    browser, _, proof = cookies.get(name_of(room), "").partition(".")
    return browser if compare_digest(proof.encode(), _proof(room, browser, person).encode()) else None


def give(answer: Response, room: ControlRoom, person: str, cookies: Mapping[str, str]) -> None:
    """Sets the cookie after a sign-in; a browser stays the one it was for this person."""
    browser = known_as(room, cookies, person) or token_hex(16)
    answer.set_cookie(name_of(room), f"{browser}.{_proof(room, browser, person)}", path=PATH, httponly=True,
                      max_age=int(LASTS.total_seconds()), secure=room.settings.secure_cookie, samesite="lax")


def _proof(room: ControlRoom, browser: str, person: str) -> str:
    return hmac(room.owner_key.encode(), f"browser:{browser}:{folded(person)}".encode(), sha256).hexdigest()
