"""People, links, sessions, tokens and replays in the control database. Of secrets only their SHA-256 is stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, delete

from rollout_core.people.person import Person, SignInLink
from rollout_core.people.session import Session
from rollout_core.people.token import Token
from rollout_core.ports.control_records import Replay
from rollout_core.storage.control_documents import DocumentTable
from rollout_core.storage.control_tables import LINKS, PEOPLE, REPLAYS, SESSIONS, TOKENS


class SqlPeople:
    """The repository; see `rollout_core.ports.control_people.People`."""

    def __init__(self, connection: Connection) -> None:
        self._rows = DocumentTable(connection, PEOPLE, Person)
        self._links = DocumentTable(connection, LINKS, SignInLink)

    def get(self, name: str) -> Person | None:
        """None when unknown."""
        return self._rows.get(name=name)

    def all(self) -> tuple[Person, ...]:
        """By name."""
        return self._rows.all(order=(PEOPLE.c.name,))

    def save(self, person: Person) -> None:
        """Inserts or replaces."""
        self._rows.put(person, {"name": person.name})

    def add_link(self, link: SignInLink) -> None:
        """Keeps a one-time link."""
        self._links.put(link, {"secret_hash": link.secret_hash})

    def take_link(self, secret_hash: str, now: datetime) -> SignInLink | None:
        """Consumes it; in a write transaction nobody can take it twice."""
        link = self.link(secret_hash)
        if link is None or link.used_at is not None or now >= link.expires_at:
            return None
        self.add_link(replace(link, used_at=now))
        return link

    def link(self, secret_hash: str) -> SignInLink | None:
        """Whether it still opens something or not."""
        return self._links.get(secret_hash=secret_hash)

    def end_links(self, now: datetime, person: str | None = None) -> int:
        """Ends the unused links of a person, or all."""
        unused = [link for link in self._links.all() if link.used_at is None and person in (None, link.person)]
        for link in unused:
            self.add_link(replace(link, used_at=now))
        return len(unused)

    def purge_links(self, before: datetime) -> int:
        """Deletes links that ended before."""
        return sum(self._links.remove(secret_hash=link.secret_hash) for link in self._links.all()
                   if link.expires_at < before)


class SqlSessions:
    """The repository; see `rollout_core.ports.control_people.Sessions`."""

    def __init__(self, connection: Connection) -> None:
        self._rows = DocumentTable(connection, SESSIONS, Session)

    def get(self, secret_hash: str) -> Session | None:
        """By the secret's hash."""
        return self._rows.get(secret_hash=secret_hash)

    def by_id(self, id: str) -> Session | None:
        """By the public id."""
        return self._rows.get(id=id)

    def add(self, session: Session) -> None:
        """Keeps a new session."""
        self._rows.put(session, {"secret_hash": session.secret_hash}, id=session.id, person=session.person,
                       expires_at=session.expires_at)

    def all(self) -> tuple[Session, ...]:
        """By expiry."""
        return self._rows.all(order=(SESSIONS.c.expires_at, SESSIONS.c.id))

    def revoke(self, id: str, now: datetime) -> bool:
        """True when it was open."""
        session = self.by_id(id)
        if session is None or session.revoked_at is not None:
            return False
        self.add(replace(session, revoked_at=now))
        return True

    def revoke_person(self, person: str, now: datetime) -> int:
        """Ends every session of a person."""
        return sum(self.revoke(each.id, now) for each in self._rows.all(SESSIONS.c.person == person))

    def purge(self, before: datetime) -> int:
        """Deletes sessions that ended before."""
        return self._rows.rows(delete(SESSIONS).where(SESSIONS.c.expires_at < before))


class SqlTokens:
    """The repository; see `rollout_core.ports.control_people.Tokens`."""

    def __init__(self, connection: Connection) -> None:
        self._rows = DocumentTable(connection, TOKENS, Token)

    def get(self, secret_hash: str) -> Token | None:
        """By the secret's hash."""
        return self._rows.get(secret_hash=secret_hash)

    def all(self) -> tuple[Token, ...]:
        """By creation."""
        return self._rows.all(order=(TOKENS.c.created_at, TOKENS.c.id))

    def add(self, token: Token) -> None:
        """Keeps a new token."""
        self._rows.put(token, {"secret_hash": token.secret_hash}, id=token.id, created_at=token.created_at)

    def revoke(self, id: str, now: datetime) -> bool:
        """True when it was open."""
        token = self._rows.get(id=id)
        if token is None or token.revoked_at is not None:
            return False
        self.add(replace(token, revoked_at=now))
        return True

    def touch(self, id: str, now: datetime) -> None:
        """Remembers the last use."""
        token = self._rows.get(id=id)
        if token is not None:
            self.add(replace(token, last_used_at=now))


class SqlReplays:
    """The repository; see `rollout_core.ports.control_trail.Replays`."""

    def __init__(self, connection: Connection) -> None:
        self._rows = DocumentTable(connection, REPLAYS, Replay)

    def get(self, principal: str, key: str) -> Replay | None:
        """None when this key was never answered."""
        return self._rows.get(principal=principal, key=key)

    def save(self, replay: Replay) -> None:
        """Inserts or replaces."""
        self._rows.put(replay, {"principal": replay.principal, "key": replay.key}, answered_at=replay.answered_at)

    def purge(self, before: datetime) -> int:
        """Deletes older ones."""
        return self._rows.rows(delete(REPLAYS).where(REPLAYS.c.answered_at < before))
