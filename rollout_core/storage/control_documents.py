"""Values kept as JSON beside the columns they are found by: the one way such tables are read and written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar, cast

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, func, insert, select, update
from sqlalchemy.engine import CursorResult

from rollout_core.storage.control_columns import from_json, to_json

Value = TypeVar("Value")


class DocumentTable(Generic[Value]):
    """Reads and writes values of one class in one table within one transaction. Every filter is bound, never text."""

    def __init__(self, connection: Connection, table: Table, type_: type[Value]) -> None:
        self.connection, self.table, self._type = connection, table, type_

    def get(self, **where: Any) -> Value | None:
        """The one value with these column values, or None."""
        text = self.connection.execute(select(self.table.c.document).where(self._all(where))).scalar()
        return None if text is None else from_json(text, self._type)

    def all(self, *conditions: ColumnElement[bool], order: tuple[Any, ...] = (),
            limit: int | None = None) -> tuple[Value, ...]:
        """Every value that meets all conditions, in this order."""
        query = select(self.table.c.document).where(*conditions).order_by(*order).limit(limit)
        return tuple(from_json(text, self._type) for text in self.connection.execute(query).scalars())

    def put(self, value: Value, key: Mapping[str, Any], **columns: Any) -> None:
        """Inserts the value or replaces the one with this key."""
        row = {**columns, "document": to_json(value)}
        if self.rows(update(self.table).where(self._all(key)).values(row)) == 0:
            self.connection.execute(insert(self.table).values({**key, **row}))

    def remove(self, **where: Any) -> int:
        """Deletes; how many."""
        return self.rows(delete(self.table).where(self._all(where)))

    def next_number(self, column: str, **where: Any) -> int:
        """One more than the highest number in a column; 1 when there is none. Safe in a write transaction only."""
        highest = self.connection.execute(select(func.max(self.table.c[column])).where(self._all(where))).scalar()
        return int(highest or 0) + 1

    def rows(self, statement: Any) -> int:
        """Runs a change and tells how many rows it met."""
        return cast("CursorResult[Any]", self.connection.execute(statement)).rowcount

    def _all(self, where: Mapping[str, Any]) -> ColumnElement[bool]:
        return and_(True, *(self.table.c[name] == value for name, value in where.items()))
