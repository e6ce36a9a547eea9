"""A control store in memory that keeps the promises of the port: all or nothing, serial, audit chain, merging register.

Tables are plain dicts; a write works on copies and swaps them in at the end. Values are frozen, so shallow copies do.
"""

from __future__ import annotations

import pickle
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import RLock
from typing import Any

from rollout_core.errors import InvalidRequest, NotFound, PlanNotFound, RolloutNotFound, StaleRollout, StoreCorrupt
from rollout_core.health.alert import UNRESOLVED
from rollout_core.health.issue import IssueState
from rollout_core.ports.audit_chain import EMPTY_HEAD, StoredRecord, chained, verify
from rollout_core.ports.control_records import AuditHead, PlanVersion, RegisterChange, Subject

Tables = dict[str, dict[Any, Any]]


class FakePlans:
    def __init__(self, rows: dict, reader: Callable) -> None:
        self.rows, self.reader = rows, reader

    def read(self, document):
        return self.reader(document.text, document.source)

    def _row(self, key, version):
        versions = sorted(number for name, number in self.rows if name == key)
        chosen = (key, version if version is not None else max(versions, default=None))
        if chosen not in self.rows:
            raise PlanNotFound(f"There is no plan {key}.", plan=key, version=version, known=self.keys())
        return chosen[1], self.rows[chosen]

    def get(self, key, version=None):
        number, (document, saved) = self._row(key, version)
        return replace(self.read(document), version=number, note=saved.note)

    def document(self, key, version=None):
        return self._row(key, version)[1][0]

    def save(self, plan, document, saved_at, by):
        if (plan.key, plan.version) in self.rows:
            raise InvalidRequest("taken", plan=plan.key)
        self.rows[plan.key, plan.version] = (document, PlanVersion(plan.key, plan.version, plan.note, saved_at, by))

    def versions(self, key):
        return tuple(sorted((saved for _, saved in self.rows.values() if saved.key == key),
                            key=lambda saved: -saved.version))

    def keys(self):
        return tuple(sorted({key for key, _ in self.rows}))


class FakeRollouts:
    def __init__(self, rows: dict) -> None:
        self.rows = rows

    def get(self, key):
        if key not in self.rows:
            raise RolloutNotFound(f"There is no rollout {key!r}.", rollout=key, known=tuple(sorted(self.rows)))
        return self.rows[key]

    def all(self):
        return tuple(self.rows[key] for key in sorted(self.rows))

    def save(self, rollout, expected_revision):
        stored = self.rows.get(rollout.key)
        if (stored.revision if stored else None) != expected_revision:
            raise StaleRollout("stale", rollout=rollout.key, expected=expected_revision,
                               revision=stored.revision if stored else None)
        self.rows[rollout.key] = rollout


class FakeEpochs:
    def __init__(self, rows: dict) -> None:
        self.rows = rows

    def add(self, epoch):
        if (epoch.rollout, epoch.number) in self.rows:
            raise InvalidRequest("taken", rollout=epoch.rollout)
        self.rows[epoch.rollout, epoch.number] = epoch

    def of(self, rollout):
        return tuple(self.rows[key] for key in sorted(self.rows) if key[0] == rollout)

    def current(self, rollout):
        return (self.of(rollout) or (None,))[-1]


class FakeAudit:
    def __init__(self, rows: dict, names: dict) -> None:
        self.rows, self.names = rows, names

    def append(self, entry):
        newest = self.rows.get(len(self.rows))
        record = chained(entry, self.head(), newest.entry.at if newest else None)
        self.rows[record.seq] = record
        return record

    def extend(self, records):
        added = 0
        for record in records:
            if (record.seq, record.previous) != (self.head().seq + 1, self.head().hash):
                raise StoreCorrupt("does not follow", seq=record.seq)
            self.rows[record.seq] = record
            added += 1
        return added

    def tail(self, rollout=None, limit=100, before=None):
        meant = [record for _, record in sorted(self.rows.items(), reverse=True)
                 if (rollout is None or record.entry.rollout == rollout) and (before is None or record.seq < before)]
        return tuple(meant[:limit])

    def walk(self, after=0):
        return iter([record for seq, record in sorted(self.rows.items()) if seq > after])

    def head(self):
        newest = self.rows.get(len(self.rows))
        return AuditHead(newest.seq, newest.hash) if newest else EMPTY_HEAD

    def newest_at(self):
        newest = self.rows.get(len(self.rows))
        return newest.entry.at if newest else None

    def verify(self, head=None):
        stored = (StoredRecord(each.seq, each.entry.at, each.entry.rollout, each.entry.verb, each.body, each.previous,
                               each.hash) for each in self.walk())
        return verify(stored, self.head(), head)

    def remember_name(self, subject, unit, id):
        self.names.setdefault(subject, (unit, id))

    def name_of(self, subject):
        return self.names.get(subject)

    def forget_name(self, subject):
        return self.names.pop(subject, None) is not None


class FakeAlerts:
    def __init__(self, rows: dict, steps: dict) -> None:
        self.rows, self.steps = rows, steps

    def get(self, id):
        if id not in self.rows:
            raise NotFound(f"There is no alert {id!r}.", alert=id)
        return self.rows[id]

    def find(self, rollout, rule, scope):
        return next((each for each in self.rows.values()
                     if (each.rollout, each.rule, each.scope) == (rollout, rule, scope)), None)

    def all(self, rollout=None, *, unresolved=False, limit=500):
        meant = [each for each in self.rows.values() if (rollout is None or each.rollout == rollout)
                 and (not unresolved or each.state in UNRESOLVED)]
        return tuple(newest_first(meant)[:limit])

    def save(self, alert, event=None):
        self.rows[alert.id] = alert
        if event is not None:
            self.steps[alert.id, len(self.history(alert.id)) + 1] = event

    def history(self, id):
        return tuple(self.steps[key] for key in sorted(self.steps) if key[0] == id)


class FakeIssues:
    def __init__(self, rows: dict) -> None:
        self.rows = rows

    def get(self, id):
        if id not in self.rows:
            raise NotFound(f"There is no issue {id!r}.", issue=id)
        return self.rows[id]

    def find(self, rollout, kind, source):
        return next(iter(newest_first([each for each in self.rows.values() if
                                       (each.rollout, each.kind, each.source) == (rollout, kind, source)])), None)

    def all(self, rollout=None, *, open_only=False, limit=500):
        meant = [each for each in self.rows.values() if (rollout is None or each.rollout == rollout)
                 and (not open_only or each.state is IssueState.OPEN)]
        return tuple(newest_first(meant)[:limit])

    def save(self, issue):
        self.rows[issue.id] = issue


class FakeDecisions:
    def __init__(self, rows: dict) -> None:
        self.rows = rows

    def append(self, record):
        key = (record.rollout, record.epoch, record.swept_at)
        if any((each.rollout, each.epoch, each.swept_at) == key for each in self.rows.values()):
            raise InvalidRequest("taken", rollout=record.rollout)
        number = max(self.rows, default=0) + 1
        self.rows[number] = replace(record, number=number)
        return number

    def get(self, number):
        if number not in self.rows:
            raise NotFound(f"There is no decision {number}.", decision=number)
        return self.rows[number]

    def tail(self, rollout=None, limit=100, before=None):
        meant = [self.rows[number] for number in sorted(self.rows, reverse=True)
                 if (rollout is None or self.rows[number].rollout == rollout) and (before is None or number < before)]
        return tuple(meant[:limit])


class FakeChecklist:
    def __init__(self, ticks: dict, waivers: dict) -> None:
        self._ticks, self._waivers = ticks, waivers

    def tick(self, tick):
        self._ticks[tick.rollout, tick.item] = tick

    def untick(self, rollout, item):
        self._ticks.pop((rollout, item), None)

    def ticks(self, rollout):
        return tuple(self._ticks[key] for key in sorted(self._ticks) if key[0] == rollout)

    def waive(self, waiver):
        self._waivers[waiver.rollout, waiver.item] = waiver

    def waivers(self, rollout):
        return tuple(self._waivers[key] for key in sorted(self._waivers) if key[0] == rollout)


class FakeSignoffs:
    def __init__(self, rows: dict) -> None:
        self.rows = rows

    def add(self, signoff):
        self.rows[len(self.rows)] = signoff

    def of(self, rollout, phase=None):
        newest = {(each.phase, each.criterion): each for _, each in sorted(self.rows.items())
                  if each.rollout == rollout and phase in (None, each.phase)}
        return tuple(newest[key] for key in sorted(newest))


class FakeOverrides:
    def __init__(self, rows: dict) -> None:
        self.rows = rows

    def set(self, override):
        self.rows[override.rollout, override.subject, override.flag or ""] = override

    def remove(self, rollout, subject, flag):
        return self.rows.pop((rollout, subject, flag or ""), None) is not None

    def of(self, rollout):
        return tuple(self.rows[key] for key in sorted(self.rows) if key[0] == rollout)


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


class FakeRegister:
    """Rows are (attributes, change number); tombstones are kept apart; the counter only grows."""

    def __init__(self, rows: dict, removed: dict, counter: dict) -> None:
        self.rows, self.removed, self.counter = rows, removed, counter

    def _next(self):
        self.counter["last"] = self.counter.get("last", 0) + 1
        return self.counter["last"]

    def upsert_many(self, subjects: Iterable[Subject]) -> int:
        changed = 0
        merged: dict = {}
        for subject in subjects:
            key = (subject.unit, subject.id)
            merged[key] = {**merged.get(key, self.rows.get(key, ({}, 0))[0]), **subject.attributes}
        for key, attributes in merged.items():
            if key not in self.rows or self.rows[key][0] != attributes:
                self.rows[key] = (attributes, self._next())
                changed += 1
        return changed

    def get(self, unit, id):
        found = self.rows.get((unit, id))
        return None if found is None else dict(found[0])

    def search(self, unit, prefix="", limit=50, after=None):
        ids = sorted((id for name, id in self.rows if name == unit and id.startswith(prefix)
                      and (after is None or id.encode() > after.encode())), key=str.encode)
        return tuple(Subject(unit, id, self.rows[unit, id][0]) for id in ids[:limit])

    def count(self, unit):
        return sum(name == unit for name, _ in self.rows)

    def changes(self, after, limit=50_000):
        rows = [RegisterChange(number, unit, id, attributes) for (unit, id), (attributes, number) in self.rows.items()]
        rows += [RegisterChange(number, unit, id, None) for number, (unit, id) in self.removed.items()]
        return tuple(sorted((row for row in rows if row.number > after), key=lambda row: row.number)[:limit])

    def remove(self, unit, id):
        if (unit, id) not in self.rows:
            return False
        del self.rows[unit, id]
        self.removed[self._next()] = (unit, id)
        return True

    def purge_removed(self, unit, id):
        for number in [number for number, name in self.removed.items() if name == (unit, id)]:
            del self.removed[number]


class FakeOutbox:
    def __init__(self, rows: dict) -> None:
        self.rows = rows

    def add(self, message):
        number = max(self.rows, default=0) + 1
        self.rows[number] = replace(message, id=number)
        return number

    def waiting(self):
        return tuple(self.rows[id] for id in sorted(self.rows)
                     if self.rows[id].sent_at is None and self.rows[id].dead_at is None)

    def due(self, now, limit=50):
        return tuple(each for each in self.waiting() if each.next_at is None or each.next_at <= now)[:limit]

    def save(self, message):
        self.rows[message.id] = message

    def dead(self, limit=100):
        return tuple(self.rows[id] for id in sorted(self.rows, reverse=True) if self.rows[id].dead_at)[:limit]


class FakeReplays:
    def __init__(self, rows: dict) -> None:
        self.rows = rows

    def get(self, principal, key):
        return self.rows.get((principal, key))

    def save(self, replay):
        self.rows[replay.principal, replay.key] = replay

    def purge(self, before):
        old = [key for key, each in self.rows.items() if each.answered_at < before]
        for key in old:
            del self.rows[key]
        return len(old)


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


class FakeMeta:
    def __init__(self, rows: dict) -> None:
        self.rows = rows

    def get(self, name):
        return self.rows.get(name)

    def set(self, name, value):
        self.rows[name] = value


class FakeUnit:
    """All repositories over one set of tables."""

    def __init__(self, tables: Tables, reader: Callable) -> None:
        self.plans, self.rollouts = FakePlans(tables["plans"], reader), FakeRollouts(tables["rollouts"])
        self.epochs, self.overrides = FakeEpochs(tables["epochs"]), FakeOverrides(tables["overrides"])
        self.audit = FakeAudit(tables["audit"], tables["names"])
        self.alerts, self.issues = FakeAlerts(tables["alerts"], tables["steps"]), FakeIssues(tables["issues"])
        self.decisions, self.signoffs = FakeDecisions(tables["decisions"]), FakeSignoffs(tables["signoffs"])
        self.checklist = FakeChecklist(tables["ticks"], tables["waivers"])
        self.people, self.sessions = FakePeople(tables["people"], tables["links"]), FakeSessions(tables["sessions"])
        self.tokens, self.outbox = FakeTokens(tables["tokens"]), FakeOutbox(tables["outbox"])
        self.register = FakeRegister(tables["register"], tables["removed"], tables["counter"])
        self.replays, self.meta = FakeReplays(tables["replays"]), FakeMeta(tables["meta"])
        self.saved_questions = FakeSavedQuestions(tables["questions"])


class FakeControlStore:
    """`fail_with`: an error that every write raises while it is set (a full disk, a locked file)."""

    def __init__(self, plan_reader: Callable) -> None:
        self._tables: Tables = defaultdict(dict)
        self._reader, self._turn = plan_reader, RLock()
        self.fail_with: Exception | None = None
        self.reserve = False

    @contextmanager
    def read(self) -> Iterator[FakeUnit]:
        yield FakeUnit(self._copy(), self._reader)

    @contextmanager
    def write(self) -> Iterator[FakeUnit]:
        with self._turn:
            if self.fail_with is not None:
                raise self.fail_with
            tables = self._copy()
            yield FakeUnit(tables, self._reader)
            self._tables = tables

    def free_reserve(self) -> bool:
        freed, self.reserve = self.reserve, False
        if freed:
            self.fail_with = None
        return freed

    def snapshot(self, target: Path) -> None:
        target.write_bytes(pickle.dumps({name: dict(rows) for name, rows in self._tables.items()}))

    def replace_with(self, source: Path, amend: Callable) -> Any:
        with self._turn:
            try:
                tables = defaultdict(dict, pickle.loads(source.read_bytes()))
            except (OSError, pickle.UnpicklingError, EOFError) as error:
                raise StoreCorrupt(f"{source} is no control store.") from error
            answer = amend(FakeUnit(self._copy(), self._reader), FakeUnit(tables, self._reader))
            self._tables = tables
            return answer

    def check(self) -> tuple[str, ...]:
        return ()

    def close(self) -> None:
        """Nothing to release."""

    def _copy(self) -> Tables:
        return defaultdict(dict, {name: dict(rows) for name, rows in self._tables.items()})


def newest_first(values: list) -> list:
    return sorted(sorted(values, key=lambda each: each.id), key=lambda each: each.changed_at, reverse=True)
