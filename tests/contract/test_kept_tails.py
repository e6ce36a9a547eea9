"""Whatever arrives, repeats, comes late, closes or is forgotten: a kept tail is what raw events said shortly before."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from rollout_core.insight.heavy_tail import KeptTails
from rollout_core.insight.tail import by_family
from rollout_core.insight.two_parts import Row
from rollout_core.metrics.event import Kind
from rollout_core.metrics.event_checks import Accepted
from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import EVERYTHING, Tail, Watermarks
from rollout_core.ports.event_store import MirroredEpoch, MirroredRollout
from rollout_core.ports.tail_memory import MOST_RESTS, TailMemory
from rollout_core.storage.event_store import DuckdbEventStore
from tests.fakes.made_events import at, batch, exposed, made

FAMILIES = ("exposures", "session_errors", "session_errors:", "vital:", "page_load_score", "page_views", "feedback")
FIVE = timedelta(minutes=5)
BEGUN = at(29.9)
STEPS = 12
PEOPLE = "abcdef"
KINDS = (Kind.EXPOSURE, Kind.SESSION, Kind.ERROR, Kind.WEB_VITAL, Kind.PAGE_VIEW, Kind.FEEDBACK)


@dataclass
class Story:
    """A store in which things happen, what is kept of its tails (a reading takes a second), and what raw events said at
    each instant of every stretch that a later look may ask for."""

    dice: Random
    store: DuckdbEventStore
    now: datetime = BEGUN
    memory: TailMemory = field(default_factory=TailMemory)
    said: dict[datetime, dict[datetime, dict[str, list[Row]]]] = field(default_factory=dict)
    changed_at: datetime = BEGUN
    sent: list[Accepted] = field(default_factory=list)
    times: dict[str, int] = field(default_factory=dict)

    def events(self) -> list[Accepted]:
        """Some of the last minutes, some late, some again; few ids, so that reports meet each other."""
        again = self.dice.sample(self.sent, min(len(self.sent), self.dice.randint(0, 3)))
        found = [self._event(self.dice.choice(KINDS)) for _ in range(self.dice.randint(0, 12))]
        self.sent += found
        return found + again

    def _event(self, kind: Kind) -> Accepted:
        back = self.dice.choice((2, 60, 200, 3_000)) * self.dice.random()
        hour, who, one = self._hour() - back / 3600, self.dice.choice(PEOPLE), str(self.dice.randint(0, 4))
        if kind is Kind.EXPOSURE:
            return exposed(hour, who, self.dice.choice(("treatment", "control")))
        own: dict[Kind, dict[str, Any]] = {
            Kind.ERROR: {"category": "api", "severity": "critical", "message": "x"},
            Kind.WEB_VITAL: {"name": self.dice.choice(("LCP", "CLS")), "metric_id": one, "load": one},
        }
        value = {} if kind in (Kind.ERROR, Kind.PAGE_VIEW) else {"value": float(self.dice.randint(1, 5))}
        return made(kind, hour, who, session=one, page="/a", **value, **own.get(kind, {}))

    def _hour(self) -> float:
        return (self.now - at(0)).total_seconds() / 3600

    def happens(self) -> None:
        """One thing: mostly a flush."""
        self.now += timedelta(seconds=self.dice.choice((1, 7, 12, 40, 150)))
        if found := self.events():
            self.store.write(batch(*found, received=self._hour()))
        if self.dice.random() < 0.6:
            self.store.close_windows(self.now)
        if self.dice.random() < 0.15:
            self.store.forget("user", self.dice.choice(PEOPLE))
            self.changed_at = self.now

    def look(self) -> None:
        """A look is given what raw events said at one instant, not long ago and after the last change of everything."""
        marks = self.store.measure(Watermarks())
        since_at = marks.closed_until_at
        assert since_at is not None
        self.said[self.now] = {since_at + FIVE * place: self._raw(since_at + FIVE * place) for place in range(3)}
        clock = iter((0.0, 1.0) * 2)
        tails = KeptTails(self.store, self.memory, self.now, [row for row in marks if row[0] == EVERYTHING],
                          lambda work: work(), heavy=1, clock=lambda: next(clock))
        given = tails.families(self._question(since_at))
        for name in FAMILIES:
            instants = [instant for instant, said in self.said.items() if since_at in said
                        and _sorted(said[since_at].get(name, [])) == _sorted(given[name])]
            lately = [instant for instant in instants if instant >= self.changed_at
                      and self.now - instant < timedelta(seconds=MOST_RESTS)]
            assert lately, (name, self.now, instants)
            how = "kept" if self.now not in lately else "as now"
            self.times[how] = self.times.get(how, 0) + bool(given[name])

    def _raw(self, since_at: datetime) -> dict[str, list[Row]]:
        return by_family(self.store.measure(self._question(since_at))) if since_at < self.now else {}

    def _question(self, since_at: datetime) -> Tail:
        return Tail(Window(since_at, self.now), FAMILIES, "ex")


def _sorted(rows: list[Row]) -> list[str]:
    return sorted(map(str, rows))


@pytest.mark.parametrize("seed", range(2))
def test_a_look_is_given_what_raw_events_said_at_one_instant_a_short_time_ago(seed: int) -> None:
    store = DuckdbEventStore(None, b"s" * 32)
    store.mirror([MirroredRollout("ex", "user")], [MirroredEpoch("ex", 1, at(0))])
    store.write(batch(*(exposed(1, who, "treatment" if who < "d" else "control") for who in PEOPLE)))
    store.close_windows(BEGUN)
    story = Story(Random(seed), store)
    for _ in range(STEPS):
        story.happens()
        story.look()
    store.close()
    assert story.times["as now"] > 0
    assert story.times["kept"] > 0, "some looks were given rows of a look before"
