"""Whose credential is this: an Authorization header or the session cookie becomes a Visitor."""

from __future__ import annotations

from dataclasses import replace

from rollout_core.bootstrap import ControlRoom
from rollout_core.control.recall import recall
from rollout_core.control.who import actor_of_session, actor_of_token, session_of_cookie
from rollout_core.errors import NotSignedIn
from rollout_core.http.session_cookie import secret_in
from rollout_core.http.visitor import Visitor, claimed_name


def identify(room: ControlRoom, headers: dict[str, str]) -> Visitor | None:
    """The visitor behind an Authorization header or the session cookie; None when there is neither.

    Raises NotSignedIn for a credential that is of no use, StoreError when the store cannot tell.
    """
    kind, _, secret = headers.get("authorization", "").partition(" ")
    if kind.lower() == "owner":
        return Visitor(replace(room.owner(secret.strip(), "http"), claimed=claimed_name(headers)))
    if kind.lower() == "bearer":
        return Visitor(replace(actor_of_token(room.room, secret.strip(), "http"), claimed=claimed_name(headers)))
    cookie = secret_in(room, headers.get("cookie", ""))
    session = session_of_cookie(room.room, cookie) if cookie else None
    if session is None:
        return None
    try:
        return Visitor(actor_of_session(room.room, session.id, "http"), session.csrf)
    except NotSignedIn:
        return None


def remembered(room: ControlRoom, headers: dict[str, str]) -> Visitor | None:
    """The visitor while the store cannot tell; None for whoever it did not tell of lately."""
    kind, _, secret = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        known = recall(room.room, secret.strip(), "http")
        return Visitor(replace(known.actor, claimed=claimed_name(headers))) if known else None
    cookie = secret_in(room, headers.get("cookie", ""))
    known = recall(room.room, cookie, "http") if cookie else None
    return Visitor(known.actor, known.csrf) if known else None
