"""The part of the control store in memory that knows the trail, decisions, notices and replayed requests."""

from __future__ import annotations

from dataclasses import replace

from rollout_core.errors import InvalidRequest, NotFound, StoreCorrupt
from rollout_core.ports.audit_chain import EMPTY_HEAD, StoredRecord, chained, verify
from rollout_core.ports.control_records import AuditHead


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
