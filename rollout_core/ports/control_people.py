"""Who may come in: people, sessions and tokens; and the questions they keep for each other.

Repositories of the control store; see `rollout_core.ports.control_store`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from rollout_core.people.person import Person, SignInLink
from rollout_core.people.session import Session
from rollout_core.people.token import Token
from rollout_core.ports.control_records import SavedQuestion


class People(Protocol):
    """Who may sign in, and open one-time links."""

    def get(self, name: str) -> Person | None:
        """None when unknown."""
        ...

    def all(self) -> tuple[Person, ...]:
        """By name."""
        ...

    def save(self, person: Person) -> None:
        """Inserts or replaces."""
        ...

    def add_link(self, link: SignInLink) -> None:
        """Keeps a one-time link."""
        ...

    def take_link(self, secret_hash: str, now: datetime) -> SignInLink | None:
        """Consumes the link; None when unknown, used or expired."""
        ...

    def link(self, secret_hash: str) -> SignInLink | None:
        """The link, whether it still opens something or not; None when unknown."""
        ...

    def end_links(self, now: datetime, person: str | None = None) -> int:
        """Ends the unused links of a person (None: of everybody); how many."""
        ...

    def purge_links(self, before: datetime) -> int:
        """Deletes links that ended before; how many."""
        ...


class Sessions(Protocol):
    """Who is signed in."""

    def get(self, secret_hash: str) -> Session | None:
        """By the hash of the cookie's secret; None when unknown."""
        ...

    def by_id(self, id: str) -> Session | None:
        """By the session's public id."""
        ...

    def add(self, session: Session) -> None:
        """Keeps a new session."""
        ...

    def all(self) -> tuple[Session, ...]:
        """By expiry."""
        ...

    def revoke(self, id: str, now: datetime) -> bool:
        """True when it was open."""
        ...

    def revoke_person(self, person: str, now: datetime) -> int:
        """Ends every session of a person; how many."""
        ...

    def purge(self, before: datetime) -> int:
        """Deletes sessions that ended before; how many."""
        ...


class Tokens(Protocol):
    """What machines sign in with."""

    def get(self, secret_hash: str) -> Token | None:
        """None when unknown."""
        ...

    def all(self) -> tuple[Token, ...]:
        """By creation."""
        ...

    def add(self, token: Token) -> None:
        """Keeps a new token."""
        ...

    def revoke(self, id: str, now: datetime) -> bool:
        """True when it was open."""
        ...

    def touch(self, id: str, now: datetime) -> None:
        """Remembers the last use."""
        ...


class SavedQuestions(Protocol):
    """Questions in SQL that people keep for each other."""

    def get(self, id: str) -> SavedQuestion:
        """Raises NotFound."""
        ...

    def all(self) -> tuple[SavedQuestion, ...]:
        """By name."""
        ...

    def save(self, question: SavedQuestion) -> None:
        """Inserts or replaces. Raises InvalidRequest when another question has this name."""
        ...

    def remove(self, id: str) -> bool:
        """True when there was one."""
        ...
