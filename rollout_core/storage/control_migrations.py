"""How a control database of an older version becomes one of this version: one step per version number."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, inspect

from rollout_core.errors import StoreCorrupt, StoreTooNew
from rollout_core.storage.control_meta import SqlMeta
from rollout_core.storage.control_tables import LINKS, METADATA, REGISTER_REMOVED, REPLAYS, SAVED_QUESTIONS

SCHEMA_VERSION = "schema_version"
CURRENT_VERSION = 3


def _to_2(connection: Connection) -> None:
    """2: one-time sign-in links, kept answers, tombstones of the register for the event store's mirror."""
    METADATA.create_all(connection, tables=[LINKS, REGISTER_REMOVED, REPLAYS], checkfirst=True)



def _to_3(connection: Connection) -> None:
    """3: questions in SQL that people keep for each other."""
    METADATA.create_all(connection, tables=[SAVED_QUESTIONS], checkfirst=True)


MIGRATIONS: dict[int, Callable[[Connection], None]] = {2: _to_2, 3: _to_3}
"""Version -> what leads to it from the one before. A step is never edited once released."""


def migrate(connection: Connection) -> int:
    """Brings the database to CURRENT_VERSION inside the caller's write transaction; the version it had (0: new).

    Raises StoreTooNew when a newer program wrote it, StoreCorrupt when it is no control database.
    """
    version = stored_version(connection)
    if version > CURRENT_VERSION:
        raise StoreTooNew(
            f"The control database has version {version}; this program knows versions up to {CURRENT_VERSION}.",
            mend="Start the newer program, or restore a backup made by this one.", version=version,
            known=CURRENT_VERSION)
    if version == 0:
        METADATA.create_all(connection)
    for step in range(version + 1, CURRENT_VERSION + 1) if version else ():
        MIGRATIONS[step](connection)
    if version != CURRENT_VERSION:
        SqlMeta(connection).set(SCHEMA_VERSION, str(CURRENT_VERSION))
    return version


def stored_version(connection: Connection) -> int:
    """The version in the database; 0 when it is empty. Raises StoreCorrupt when it holds something else."""
    tables = set(inspect(connection).get_table_names())
    if not tables:
        return 0
    text = SqlMeta(connection).get(SCHEMA_VERSION) if "meta" in tables else None
    if text is None or not text.isdigit():
        raise StoreCorrupt("The file is a database, but not a control database.",
                           mend="Name another store directory, or move the file away.", tables=sorted(tables)[:10])
    return int(text)
