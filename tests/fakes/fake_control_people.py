"""The part of the control store in memory that knows people, sessions, tokens and saved questions."""

from __future__ import annotations

from dataclasses import replace

from rollout_core.errors import InvalidRequest, NotFound


class FakePeople:
    def __init__(self, rows: dict, links: dict) -> None:
        self.rows, self.links = rows, links

    def get(self, name):
        return self.rows.get(name)

    def all(self):
        return tuple(self.rows[name] for name in sorted(self.rows))

    def save(self, person):
        self.rows[person.name] = person

    def add_link(self, link):
        self.links[link.secret_hash] = link

    def take_link(self, secret_hash, now):
        link = self.links.get(secret_hash)
        if link is None or link.used_at is not None or now >= link.expires_at:
            return None
        self.links[secret_hash] = replace(link, used_at=now)
        return link

    def link(self, secret_hash):
        return self.links.get(secret_hash)

    def end_links(self, now, person=None):
        unused = [key for key, link in self.links.items() if link.used_at is None and person in (None, link.person)]
        for key in unused:
            self.links[key] = replace(self.links[key], used_at=now)
        return len(unused)

    def purge_links(self, before):
        ended = [key for key, link in self.links.items() if link.expires_at < before]
        for key in ended:
            del self.links[key]
        return len(ended)


class FakeSessions:
    def __init__(self, rows: dict) -> None:
        self.rows = rows

    def get(self, secret_hash):
        return self.rows.get(secret_hash)

    def by_id(self, id):
        return next((each for each in self.rows.values() if each.id == id), None)

    def add(self, session):
        self.rows[session.secret_hash] = session

    def all(self):
        return tuple(sorted(self.rows.values(), key=lambda each: (each.expires_at, each.id)))

    def revoke(self, id, now):
        session = self.by_id(id)
        if session is None or session.revoked_at is not None:
            return False
        self.add(replace(session, revoked_at=now))
        return True

    def revoke_person(self, person, now):
        return sum(self.revoke(each.id, now) for each in self.all() if each.person == person)

    def purge(self, before):
        ended = [key for key, each in self.rows.items() if each.expires_at < before]
        for key in ended:
            del self.rows[key]
        return len(ended)


class FakeTokens:
    def __init__(self, rows: dict) -> None:
        self.rows = rows

    def get(self, secret_hash):
        return self.rows.get(secret_hash)

    def all(self):
        return tuple(sorted(self.rows.values(), key=lambda each: (each.created_at, each.id)))

    def add(self, token):
        self.rows[token.secret_hash] = token

    def _by_id(self, id):
        return next((each for each in self.rows.values() if each.id == id), None)

    def revoke(self, id, now):
        token = self._by_id(id)
        if token is None or token.revoked_at is not None:
            return False
        self.add(replace(token, revoked_at=now))
        return True

    def touch(self, id, now):
        token = self._by_id(id)
        if token is not None:
            self.add(replace(token, last_used_at=now))


class FakeSavedQuestions:
    def __init__(self, rows: dict) -> None:
        self.rows = rows

    def get(self, id):
        if id not in self.rows:
            raise NotFound(f"There is no saved question {id!r}.", id=id)
        return self.rows[id]

    def all(self):
        return tuple(sorted(self.rows.values(), key=lambda each: each.name.casefold()))

    def save(self, question):
        if any(each.name.casefold() == question.name.casefold() and each.id != question.id
               for each in self.rows.values()):
            raise InvalidRequest("taken", id=question.id)
        self.rows[question.id] = question

    def remove(self, id):
        return self.rows.pop(id, None) is not None
