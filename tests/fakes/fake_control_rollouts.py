"""The part of the control store in memory that knows plans, rollouts, epochs, overrides and the register."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from rollout_core.errors import InvalidRequest, PlanNotFound, RolloutNotFound, StaleRollout
from rollout_core.ports.control_records import PlanVersion, RegisterChange, Subject


class FakePlans:
    def __init__(self, rows: dict, reader: Callable) -> None:
        self.rows, self.reader = rows, reader

    def read(self, document):
        return self.reader(document.text, document.source)

    def _row(self, key, version):
        versions = sorted(number for name, number in self.rows if name == key)
        chosen = (key, version if version is not None else max(versions, default=None))
        if chosen not in self.rows:
            raise PlanNotFound(f"There is no plan {key}.", plan=key, version=version, known=self.keys())
        return chosen[1], self.rows[chosen]

    def get(self, key, version=None):
        number, (document, saved) = self._row(key, version)
        return replace(self.read(document), version=number, note=saved.note)

    def document(self, key, version=None):
        return self._row(key, version)[1][0]

    def save(self, plan, document, saved_at, by):
        if (plan.key, plan.version) in self.rows:
            raise InvalidRequest("taken", plan=plan.key)
        self.rows[plan.key, plan.version] = (document, PlanVersion(plan.key, plan.version, plan.note, saved_at, by))

    def versions(self, key):
        return tuple(sorted((saved for _, saved in self.rows.values() if saved.key == key),
                            key=lambda saved: -saved.version))

    def keys(self):
        return tuple(sorted({key for key, _ in self.rows}))


class FakeRollouts:
    def __init__(self, rows: dict) -> None:
        self.rows = rows

    def get(self, key):
        if key not in self.rows:
            raise RolloutNotFound(f"There is no rollout {key!r}.", rollout=key, known=tuple(sorted(self.rows)))
        return self.rows[key]

    def all(self):
        return tuple(self.rows[key] for key in sorted(self.rows))

    def save(self, rollout, expected_revision):
        stored = self.rows.get(rollout.key)
        if (stored.revision if stored else None) != expected_revision:
            raise StaleRollout("stale", rollout=rollout.key, expected=expected_revision,
                               revision=stored.revision if stored else None)
        self.rows[rollout.key] = rollout


class FakeEpochs:
    def __init__(self, rows: dict) -> None:
        self.rows = rows

    def add(self, epoch):
        if (epoch.rollout, epoch.number) in self.rows:
            raise InvalidRequest("taken", rollout=epoch.rollout)
        self.rows[epoch.rollout, epoch.number] = epoch

    def of(self, rollout):
        return tuple(self.rows[key] for key in sorted(self.rows) if key[0] == rollout)

    def current(self, rollout):
        return (self.of(rollout) or (None,))[-1]


class FakeOverrides:
    def __init__(self, rows: dict) -> None:
        self.rows = rows

    def set(self, override):
        self.rows[override.rollout, override.subject, override.flag or ""] = override

    def remove(self, rollout, subject, flag):
        return self.rows.pop((rollout, subject, flag or ""), None) is not None

    def of(self, rollout):
        return tuple(self.rows[key] for key in sorted(self.rows) if key[0] == rollout)


class FakeRegister:
    """Rows are (attributes, change number); tombstones are kept apart; the counter only grows."""

    def __init__(self, rows: dict, removed: dict, counter: dict) -> None:
        self.rows, self.removed, self.counter = rows, removed, counter

    def _next(self):
        self.counter["last"] = self.counter.get("last", 0) + 1
        return self.counter["last"]

    def upsert_many(self, subjects: Iterable[Subject]) -> int:
        changed = 0
        merged: dict = {}
        for subject in subjects:
            key = (subject.unit, subject.id)
            merged[key] = {**merged.get(key, self.rows.get(key, ({}, 0))[0]), **subject.attributes}
        for key, attributes in merged.items():
            if key not in self.rows or self.rows[key][0] != attributes:
                self.rows[key] = (attributes, self._next())
                changed += 1
        return changed

    def get(self, unit, id):
        found = self.rows.get((unit, id))
        return None if found is None else dict(found[0])

    def search(self, unit, prefix="", limit=50, after=None):
        ids = sorted((id for name, id in self.rows if name == unit and id.startswith(prefix)
                      and (after is None or id.encode() > after.encode())), key=str.encode)
        return tuple(Subject(unit, id, self.rows[unit, id][0]) for id in ids[:limit])

    def count(self, unit):
        return sum(name == unit for name, _ in self.rows)

    def changes(self, after, limit=50_000):
        rows = [RegisterChange(number, unit, id, attributes) for (unit, id), (attributes, number) in self.rows.items()]
        rows += [RegisterChange(number, unit, id, None) for number, (unit, id) in self.removed.items()]
        return tuple(sorted((row for row in rows if row.number > after), key=lambda row: row.number)[:limit])

    def remove(self, unit, id):
        if (unit, id) not in self.rows:
            return False
        del self.rows[unit, id]
        self.removed[self._next()] = (unit, id)
        return True

    def purge_removed(self, unit, id):
        for number in [number for number, name in self.removed.items() if name == (unit, id)]:
            del self.removed[number]
