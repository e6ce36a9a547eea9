"""Who was signed in when the control store last told: what the way down goes by while that store is away.

Bounded, in memory, gone with the process. Every look at the store brings it up to date, and whatever takes a right
away takes it out of here in the same breath.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from rollout_core.people.actor import Actor

MOST = 1_000
"""Sessions and tokens; those that were not used for longest go first."""


@dataclass(frozen=True, slots=True)
class LastKnown:
    """An actor as the store told of them at `at`, until when the session or token lasts, and a session's CSRF token."""

    actor: Actor
    at: datetime
    ends_at: datetime | None = None
    csrf: str | None = None


class LastKnownActors:
    """By the hash of the cookie's or the token's secret. Safe for several threads."""

    def __init__(self, most: int = MOST) -> None:
        self._known: OrderedDict[str, LastKnown] = OrderedDict()
        self._lock = Lock()
        self._most = most

    def keep(self, secret_hash: str, known: LastKnown) -> None:
        """Remembers what the store just told."""
        with self._lock:
            self._known[secret_hash] = known
            self._known.move_to_end(secret_hash)
            while len(self._known) > self._most:
                self._known.popitem(last=False)

    def renew(self, secret_hash: str, known: LastKnown) -> None:
        """What the store tells unasked: it is not a use, and nobody who was taken away meanwhile comes back."""
        with self._lock:
            if secret_hash in self._known:
                self._known[secret_hash] = known

    def of_secret(self, secret_hash: str, now: datetime) -> LastKnown | None:
        """Who has this cookie or token; None when never seen, taken away or over."""
        with self._lock:
            known = self._known.get(secret_hash)
        return _lasting(known, now)

    def of_session(self, session_id: str, now: datetime) -> LastKnown | None:
        """The same by a session's public id."""
        with self._lock:
            known = next((each for each in self._known.values() if each.actor.session_id == session_id), None)
        return _lasting(known, now)

    def drop(self, secret_hash: str) -> None:
        """The store does not know this secret, or not any more."""
        with self._lock:
            self._known.pop(secret_hash, None)

    def drop_where(self, gone: Callable[[Actor], bool]) -> None:
        """A right was taken away."""
        with self._lock:
            for secret_hash in [key for key, known in self._known.items() if gone(known.actor)]:
                del self._known[secret_hash]

    def secrets(self) -> tuple[str, ...]:
        """The hashes of all that are remembered, for a look at the store whether they still hold."""
        with self._lock:
            return tuple(self._known)


def _lasting(known: LastKnown | None, now: datetime) -> LastKnown | None:
    return known if known is not None and (known.ends_at is None or now < known.ends_at) else None
