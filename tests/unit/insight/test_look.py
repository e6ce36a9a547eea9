"""One look: its instant stands still, and the store is asked each question once."""

from dataclasses import dataclass, field
from typing import Any, cast

from rollout_core.insight.look import SeenStore, look
from rollout_core.ports.event_questions import LastSeen, Rows, Watermarks
from rollout_core.ports.event_store import EventStore
from rollout_core.ports.room import Room


@dataclass
class CountingStore:
    """Notes what it was asked."""

    asked: list[Any] = field(default_factory=list)

    def measure(self, question: Any) -> Rows:
        """An empty answer."""
        self.asked.append(question)
        return Rows((), [])


def room_of(store: CountingStore) -> Room:
    return Room(control=cast(Any, None), events=cast(EventStore, store), directory=cast(Any, None))


def test_a_question_is_asked_once_within_a_look_and_anew_in_the_next() -> None:
    store = CountingStore()
    first = look(room_of(store))
    for _ in range(3):
        first.events.measure(Watermarks())
    first.events.measure(LastSeen())
    assert store.asked == [Watermarks(), LastSeen()]
    look(room_of(store)).events.measure(Watermarks())
    assert store.asked == [Watermarks(), LastSeen(), Watermarks()]


def test_the_instant_of_a_look_stands_still() -> None:
    found = look(room_of(CountingStore()))
    assert found.clock.now() == found.clock.now()


def test_a_look_within_a_look_is_the_same() -> None:
    found = look(room_of(CountingStore()))
    assert look(found) is found
    assert isinstance(found.events, SeenStore)
