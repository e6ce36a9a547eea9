"""The population register in the control database: millions of subjects, one look-up each by primary key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select
from sqlalchemy.dialects import sqlite

from rollout_core.flags.targeting import AttributeValue
from rollout_core.ports.control_records import RegisterChange, Subject
from rollout_core.storage.control_columns import from_json, to_json
from rollout_core.storage.control_meta import SqlMeta
from rollout_core.storage.control_tables import REGISTER, REGISTER_REMOVED

CHUNK = 5_000
"""Subjects merged at a time: far below SQLite's limit of 32,766 bound values, and little memory."""

LAST_CHANGE = "register_change"


class SqlRegister:
    """The repository; see `rollout_core.ports.control_rollouts.Register`."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._meta = connection, SqlMeta(connection)

    def upsert_many(self, subjects: Iterable[Subject]) -> int:
        """Merges attributes; a subject that would not change is not written."""
        return sum(self._upsert(chunk) for chunk in _chunks(subjects))

    def get(self, unit: str, id: str) -> dict[str, AttributeValue] | None:
        """A subject's attributes, or None."""
        query = select(REGISTER.c.attributes).where(REGISTER.c.unit == unit, REGISTER.c.id == id)
        text = self._connection.execute(query).scalar()
        return None if text is None else attributes_of(text)

    def search(self, unit: str, prefix: str = "", limit: int = 50, after: str | None = None) -> tuple[Subject, ...]:
        """A range over the primary key."""
        query = select(REGISTER.c.id, REGISTER.c.attributes).where(REGISTER.c.unit == unit)
        if prefix:
            query = query.where(REGISTER.c.id >= prefix, REGISTER.c.id < prefix + chr(0x10FFFF))
        if after is not None:
            query = query.where(REGISTER.c.id > after)
        rows = self._connection.execute(query.order_by(REGISTER.c.id).limit(limit))
        return tuple(Subject(unit, row.id, attributes_of(row.attributes)) for row in rows)

    def count(self, unit: str) -> int:
        """How many there are."""
        query = select(func.count()).select_from(REGISTER).where(REGISTER.c.unit == unit)
        return int(self._connection.execute(query).scalar_one())

    def changes(self, after: int, limit: int = 50_000) -> tuple[RegisterChange, ...]:
        """Changes and removals, in order."""
        kept = self._connection.execute(
            select(REGISTER).where(REGISTER.c.change > after).order_by(REGISTER.c.change).limit(limit))
        gone = self._connection.execute(
            select(REGISTER_REMOVED).where(REGISTER_REMOVED.c.change > after)
            .order_by(REGISTER_REMOVED.c.change).limit(limit))
        rows = [RegisterChange(row.change, row.unit, row.id, attributes_of(row.attributes)) for row in kept]
        rows += [RegisterChange(row.change, row.unit, row.id, None) for row in gone]
        return tuple(sorted(rows, key=lambda row: row.number)[:limit])

    def remove(self, unit: str, id: str) -> bool:
        """Deletes the row and leaves a tombstone for the mirror."""
        if self.get(unit, id) is None:
            return False
        self._connection.execute(delete(REGISTER).where(REGISTER.c.unit == unit, REGISTER.c.id == id))
        self._connection.execute(
            insert(REGISTER_REMOVED).values(change=self._numbers(1)[0], unit=unit, id=id))
        return True

    def purge_removed(self, unit: str, id: str) -> None:
        """Deletes the tombstones of a subject."""
        self._connection.execute(
            delete(REGISTER_REMOVED).where(REGISTER_REMOVED.c.unit == unit, REGISTER_REMOVED.c.id == id))

    def _upsert(self, subjects: Sequence[Subject]) -> int:
        """Merges one chunk; the last one of a subject named twice wins attribute by attribute."""
        merged: dict[tuple[str, str], dict[str, AttributeValue]] = {}
        stored = self._stored(subjects)
        for subject in subjects:
            key = (subject.unit, subject.id)
            merged[key] = {**merged.get(key, attributes_of(stored.get(key, "{}"))), **subject.attributes}
        texts = {key: to_json(attributes) for key, attributes in merged.items()}
        changed = [(key, text) for key, text in texts.items() if stored.get(key) != text]
        numbers = self._numbers(len(changed))
        if changed:
            self._connection.execute(self._statement(), [
                {"unit": unit, "id": id, "attributes": text, "change": number}
                for ((unit, id), text), number in zip(changed, numbers, strict=True)])
        return len(changed)

    def _stored(self, subjects: Sequence[Subject]) -> dict[tuple[str, str], str]:
        """What is stored of these subjects, as text."""
        found: dict[tuple[str, str], str] = {}
        for unit in {subject.unit for subject in subjects}:
            ids = [subject.id for subject in subjects if subject.unit == unit]
            query = select(REGISTER.c.id, REGISTER.c.attributes).where(REGISTER.c.unit == unit, REGISTER.c.id.in_(ids))
            found |= {(unit, row.id): row.attributes for row in self._connection.execute(query)}
        return found

    def _statement(self) -> Any:
        """INSERT … ON CONFLICT DO UPDATE."""
        statement = sqlite.insert(REGISTER)
        new = statement.excluded
        return statement.on_conflict_do_update(
            index_elements=["unit", "id"], set_={"attributes": new.attributes, "change": new.change})

    def _numbers(self, count: int) -> range:
        """The next change numbers."""
        first = int(self._meta.get(LAST_CHANGE) or 0) + 1
        if count:
            self._meta.set(LAST_CHANGE, str(first + count - 1))
        return range(first, first + count)


def attributes_of(text: str) -> dict[str, AttributeValue]:
    """Attributes from their JSON; lists come back as tuples."""
    raw = from_json(text, dict)
    return {key: tuple(value) if isinstance(value, list) else value for key, value in raw.items()}


def _chunks(subjects: Iterable[Subject]) -> Iterator[list[Subject]]:
    """Lists of at most CHUNK."""
    rest = iter(subjects)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
