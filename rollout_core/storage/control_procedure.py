"""Checklist, sign-offs, decisions and the outbox in the control database."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, or_

from rollout_core.errors import InvalidRequest, NotFound
from rollout_core.ports.control_records import DecisionRecord, OutboxMessage, Signoff, Tick, Waiver
from rollout_core.storage.control_documents import DocumentTable
from rollout_core.storage.control_tables import DECISIONS, OUTBOX, SIGNOFFS, TICKS, WAIVERS


class SqlChecklist:
    """The repository; see `rollout_core.ports.control_procedure.Checklist`."""

    def __init__(self, connection: Connection) -> None:
        self._ticks = DocumentTable(connection, TICKS, Tick)
        self._waivers = DocumentTable(connection, WAIVERS, Waiver)

    def tick(self, tick: Tick) -> None:
        """Inserts or replaces."""
        self._ticks.put(tick, {"rollout": tick.rollout, "item": tick.item})

    def untick(self, rollout: str, item: str) -> None:
        """Takes a tick back."""
        self._ticks.remove(rollout=rollout, item=item)

    def ticks(self, rollout: str) -> tuple[Tick, ...]:
        """By item."""
        return self._ticks.all(TICKS.c.rollout == rollout, order=(TICKS.c.item,))

    def waive(self, waiver: Waiver) -> None:
        """Inserts or replaces."""
        self._waivers.put(waiver, {"rollout": waiver.rollout, "item": waiver.item})

    def waivers(self, rollout: str) -> tuple[Waiver, ...]:
        """By item."""
        return self._waivers.all(WAIVERS.c.rollout == rollout, order=(WAIVERS.c.item,))


class SqlSignoffs:
    """The repository; see `rollout_core.ports.control_procedure.Signoffs`."""

    def __init__(self, connection: Connection) -> None:
        self._rows = DocumentTable(connection, SIGNOFFS, Signoff)

    def add(self, signoff: Signoff) -> None:
        """Append-only: a later one has a higher number."""
        place = {"rollout": signoff.rollout, "phase": signoff.phase, "criterion": signoff.criterion}
        self._rows.put(signoff, {**place, "number": self._rows.next_number("number", **place)})

    def of(self, rollout: str, phase: str | None = None) -> tuple[Signoff, ...]:
        """The newest of each criterion, by phase and criterion."""
        conditions = [SIGNOFFS.c.rollout == rollout]
        if phase is not None:
            conditions.append(SIGNOFFS.c.phase == phase)
        order = (SIGNOFFS.c.phase, SIGNOFFS.c.criterion, SIGNOFFS.c.number)
        newest = {(each.phase, each.criterion): each for each in self._rows.all(*conditions, order=order)}
        return tuple(newest.values())


class SqlDecisions:
    """The repository; see `rollout_core.ports.control_trail.Decisions`."""

    def __init__(self, connection: Connection) -> None:
        self._rows = DocumentTable(connection, DECISIONS, DecisionRecord)

    def append(self, record: DecisionRecord) -> int:
        """Under the next number, once per (rollout, epoch, sweep instant)."""
        key = {"rollout": record.rollout, "epoch": record.epoch, "swept_at": record.swept_at}
        if self._rows.get(**key) is not None:
            raise decision_taken(record)
        number = self._rows.next_number("number")
        self._rows.put(replace(record, number=number), {"number": number}, **key)
        return number

    def get(self, number: int) -> DecisionRecord:
        """Raises NotFound."""
        record = self._rows.get(number=number)
        if record is None:
            raise NotFound(f"There is no decision {number}.", mend="See `rollout decisions`.", decision=number)
        return record

    def tail(self, rollout: str | None = None, limit: int = 100,
             before: int | None = None) -> tuple[DecisionRecord, ...]:
        """Newest first."""
        conditions = [DECISIONS.c.rollout == rollout] if rollout is not None else []
        if before is not None:
            conditions.append(DECISIONS.c.number < before)
        return self._rows.all(*conditions, order=(DECISIONS.c.number.desc(),), limit=limit)


class SqlOutbox:
    """The repository; see `rollout_core.ports.control_trail.Outbox`. `state` is waiting | sent | dead."""

    def __init__(self, connection: Connection) -> None:
        self._rows = DocumentTable(connection, OUTBOX, OutboxMessage)

    def add(self, message: OutboxMessage) -> int:
        """Under the next id."""
        number = self._rows.next_number("id")
        self.save(replace(message, id=number))
        return number

    def due(self, now: datetime, limit: int = 50) -> tuple[OutboxMessage, ...]:
        """Oldest first."""
        ready = or_(OUTBOX.c.next_at.is_(None), OUTBOX.c.next_at <= now)
        return self._rows.all(OUTBOX.c.state == "waiting", ready, order=(OUTBOX.c.id,), limit=limit)

    def waiting(self) -> tuple[OutboxMessage, ...]:
        """Oldest first."""
        return self._rows.all(OUTBOX.c.state == "waiting", order=(OUTBOX.c.id,))

    def save(self, message: OutboxMessage) -> None:
        """Replaces."""
        state = "sent" if message.sent_at else "dead" if message.dead_at else "waiting"
        self._rows.put(message, {"id": message.id}, state=state, next_at=message.next_at)

    def dead(self, limit: int = 100) -> tuple[OutboxMessage, ...]:
        """Newest first."""
        return self._rows.all(OUTBOX.c.state == "dead", order=(OUTBOX.c.id.desc(),), limit=limit)


def decision_taken(record: DecisionRecord) -> InvalidRequest:
    """A sweep decides once."""
    return InvalidRequest(f"The sweep of {record.rollout} at {record.swept_at.isoformat()} is recorded already.",
                          rollout=record.rollout, epoch=record.epoch)
