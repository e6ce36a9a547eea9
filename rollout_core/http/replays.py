"""Idempotency-Key: a request that is sent again gets the first answer and does nothing twice.

Answers lie in the control store for a day, so the key also holds across a restart. Which requests are under way right
now is only known in memory: a process that dies takes them with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from threading import Lock

from rollout_core.errors import InvalidRequest, Refused
from rollout_core.ports.control_records import Replay
from rollout_core.ports.room import Room

KEPT_FOR = timedelta(days=1)
LONGEST_KEY = 255


class Replays:
    """Answers by (principal, key)."""

    def __init__(self) -> None:
        self._under_way: set[tuple[str, str]] = set()
        self._lock = Lock()

    @contextmanager
    def turn(self, principal: str, key: str) -> Iterator[None]:
        """One request at a time per key. Raises InvalidRequest for an unusable key, Refused while one is under way."""
        if not 0 < len(key) <= LONGEST_KEY:
            raise InvalidRequest(f"Idempotency-Key must have 1 to {LONGEST_KEY} characters.")
        with self._lock:
            if (principal, key) in self._under_way:
                raise Refused("The first request with this Idempotency-Key is still under way.",
                              mend="Ask again shortly.")
            self._under_way.add((principal, key))
        try:
            yield
        finally:
            with self._lock:
                self._under_way.discard((principal, key))

    def kept(self, room: Room, principal: str, key: str, fingerprint: str) -> Replay | None:
        """The answer of the first request. Raises InvalidRequest when the key was used for another request."""
        with room.control.read() as unit:
            replay = unit.replays.get(principal, key)
        if replay is None or room.clock.now() - replay.answered_at > KEPT_FOR:
            return None
        if replay.fingerprint != fingerprint:
            raise InvalidRequest("This Idempotency-Key was used for another request.", mend="Use a new key.")
        return replay

    def keep(self, room: Room, replay: Replay) -> None:
        """Keeps an answer and drops those older than a day."""
        with room.control.write() as unit:
            unit.replays.save(replay)
            unit.replays.purge(replay.answered_at - KEPT_FOR)


def fingerprint_of(method: str, path: str, query: str, body: bytes) -> str:
    """What makes two requests the same."""
    return sha256(b"\0".join([method.encode(), path.encode(), query.encode(), body])).hexdigest()
