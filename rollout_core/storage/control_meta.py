"""Single values by name in the control database."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from rollout_core.storage.control_tables import META


class SqlMeta:
    """The repository; see `rollout_core.ports.control_store.Meta`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, name: str) -> str | None:
        """None when it was never set."""
        return self._connection.execute(select(META.c.value).where(META.c.name == name)).scalar()

    def set(self, name: str, value: str) -> None:
        """Inserts or replaces."""
        if self.get(name) is None:
            self._connection.execute(insert(META).values(name=name, value=value))
        else:
            self._connection.execute(update(META).where(META.c.name == name).values(value=value))
