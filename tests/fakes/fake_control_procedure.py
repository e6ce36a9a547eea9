"""The part of the control store in memory that knows alerts, issues, the checklist and signatures."""

from __future__ import annotations

from rollout_core.errors import NotFound
from rollout_core.health.alert import UNRESOLVED
from rollout_core.health.issue import IssueState


class FakeAlerts:
    def __init__(self, rows: dict, steps: dict) -> None:
        self.rows, self.steps = rows, steps

    def get(self, id):
        if id not in self.rows:
            raise NotFound(f"There is no alert {id!r}.", alert=id)
        return self.rows[id]

    def find(self, rollout, rule, scope):
        return next((each for each in self.rows.values()
                     if (each.rollout, each.rule, each.scope) == (rollout, rule, scope)), None)

    def all(self, rollout=None, *, unresolved=False, limit=500):
        meant = [each for each in self.rows.values() if (rollout is None or each.rollout == rollout)
                 and (not unresolved or each.state in UNRESOLVED)]
        return tuple(newest_first(meant)[:limit])

    def save(self, alert, event=None):
        self.rows[alert.id] = alert
        if event is not None:
            self.steps[alert.id, len(self.history(alert.id)) + 1] = event

    def history(self, id):
        return tuple(self.steps[key] for key in sorted(self.steps) if key[0] == id)


class FakeIssues:
    def __init__(self, rows: dict) -> None:
        self.rows = rows

    def get(self, id):
        if id not in self.rows:
            raise NotFound(f"There is no issue {id!r}.", issue=id)
        return self.rows[id]

    def find(self, rollout, kind, source):
        return next(iter(newest_first([each for each in self.rows.values() if
                                       (each.rollout, each.kind, each.source) == (rollout, kind, source)])), None)

    def all(self, rollout=None, *, open_only=False, limit=500):
        meant = [each for each in self.rows.values() if (rollout is None or each.rollout == rollout)
                 and (not open_only or each.state is IssueState.OPEN)]
        return tuple(newest_first(meant)[:limit])

    def save(self, issue):
        self.rows[issue.id] = issue


class FakeChecklist:
    def __init__(self, ticks: dict, waivers: dict) -> None:
        self._ticks, self._waivers = ticks, waivers

    def tick(self, tick):
        self._ticks[tick.rollout, tick.item] = tick

    def untick(self, rollout, item):
        self._ticks.pop((rollout, item), None)

    def ticks(self, rollout):
        return tuple(self._ticks[key] for key in sorted(self._ticks) if key[0] == rollout)

    def waive(self, waiver):
        self._waivers[waiver.rollout, waiver.item] = waiver

    def waivers(self, rollout):
        return tuple(self._waivers[key] for key in sorted(self._waivers) if key[0] == rollout)


class FakeSignoffs:
    def __init__(self, rows: dict) -> None:
        self.rows = rows

    def add(self, signoff):
        self.rows[len(self.rows)] = signoff

    def of(self, rollout, phase=None):
        newest = {(each.phase, each.criterion): each for _, each in sorted(self.rows.items())
                  if each.rollout == rollout and phase in (None, each.phase)}
        return tuple(newest[key] for key in sorted(newest))


def newest_first(values: list) -> list:
    return sorted(sorted(values, key=lambda each: each.id), key=lambda each: each.changed_at, reverse=True)
