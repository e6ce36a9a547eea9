"""Anchors: the instants that conditions on age and inactivity look from, so that nobody falls out by the clock.

A condition that time makes false ("newer than") looks from the instant its audience was first opened, for as long as
the rollout lives. One that time makes true ("older than") looks from the latest raise of exposure. So a raise only adds
people, and a reduction, a rollback, a resume or the clock moves nobody at all. `docs/decisions/0023` has the reasons.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple


class Looks(NamedTuple):
    """Where one rule's time conditions look from: `newer_at` for "newer than", `older_at` for "older than"."""

    newer_at: datetime
    older_at: datetime

    @classmethod
    def at(cls, instant: datetime) -> Looks:
        """Both from one instant."""
        return cls(instant, instant)


@dataclass(frozen=True, slots=True)
class Anchors:
    """`first_at`: the first raise, `raised_at`: the latest one, `opened_at`: per audience the raise that opened it."""

    first_at: datetime
    raised_at: datetime
    opened_at: Mapping[str, datetime] = field(default_factory=dict)

    @classmethod
    def at(cls, instant: datetime, opened: Iterable[str] = ()) -> Anchors:
        """Everything looks from one instant."""
        return cls(instant, instant, dict.fromkeys(opened, instant))

    @property
    def eligibility(self) -> Looks:
        """Where the conditions of the eligibility look from."""
        return Looks(self.first_at, self.raised_at)

    def audience(self, key: str) -> Looks:
        """Where the conditions of an audience look from; one that was never open looks from the latest raise."""
        return Looks(self.opened_at.get(key, self.raised_at), self.raised_at)

    def raised(self, at: datetime, opened: Iterable[str] = ()) -> Anchors:
        """After a raise at an instant that served these audiences. An audience that was open before keeps its own."""
        return replace(self, raised_at=max(at, self.raised_at),
                       opened_at={**dict.fromkeys(opened, at), **self.opened_at})

    def lesser(self, other: Anchors) -> Anchors:
        """The anchors under which nobody belongs to an audience who does not under both (after a restore)."""
        keys = {*self.opened_at, *other.opened_at}
        return Anchors(max(self.first_at, other.first_at), min(self.raised_at, other.raised_at),
                       {key: max(self.audience(key).newer_at, other.audience(key).newer_at) for key in keys})
