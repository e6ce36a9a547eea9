"""The audit trail in the control database. The table is only ever inserted into."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Text, delete, insert, select, type_coerce
from sqlalchemy.types import NullType

from rollout_core.errors import StoreCorrupt
from rollout_core.ports.audit_chain import EMPTY_HEAD, StoredRecord, chained, opened, verify
from rollout_core.ports.control_records import AuditEntry, AuditHead, AuditRecord, AuditVerdict
from rollout_core.storage.control_meta import SqlMeta
from rollout_core.storage.control_tables import AUDIT, AUDIT_NAMES

COUNTED_HEAD = "audit_head"
"""Where the store itself remembers the newest record, so that a careless deletion of the tail shows."""

WALK_ROWS = 2_000
"""How many records a walk reads at a time."""


RAW = select(AUDIT.c.seq, type_coerce(AUDIT.c.at, Text).label("at"), AUDIT.c.rollout, AUDIT.c.verb,
             type_coerce(AUDIT.c.body, NullType).label("body"), AUDIT.c.previous, AUDIT.c.hash)
"""Rows as they lie in the file: a damaged value must not keep anybody from looking."""


class SqlAudit:
    """The repository; see `rollout_core.ports.control_trail.Audit`."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._meta = connection, SqlMeta(connection)

    def append(self, entry: AuditEntry) -> AuditRecord:
        """Chains an entry onto the newest record."""
        record = chained(entry, self.head(), self.newest_at())
        self._insert(record)
        return record

    def extend(self, records: Iterable[AuditRecord]) -> int:
        """Appends records that were chained elsewhere, unchanged. Raises StoreCorrupt when they do not follow."""
        added = 0
        for record in records:
            head = self.head()
            if (record.seq, record.previous) != (head.seq + 1, head.hash):
                raise StoreCorrupt(f"Audit record {record.seq} does not follow {head}.", seq=record.seq)
            self._insert(record)
            added += 1
        return added

    def tail(self, rollout: str | None = None, limit: int = 100, before: int | None = None) -> tuple[AuditRecord, ...]:
        """Newest first."""
        query = RAW.order_by(AUDIT.c.seq.desc()).limit(limit)
        if rollout is not None:
            query = query.where(AUDIT.c.rollout == rollout)
        if before is not None:
            query = query.where(AUDIT.c.seq < before)
        return tuple(opened(_stored(row)) for row in self._connection.execute(query))

    def walk(self, after: int = 0) -> Iterator[AuditRecord]:
        """Oldest first."""
        return (opened(record) for record in self._stored(after))

    def head(self) -> AuditHead:
        """The newest record's place."""
        newest = self._connection.execute(
            select(AUDIT.c.seq, AUDIT.c.hash).order_by(AUDIT.c.seq.desc()).limit(1)).first()
        return AuditHead(newest.seq, newest.hash) if newest else EMPTY_HEAD

    def newest_at(self) -> datetime | None:
        """The time of the newest record."""
        newest = self._connection.execute(RAW.order_by(AUDIT.c.seq.desc()).limit(1)).first()
        return _stored(newest).at if newest else None

    def verify(self, head: str | None = None) -> AuditVerdict:
        """Walks the whole chain."""
        counted = self._meta.get(COUNTED_HEAD)
        seq, _, digest = (counted or f"0:{EMPTY_HEAD.hash}").partition(":")
        return verify(self._stored(0), AuditHead(int(seq), digest), head)

    def remember_name(self, subject: str, unit: str, id: str) -> None:
        """Keeps the name behind a reference."""
        if self.name_of(subject) is None:
            self._connection.execute(insert(AUDIT_NAMES).values(subject=subject, unit=unit, id=id))

    def name_of(self, subject: str) -> tuple[str, str] | None:
        """(unit, id), or None."""
        row = self._connection.execute(select(AUDIT_NAMES).where(AUDIT_NAMES.c.subject == subject)).first()
        return (row.unit, row.id) if row else None

    def forget_name(self, subject: str) -> bool:
        """Erases the name."""
        known = self.name_of(subject) is not None
        self._connection.execute(delete(AUDIT_NAMES).where(AUDIT_NAMES.c.subject == subject))
        return known

    def _insert(self, record: AuditRecord) -> None:
        entry = record.entry
        self._connection.execute(insert(AUDIT).values(
            seq=record.seq, at=entry.at, rollout=entry.rollout, verb=entry.verb, body=record.body,
            previous=record.previous, hash=record.hash))
        self._meta.set(COUNTED_HEAD, f"{record.seq}:{record.hash}")

    def _stored(self, after: int) -> Iterator[StoredRecord]:
        """All rows after a seq, in pages: a long trail is never held in memory."""
        while True:
            query = RAW.where(AUDIT.c.seq > after).order_by(AUDIT.c.seq).limit(WALK_ROWS)
            rows = self._connection.execute(query).all()
            yield from (_stored(row) for row in rows)
            if len(rows) < WALK_ROWS:
                return
            after = rows[-1].seq


def _stored(row: Any) -> StoredRecord:
    """A row of the table as a value, whatever somebody may have put into it."""
    body = row.body if isinstance(row.body, bytes) else str(row.body).encode()
    try:
        at = datetime.fromisoformat(row.at)
    except (TypeError, ValueError):
        at = None
    return StoredRecord(row.seq, at, row.rollout, row.verb, body, row.previous, row.hash)
