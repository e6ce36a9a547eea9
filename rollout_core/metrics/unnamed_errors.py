"""Errors that name no session: no session has one then, which is not the same as none having failed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

ENOUGH = 30
"""So many errors of people in an arm, and not one in a session of it, are no accident."""

UNNAMED = "errors come without the session they happened in"
"""Why a share of sessions is not known."""


class Witness(NamedTuple):
    """Hits that would be there if errors named their session: of which store metric, by all errors or the critical."""

    metric: str
    critical: bool = False


WITNESSES: Mapping[str, tuple[Witness, ...]] = {
    "session_errors": (Witness("session_errors"),),
    "session_critical_errors": (Witness("session_errors"), Witness("session_critical_errors", critical=True)),
}
"""Store metric of a share of sessions -> what can show that errors do not name theirs."""


def unnamed(sessions: int, hits: int, errors: int) -> bool:
    """True when sessions were counted, none of them has an error, and yet so many errors were. Below that a 0 is a 0.
    """
    return sessions > 0 and hits == 0 and errors >= ENOUGH
