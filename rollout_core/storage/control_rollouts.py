"""Rollouts, epochs and overrides in the control database."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from rollout_core.errors import InvalidRequest, RolloutNotFound, StaleRollout
from rollout_core.flags.override import Override
from rollout_core.rollouts.rollout import Epoch, Rollout
from rollout_core.storage.control_columns import to_json
from rollout_core.storage.control_documents import DocumentTable
from rollout_core.storage.control_tables import EPOCHS, OVERRIDES, ROLLOUTS


class SqlRollouts:
    """The repository; see `rollout_core.ports.control_rollouts.Rollouts`."""

    def __init__(self, connection: Connection) -> None:
        self._rows = DocumentTable(connection, ROLLOUTS, Rollout)

    def get(self, key: str) -> Rollout:
        """Raises RolloutNotFound."""
        rollout = self._rows.get(key=key)
        if rollout is None:
            raise rollout_not_found(key, tuple(each.key for each in self.all()))
        return rollout

    def all(self) -> tuple[Rollout, ...]:
        """By key."""
        return self._rows.all(order=(ROLLOUTS.c.key,))

    def save(self, rollout: Rollout, expected_revision: int | None) -> None:
        """Inserts, or compares the revision and replaces."""
        row = {"revision": rollout.revision, "status": str(rollout.status), "document": to_json(rollout)}
        connection = self._rows.connection
        stored = connection.execute(select(ROLLOUTS.c.revision).where(ROLLOUTS.c.key == rollout.key)).scalar()
        if stored != expected_revision:
            raise stale_rollout(rollout.key, expected_revision, stored)
        if stored is None:
            connection.execute(insert(ROLLOUTS).values(key=rollout.key, **row))
        else:
            connection.execute(update(ROLLOUTS).where(ROLLOUTS.c.key == rollout.key).values(row))


class SqlEpochs:
    """The repository; see `rollout_core.ports.control_rollouts.Epochs`."""

    def __init__(self, connection: Connection) -> None:
        self._rows = DocumentTable(connection, EPOCHS, Epoch)

    def add(self, epoch: Epoch) -> None:
        """Raises InvalidRequest when the number is taken."""
        if self._rows.get(rollout=epoch.rollout, number=epoch.number) is not None:
            raise epoch_taken(epoch)
        self._rows.put(epoch, {"rollout": epoch.rollout, "number": epoch.number}, began_at=epoch.began_at)

    def of(self, rollout: str) -> tuple[Epoch, ...]:
        """Oldest first."""
        return self._rows.all(EPOCHS.c.rollout == rollout, order=(EPOCHS.c.number,))

    def current(self, rollout: str) -> Epoch | None:
        """The newest."""
        newest = self._rows.all(EPOCHS.c.rollout == rollout, order=(EPOCHS.c.number.desc(),), limit=1)
        return newest[0] if newest else None


class SqlOverrides:
    """The repository; see `rollout_core.ports.control_rollouts.Overrides`. No flag (all flags) is stored as ''."""

    def __init__(self, connection: Connection) -> None:
        self._rows = DocumentTable(connection, OVERRIDES, Override)

    def set(self, override: Override) -> None:
        """Inserts or replaces."""
        self._rows.put(override, {"rollout": override.rollout, "subject": override.subject,
                                  "flag": override.flag or ""})

    def remove(self, rollout: str, subject: str, flag: str | None) -> bool:
        """True when there was one."""
        return self._rows.remove(rollout=rollout, subject=subject, flag=flag or "") > 0

    def of(self, rollout: str) -> tuple[Override, ...]:
        """By subject, then flag."""
        return self._rows.all(OVERRIDES.c.rollout == rollout, order=(OVERRIDES.c.subject, OVERRIDES.c.flag))


def rollout_not_found(key: str, known: tuple[str, ...]) -> RolloutNotFound:
    """Says which rollouts there are."""
    return RolloutNotFound(f"There is no rollout {key!r}.",
                           mend=f"Known rollouts: {', '.join(known) or 'none yet, run `rollout setup`'}.",
                           rollout=key, known=known)


def stale_rollout(key: str, expected: int | None, stored: int | None) -> StaleRollout:
    """Says which revision there is."""
    return StaleRollout(f"Rollout {key} has changed since you looked: it is at revision {stored}, not {expected}.",
                        mend="Look at it again and decide anew.", rollout=key, expected=expected, revision=stored)


def epoch_taken(epoch: Epoch) -> InvalidRequest:
    """Epochs are never edited."""
    return InvalidRequest(f"Epoch {epoch.number} of {epoch.rollout} is recorded already.", rollout=epoch.rollout,
                          epoch=epoch.number)
