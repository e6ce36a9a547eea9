"""Who sent this request, as the doorkeeper found out and the routes read it."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from starlette.requests import Request

from rollout_core.control.written import visible
from rollout_core.errors import NotSignedIn
from rollout_core.people.actor import Actor

KEY = "rollout_visitor"
"""Where the visitor lies in the ASGI scope."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """An actor and, for a browser's cookie, the token that its writing requests must repeat."""

    actor: Actor
    csrf: str | None = None


def place(scope: MutableMapping[str, Any], visitor: Visitor | None) -> None:
    """Leaves the visitor for the routes."""
    scope[KEY] = visitor


def visitor_of(request: Request) -> Visitor:
    """The visitor of a request. Raises NotSignedIn when there is none."""
    visitor = request.scope.get(KEY)
    if not isinstance(visitor, Visitor):
        raise NotSignedIn("Nobody is signed in on this request.",
                          mend="Send `Authorization: Bearer TOKEN`, or sign in at /signin.")
    return visitor


def claimed_name(headers: dict[str, str]) -> str | None:
    """Whom the sender says they act for (`Rollout-As`, percent-encoded UTF-8); recorded, never believed."""
    name = visible(unquote(headers.get("rollout-as", ""))).strip()[:200]
    return name or None
