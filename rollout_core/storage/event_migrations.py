"""Versions of the event store's schema. A store from a newer version is refused, an older one is brought forward."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import Connection, Engine, inspect, text

from rollout_core.errors import StoreTooNew
from rollout_core.storage.event_tables import METADATA, SCHEMA_VERSION
from rollout_core.storage.event_views import create_views

Step = Callable[[Connection], None]


def _to_2(connection: Connection) -> None:
    """Only new tables: tail_span and day_aside begin empty, the next pass fills them."""


def _to_3(connection: Connection) -> None:
    """The mirror of rollouts knows the names of their plans; the next mirroring fills them in."""
    connection.execute(text("ALTER TABLE rollout_mirror ADD COLUMN IF NOT EXISTS names VARCHAR"))


def _to_4(connection: Connection) -> None:
    """Only a new table: hist_hour begins empty, the next pass fills it."""


STEPS: Mapping[int, Step] = {2: _to_2, 3: _to_3, 4: _to_4}
"""version -> what brings a store from the version before to it. Version 1 is the first."""


def migrate(engine: Engine, comments: bool = True) -> int:
    """Creates what is missing, runs the steps between the file's version and ours, returns the version before.

    `comments`: whether new columns carry what they mean. Raises StoreTooNew when the file is ahead of this program.
    """
    with engine.begin() as connection:
        found = stored_version(connection)
        if found > SCHEMA_VERSION:
            raise StoreTooNew(
                f"The event store has version {found}, this program knows {SCHEMA_VERSION}.",
                mend="Update this installation, or open another store; nothing was changed.",
                found=found, known=SCHEMA_VERSION)
        connection.dialect.supports_comments = comments      # the dialect's own first look switches it on
        METADATA.create_all(connection)
        for version in range(max(found, 1) + 1, SCHEMA_VERSION + 1):
            STEPS[version](connection)
        create_views(connection)
        if found != SCHEMA_VERSION:
            connection.execute(text("DELETE FROM store_meta WHERE name = 'schema_version'"))
            connection.execute(text("INSERT INTO store_meta VALUES ('schema_version', :version)"),
                               {"version": str(SCHEMA_VERSION)})
    return found


def stored_version(connection: Connection) -> int:
    """The version in the file; 0 for an empty one."""
    if not inspect(connection).has_table("store_meta"):
        return 0
    found = connection.execute(text("SELECT value FROM store_meta WHERE name = 'schema_version'")).scalar()
    return int(found) if found is not None else 0
