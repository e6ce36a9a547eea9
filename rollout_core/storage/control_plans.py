"""Plan documents in the control database."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from rollout_core.errors import InvalidRequest, PlanNotFound
from rollout_core.ports.control_records import PlanText, PlanVersion
from rollout_core.ports.control_store import PlanReader
from rollout_core.rollouts.plan import Plan
from rollout_core.storage.control_tables import PLANS


class PlanCache:
    """Parsed plans by their text: a stored version never changes and YAML is slow to read."""

    def __init__(self, reader: PlanReader, capacity: int = 64) -> None:
        self._reader, self._capacity = reader, capacity
        self._plans: dict[tuple[str, str], Plan] = {}
        self._lock = Lock()

    def read(self, document: PlanText) -> Plan:
        """The plan in a document. Raises InvalidPlan."""
        key = (document.text, document.source)
        plan = self._plans.get(key)
        if plan is None:
            plan = self._reader(document.text, document.source)
            with self._lock:
                if len(self._plans) >= self._capacity:
                    self._plans.pop(next(iter(self._plans)))
                self._plans[key] = plan
        return plan


class SqlPlans:
    """The repository; see `rollout_core.ports.control_rollouts.Plans`."""

    def __init__(self, connection: Connection, cache: PlanCache) -> None:
        self._connection, self._cache = connection, cache

    def read(self, document: PlanText) -> Plan:
        """The plan in a document that is not stored yet."""
        return self._cache.read(document)

    def get(self, key: str, version: int | None = None) -> Plan:
        """One version, parsed. The stored version and note win over those in the text."""
        row = self._row(key, version)
        return replace(self._cache.read(PlanText(row.document, row.source)), version=row.version, note=row.note)

    def document(self, key: str, version: int | None = None) -> PlanText:
        """The text of one version."""
        row = self._row(key, version)
        return PlanText(row.document, row.source)

    def save(self, plan: Plan, document: PlanText, saved_at: datetime, by: str) -> None:
        """Keeps a new version."""
        taken = select(PLANS.c.version).where(PLANS.c.key == plan.key, PLANS.c.version == plan.version)
        if self._connection.execute(taken).first() is not None:
            raise version_taken(plan)
        self._connection.execute(insert(PLANS).values(
            key=plan.key, version=plan.version, note=plan.note, saved_at=saved_at, saved_by=by,
            source=document.source, document=document.text))

    def versions(self, key: str) -> tuple[PlanVersion, ...]:
        """Newest first."""
        rows = self._connection.execute(select(PLANS).where(PLANS.c.key == key).order_by(PLANS.c.version.desc()))
        return tuple(PlanVersion(row.key, row.version, row.note, row.saved_at, row.saved_by) for row in rows)

    def _row(self, key: str, version: int | None) -> Row[Any]:
        """The row of one version (None: the newest). Raises PlanNotFound."""
        query = select(PLANS).where(PLANS.c.key == key).order_by(PLANS.c.version.desc()).limit(1)
        if version is not None:
            query = query.where(PLANS.c.version == version)
        row = self._connection.execute(query).first()
        if row is None:
            raise plan_not_found(key, version, self.keys())
        return row

    def keys(self) -> tuple[str, ...]:
        """In order."""
        return tuple(self._connection.execute(select(PLANS.c.key).distinct().order_by(PLANS.c.key)).scalars())


def plan_not_found(key: str, version: int | None, known: tuple[str, ...]) -> PlanNotFound:
    """Says which plans there are."""
    named = f"{key} version {version}" if version is not None else key
    return PlanNotFound(f"There is no plan {named}.", mend=f"Known plans: {', '.join(known) or 'none yet'}.",
                        plan=key, version=version, known=known)


def version_taken(plan: Plan) -> InvalidRequest:
    """A stored version never changes."""
    return InvalidRequest(f"Version {plan.version} of plan {plan.key} is stored already.",
                          mend="Give the changed document the next version number.", plan=plan.key,
                          version=plan.version)
