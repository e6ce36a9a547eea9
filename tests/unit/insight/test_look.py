"""One look: its instant stands still, and the store is asked each question once."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any, cast

from rollout_core.insight.look import SeenStore, look
from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import TAIL_COLUMNS, LastSeen, Rows, Tail, Watermarks
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


NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TAIL = Tail(Window(NOON, NOON + timedelta(minutes=3)), ("vital:", "page_views"), "r")


@dataclass
class TailStore(CountingStore):
    """Has one row of every family that it is asked about."""

    def measure(self, question: Any) -> Rows:
        super().measure(question)
        metrics = {"vital:": "vital_good:LCP"}
        return Rows(TAIL_COLUMNS, [
            ("sums", metrics.get(name, name), "treatment", 1, 50_000, NOON, "", "", 0, 1, 1000, 5, 25, 5, 5)
            for name in question.metrics])


def test_a_family_s_tail_is_read_once_and_what_is_missing_together() -> None:
    store = TailStore()
    seen = SeenStore(cast(EventStore, store))
    both = seen.measure(TAIL)
    more = seen.measure(Tail(TAIL.window, ("page_views", "tasks", "render"), "r"))
    assert [question.metrics for question in store.asked] == [("vital:", "page_views"), ("tasks", "render")]
    assert [row[1] for row in both.rows] == ["vital_good:LCP", "page_views"]
    assert [row[1] for row in more.rows] == ["page_views", "tasks", "render"]
    seen.measure(Tail(TAIL.window, ("tasks",), "other"))
    assert store.asked[-1].rollout == "other", "what one rollout's people did is none of another's"


def test_of_threads_that_ask_the_same_one_asks_the_store_and_the_others_wait_for_its_answer() -> None:
    begun, go_on = Event(), Event()

    class SlowStore(CountingStore):
        def measure(self, question: Any) -> Rows:
            begun.set()
            go_on.wait(10)
            return super().measure(question)

    store = SlowStore()
    seen = SeenStore(cast(EventStore, store))
    answers: list[Rows] = []
    threads = [Thread(target=lambda: answers.append(seen.measure(LastSeen()))) for _ in range(5)]
    for thread in threads:
        thread.start()
    assert begun.wait(10)
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert len(store.asked) == 1
    assert len({id(answer) for answer in answers}) == 1
    assert len(answers) == 5
