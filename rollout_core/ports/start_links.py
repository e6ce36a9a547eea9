"""One-time links that only this process knows: the one it prints when it starts. A start writes nothing for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from threading import Lock

from rollout_core.people.person import SignInLink


class StartLinks:
    """Links by the hash of their secret, in memory: they end with the process, and each is good for one use."""

    def __init__(self) -> None:
        self._links: dict[str, SignInLink] = {}
        self._lock = Lock()

    def add(self, link: SignInLink) -> None:
        """Keeps a link."""
        with self._lock:
            self._links[link.secret_hash] = link

    def end(self, person: str) -> None:
        """Forgets the links of a person."""
        with self._lock:
            self._links = {key: link for key, link in self._links.items() if link.person != person}

    def take(self, secret_hash: str, now: datetime) -> SignInLink | None:
        """Consumes the link; None when unknown, used or expired."""
        with self._lock:
            link = self._links.pop(secret_hash, None)
        return replace(link, used_at=now) if link is not None and now < link.expires_at else None
