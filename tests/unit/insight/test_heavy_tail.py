"""Heavy tails are kept for a while that grows with what they cost; light ones never."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from threading import Semaphore
from time import sleep
from typing import Any

from rollout_core.insight.heavy_tail import KeptTails, beside
from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import TAIL_COLUMNS, Rows, Tail
from rollout_core.ports.tail_memory import HEAVY, TailMemory

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SEEN = NOON + timedelta(minutes=7)
FIVE = timedelta(minutes=5)


@dataclass
class CrowdedStore:
    """Has one row of each family, `n` events at `at`; notes what it was asked."""

    n: int = HEAVY
    at: datetime = NOON + timedelta(minutes=6)
    asked: list[Any] = field(default_factory=list)

    def measure(self, question: Any) -> Rows:
        """A row of each family, or two: the first at the beginning."""
        self.asked.append(question)
        return Rows(TAIL_COLUMNS, [
            ("sums", name, "treatment", 1, 50_000, at, "", "", 0, n, 1000 * n, 0, 0, 0, 0)
            for name in question.metrics for at, n in ((NOON, 1), (self.at, self.n))])


@dataclass
class Looks:
    """Looks at a store one after the other; each reading takes `seconds`. Renewals wait in `later`."""

    store: CrowdedStore = field(default_factory=CrowdedStore)
    memory: TailMemory = field(default_factory=TailMemory)
    seconds: float = 1.0
    later: list[Callable[[], None]] = field(default_factory=list)

    def look(self, after: float = 0.0, *metrics: str, since: datetime = NOON, until: datetime | None = None,
             state: object = 1) -> dict[str, int]:
        """Family -> events, as a look so many seconds after SEEN is told."""
        now = SEEN + timedelta(seconds=after)
        clock = chain((0.0, self.seconds), repeat(self.seconds))
        tails = KeptTails(self.store, self.memory, now, state, self.later.append, clock=lambda: next(clock))
        found = tails.families(Tail(Window(since, until or now), metrics or ("page_views",), "r"))
        return {name: sum(row[TAIL_COLUMNS.index("n")] for row in rows) for name, rows in found.items()}


def test_a_light_tail_is_read_at_every_look() -> None:
    looks = Looks(CrowdedStore(n=HEAVY - 2))
    looks.look()
    looks.look(0.001)
    assert len(looks.store.asked) == 2


def test_a_heavy_tail_is_given_again_for_ten_times_as_long_as_it_took() -> None:
    looks = Looks(seconds=2.0)
    assert looks.look() == {"page_views": HEAVY + 1}
    looks.store.n = 2 * HEAVY
    assert looks.look(19.9) == {"page_views": HEAVY + 1}
    assert (len(looks.store.asked), looks.later) == (1, [])


def test_one_that_is_due_is_given_once_more_and_read_beside_the_look_once() -> None:
    looks = Looks()
    looks.look()
    looks.store.n = 2 * HEAVY
    assert looks.look(10.0) == looks.look(11.0) == {"page_views": HEAVY + 1}
    (renew,) = looks.later
    renew()
    assert looks.look(12.0) == {"page_views": 2 * HEAVY + 1}
    assert len(looks.store.asked) == 2
    looks.look(20.0)
    assert len(looks.later) == 2, "it was read as of ten seconds and is due again"


def test_one_that_has_become_too_old_is_waited_for() -> None:
    looks = Looks()
    looks.look()
    looks.store.n = 2 * HEAVY
    assert looks.look(20.0) == {"page_views": 2 * HEAVY + 1}
    assert looks.later == []


def test_what_could_not_be_renewed_is_tried_again_by_a_later_look() -> None:
    class Failing(CrowdedStore):
        def measure(self, question: Any) -> Rows:
            if self.asked:
                raise OSError("gone")
            return super().measure(question)

    looks = Looks(Failing())
    looks.look()
    looks.look(10.0)
    looks.later.pop()()
    looks.look(11.0)
    assert len(looks.later) == 1


def test_only_the_families_that_are_missing_are_read() -> None:
    looks = Looks()
    looks.look(0.0, "page_views")
    looks.look(1.0, "page_views", "tasks")
    assert [question.metrics for question in looks.store.asked] == [("page_views",), ("tasks",)]


def test_when_a_window_has_closed_the_rest_of_a_kept_tail_goes_on() -> None:
    looks = Looks()
    assert looks.look() == {"page_views": HEAVY + 1}
    assert looks.look(1.0, since=NOON + FIVE) == {"page_views": HEAVY}
    assert len(looks.store.asked) == 1


def test_a_tail_that_begins_earlier_than_the_kept_one_is_read() -> None:
    looks = Looks()
    looks.look()
    looks.look(1.0, since=NOON - FIVE)
    assert len(looks.store.asked) == 2


def test_another_state_of_the_store_forgets_what_was_kept() -> None:
    looks = Looks()
    looks.look(state="before somebody was forgotten")
    looks.look(1.0, state="after")
    assert len(looks.store.asked) == 2


def test_a_clock_that_went_back_is_given_nothing_of_what_it_has_not_reached() -> None:
    looks = Looks()
    looks.look(5.0)
    looks.look(0.0)
    assert len(looks.store.asked) == 2


def test_what_ends_before_now_or_begins_within_a_window_is_asked_as_it_is() -> None:
    looks = Looks()
    for _ in range(2):
        looks.look(until=SEEN - timedelta(seconds=1))
        looks.look(since=NOON + timedelta(seconds=1))
    assert len(looks.store.asked) == 4
    assert looks.memory.read_at(SEEN) is None


def test_pages_are_told_of_which_instant_their_oldest_tail_is() -> None:
    looks = Looks()
    assert looks.memory.read_at(SEEN) is None
    looks.look(0.0, "page_views")
    looks.look(3.0, "tasks")
    assert looks.memory.read_at(SEEN + timedelta(seconds=4)) == SEEN
    assert looks.memory.read_at(SEEN + timedelta(seconds=21)) == SEEN + timedelta(seconds=3)
    assert looks.memory.read_at(SEEN + timedelta(seconds=30)) is None


def test_nobody_is_told_of_a_tail_that_is_never_older_than_ten_seconds() -> None:
    looks = Looks(seconds=0.4)
    looks.look()
    assert looks.memory.read_at(SEEN) is None


def test_a_tail_that_has_become_light_is_kept_no_more() -> None:
    looks = Looks()
    looks.look()
    looks.store.n = 1
    looks.look(10.0)
    looks.later.pop()()
    looks.look(12.0)
    assert len(looks.store.asked) == 3


def test_a_reading_that_took_long_replaces_no_newer_one_and_nothing_read_meanwhile() -> None:
    looks = Looks()
    looks.look(0.0)
    looks.look(10.0)
    looks.look(12.0, "tasks")
    looks.store.n = 2 * HEAVY
    assert looks.look(20.0) == {"page_views": 2 * HEAVY + 1}
    looks.store.n = 3 * HEAVY
    looks.later.pop(0)()                    # as of ten seconds, ready after twenty
    asked = len(looks.store.asked)
    assert looks.look(21.0, "page_views", "tasks") == {"page_views": 2 * HEAVY + 1, "tasks": HEAVY + 1}
    assert len(looks.store.asked) == asked


def test_work_beside_the_looks_is_done_one_after_the_other() -> None:
    under_way, most, done = [], [], Semaphore(0)

    def work() -> None:
        under_way.append(1)
        sleep(0.002)
        most.append(len(under_way))
        under_way.pop()
        done.release()

    for _ in range(5):
        beside(work)
    assert all(done.acquire(timeout=10) for _ in range(5))
    assert most == [1] * 5
