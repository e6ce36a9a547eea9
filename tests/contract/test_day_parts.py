"""What was counted of settled days is remembered; an answer put together from it is the one counted anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from random import Random
from typing import Any

import numpy as np
import pytest

from rollout_core.metrics.event import Kind
from rollout_core.metrics.event_checks import Accepted
from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import (
    ActiveSubjects,
    AdoptionAtAge,
    Buckets,
    Exposed,
    Histogram,
    Ratings,
    Retention,
    SpanCounts,
    Totals,
)
from rollout_core.ports.event_store import MirroredEpoch, MirroredRollout
from rollout_core.ports.evidence_questions import (
    BucketSums,
    Crossing,
    FirstValues,
    Matured,
    Newcomers,
    RecentSums,
    SumsBefore,
    VersionFirsts,
)
from rollout_core.storage.day_parts import Part, PartMemory, Row, added, put_together
from rollout_core.storage.event_store import DuckdbEventStore, OneState
from tests.fakes.made_events import at, batch, exposed, made

ROLLOUTS = [MirroredRollout("ex", "user")]
EPOCHS = [MirroredEpoch("ex", 1, at(0)), MirroredEpoch("ex", 2, at(80))]
PEOPLE = tuple(f"p{number}" for number in range(24))
END = 24 * 9 + 10.0


def arm_of(who: str) -> str:
    return "treatment" if int(who[1:]) % 2 else "control"


def questions(now: float) -> list[Any]:
    """Of everybody and of a window with broken ends, at ages of whole and of broken days."""
    whole, broken = Window(at(0), at(now)), Window(at(5.3), at(now - 9.7))
    return [
        *(AdoptionAtAge("ex", window, at(now), age, flags=("F",), again_days=again)
          for window in (whole, broken) for age in (24, 36, 72) for again in (0, 2)),
        *(AdoptionAtAge("ex", window, at(now), 24, flag="F") for window in (whole, broken)),
        *(Retention(window, at(now), "ex", days=(1, 3), within=within) for window in (whole, broken)
          for within in (False, True)),
        Retention(whole, at(now), None, "user", days=(1, 3)),
        *(ActiveSubjects("ex", window, ("feature_use", "session"), by_what) for window in (whole, broken)
          for by_what in (False, True)), ActiveSubjects("ex", whole, ("feature_use",), whats=("F",)),
        Newcomers("ex", (1, 2)), Newcomers("ex", (2,)),
        *(Matured("ex", epochs, ("feature_use",), at(now), within_hours=hours, whats=("F",))
          for epochs in ((1, 2), (2,)) for hours in (24, 36)),
        *(VersionFirsts("ex", "feature_use", epochs, anew) for epochs in ((1, 2), (2,)) for anew in (False, True)),
        Matured("ex", (1, 2), ("feature_use", "session"), at(now), on_day=2),
        Matured("ex", (1, 2), ("session",), at(now), on_day=1, crossings=(Crossing(1, "control", at(60)),)),
        *(FirstValues("ex", "feature_use", 0, epochs, at(30)) for epochs in ((1, 2), (2,))),
        *(BucketSums("ex", SUMMED, epochs) for epochs in ((1, 2), (2,))),
        *(RecentSums("ex", SUMMED, (1, 2), at(now - back).date()) for back in (24, 96)),
        *(SumsBefore("ex", Window(at(24), at(72)), (("feature_use", ""), ("session", "")), epochs)
          for epochs in ((1, 2), (2,))),
        *(Ratings(broken, "satisfaction", "ex", ("arm", "epoch"), live=live) for live in (False, True)),
        *(Buckets("ex", SUMMED, window, by_day=by_day) for window in (whole, broken) for by_day in (False, True)),
        Exposed("ex", whole), Exposed("ex", broken), SpanCounts("ex", at(now)), SpanCounts("ex", at(now - 30)),
        Histogram(broken, ("session_duration",), "ex", ("arm", "epoch")), Totals(broken, SUMMED, "ex"),
    ]


SUMMED = ("feature_use", "session_errors", "session_duration")


def answers(store: DuckdbEventStore, now: float) -> list[list[Row]]:
    """Every answer as plain values, all asked of one state of the store."""
    with store.one_state() as state:
        return [sorted((tuple(map(_plain, row)) for row in state.measure(question).rows), key=repr)
                for question in questions(now)]


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else value


def counted_anew(store: DuckdbEventStore, now: float) -> list[list[Row]]:
    """Nothing remembered."""
    store._parts.clear()
    store._people.clear()
    store._sums.clear()
    return answers(store, now)


def history(dice: Random) -> Iterator[Accepted]:
    """Nine days: everybody is exposed once or several times, most use it now and then."""
    for who in PEOPLE:
        entered = dice.uniform(0, 24 * 8)
        for hour in [entered, *(dice.uniform(entered, END - 1) for _ in range(dice.randrange(3)))]:
            yield exposed(hour, who, arm_of(who), 1 if hour < 80 else 2, received=END)
        for _ in range(dice.randrange(6)):
            yield made(Kind.FEATURE_USE, dice.uniform(0, END - 1), who, flag=dice.choice("FG"), value=1.0, received=END)
            yield made(Kind.SESSION, dice.uniform(0, END - 1), who, session=f"{who}{dice.random()}", value=1.0,
                       received=END)
        yield made(Kind.FEEDBACK, 5.5 + int(who[1:]) / 2, who, value=4.0, scale=(1.0, 5.0), received=END)


@pytest.fixture
def store() -> Iterator[DuckdbEventStore]:
    opened = DuckdbEventStore(None, b"s" * 32)
    opened.mirror(ROLLOUTS, EPOCHS)
    opened.write(batch(*history(Random(7)), received=END))
    opened.close_windows(at(END))
    yield opened
    opened.close()


def late_use(store: DuckdbEventStore) -> None:
    store.write(batch(*(made(Kind.FEATURE_USE, 30.0, who, flag="F", value=1.0, received=END) for who in PEOPLE),
                      received=END))


def late_first_exposure(store: DuckdbEventStore) -> None:
    store.write(batch(*(exposed(0.01, who, arm_of(who), received=END) for who in PEOPLE[:9]), received=END))


def change_of_sides(store: DuckdbEventStore) -> None:
    other = {"treatment": "control", "control": "treatment"}
    store.write(batch(*(exposed(90, who, other[arm_of(who)], 2, received=END) for who in PEOPLE[:9]), received=END))


def an_earlier_epoch_end(store: DuckdbEventStore) -> None:
    store.mirror(ROLLOUTS, [EPOCHS[0], MirroredEpoch("ex", 2, at(60))])


def somebody_forgotten(store: DuckdbEventStore) -> None:
    for who in PEOPLE[:5]:
        store.forget("user", who)


@pytest.mark.parametrize("change", [late_use, late_first_exposure, change_of_sides, an_earlier_epoch_end,
                                    somebody_forgotten])
def test_a_change_of_the_past_is_in_the_next_answer(store: DuckdbEventStore,
                                                    change: Callable[[DuckdbEventStore], None]) -> None:
    before = answers(store, END)
    change(store)
    store.close_windows(at(END + 0.1))
    remembered = answers(store, END)
    assert remembered == counted_anew(store, END)
    assert remembered != before


def test_the_broken_day_at_a_windows_beginning_is_read_from_raw_events_once(store: DuckdbEventStore) -> None:
    question = Ratings(Window(at(5.3), at(END - 9.7)), "satisfaction", "ex")
    first = store.measure(question).rows
    assert sum(row[-1] for row in first) == len(PEOPLE)
    with store.database.transaction() as cursor:            # nothing tells of it: no stamp of these days is new
        cursor.execute("DELETE FROM event_feedback")
    assert store.measure(question).rows == first
    store._parts.clear()
    assert sum(row[-1] for row in store.measure(question).rows) < len(PEOPLE)


def test_time_that_passes_gives_the_answers_of_a_store_that_remembers_nothing(store: DuckdbEventStore) -> None:
    for hour in (END, END + 0.5, END + 20, END + 60):
        store.close_windows(at(hour))
        assert answers(store, hour) == counted_anew(store, hour)


def goes_on(dice: Random, since: float, until: float) -> Iterator[Accepted]:
    """Some use it again or for the first time, some change sides, and some of it is told late."""
    other = {"treatment": "control", "control": "treatment"}
    for who in dice.sample(PEOPLE, 12):
        hour = dice.uniform(since, until) if dice.random() < 0.8 else dice.uniform(END - 60, since)
        yield made(Kind.FEATURE_USE, hour, who, flag=dice.choice("FFG"), value=1.0, received=until)
        yield made(Kind.SESSION, hour, who, session=f"{who}{dice.random()}", value=1.0, received=until)
    for who in dice.sample(PEOPLE, 4):
        arm = dice.choice([arm_of(who), arm_of(who), other[arm_of(who)], "former"])
        yield exposed(dice.uniform(since, until), who, arm, 2, received=until)
    for _ in range(3):
        newcomer = f"p{dice.randrange(100, 10**6)}"
        for arm in (dice.choice([arm_of(newcomer), "former"]), arm_of(newcomer)):
            yield exposed(dice.uniform(since, until), newcomer, arm, 2, received=until,
                          inclusion=dice.choice([0, 50_000, 50_000]))


@pytest.mark.parametrize("seed", range(4))
def test_people_of_the_present_day_are_counted_as_if_nothing_were_settled(store: DuckdbEventStore, seed: int) -> None:
    dice, hour = Random(seed), END
    for step in (0.4, 3, 6, 7, 12, 0.3, 13, 20):
        store.write(batch(*goes_on(dice, hour, hour + step), received=hour + step))
        hour += step
        store.close_windows(at(hour))
        asked = [each for each in questions(hour)
                 if not isinstance(each, BucketSums | RecentSums | SumsBefore | Ratings | Histogram | Totals)]
        with store.one_state() as state:
            remembered = [sorted(state.measure(question).rows) for question in asked]
            state.reader._known.clear()
            plain = OneState(replace(state.reader, closed_until_at=None))
            assert remembered == [sorted(plain.measure(question).rows) for question in asked]
        assert answers(store, hour) == counted_anew(store, hour)


def test_whoever_changes_sides_today_before_it_is_known_is_left_out(store: DuckdbEventStore) -> None:
    """Eight enter yesterday at 11 o'clock in epoch 2; of the four treated ones two come back today in epoch 3 as
    control, one before 11 o'clock and one after it."""
    who = [f"p{number}" for number in range(200, 208)]
    began, midnight = END - 23, END - 10
    store.mirror(ROLLOUTS, [*EPOCHS, MirroredEpoch("ex", 3, at(midnight))])
    store.write(batch(*(exposed(began, each, arm_of(each), 2, received=END) for each in who), received=END))
    store.close_windows(at(END))
    question = Matured("ex", (2, 3), ("feature_use",), at(END + 4), within_hours=24)

    def known() -> dict[str, int]:
        store.close_windows(at(END + 4))
        with store.one_state() as state:
            rows = state.measure(question).rows
            state.reader._known.clear()
            assert sorted(rows) == sorted(OneState(replace(state.reader, closed_until_at=None)).measure(question).rows)
        return {arm: sum(row[4] for row in rows if row[3] == arm) for arm in ("treatment", "control")}

    before = known()
    store.write(batch(exposed(began + 23.5, who[1], "control", 3, received=END + 2),
                      exposed(began + 24.5, who[3], "control", 3, received=END + 2), received=END + 2))
    assert known() == {**before, "treatment": before["treatment"] - 1}


def test_the_sum_of_an_answer_is_everybody(store: DuckdbEventStore) -> None:
    newcomers = store.measure(Newcomers("ex", (1, 2))).records()
    assert sum(row["entered"] for row in newcomers) == len(PEOPLE)
    adopters = store.measure(AdoptionAtAge("ex", Window(at(0), at(END)), at(END + 48), 24)).records()
    assert sum(row["exposed"] for row in adopters) == len(PEOPLE)


class TestPuttingTogether:
    """Days 1..6 of March; the parts of a day depend on it and the day after."""

    def parts(self) -> list[Part]:
        return [Part(date(2026, 3, day), date(2026, 3, day), date(2026, 3, day + 1), "q") for day in range(1, 7)]

    def look(self, memory: PartMemory, stamps: dict[date, int], settled_before: date | None) -> list[list[int]]:
        """Which days were counted, run by run."""
        runs: list[list[int]] = []

        def count(run: Sequence[Part]) -> list[Row]:
            runs.append([part.day.day for part in run])
            return [(part.day, "x", part.day.day) for part in run]

        rows = put_together(memory, stamps, settled_before, self.parts(), count)
        assert added(rows, 1) == [("x", 21)]
        return runs

    def test_settled_days_are_counted_once(self) -> None:
        memory, border = PartMemory(), date(2026, 3, 5)
        assert self.look(memory, {}, border) == [[1, 2, 3, 4, 5, 6]]
        assert self.look(memory, {}, border) == [[4, 5, 6]]         # day 4 needs the 5th, which is not over

    def test_a_rebuilt_day_is_counted_again_with_those_that_depend_on_it(self) -> None:
        memory, border = PartMemory(), date(2026, 3, 5)
        self.look(memory, {}, border)
        assert self.look(memory, {date(2026, 3, 2): 1}, border) == [[1, 2], [4, 5, 6]]

    def test_a_stamp_of_all_days_forgets_everything(self) -> None:
        memory, border = PartMemory(), date(2026, 3, 5)
        self.look(memory, {}, border)
        assert self.look(memory, {date.min: 1}, border) == [[1, 2, 3, 4, 5, 6]]

    def test_nothing_is_remembered_before_the_first_window_is_closed(self) -> None:
        memory = PartMemory()
        self.look(memory, {}, None)
        assert self.look(memory, {}, None) == [[1, 2, 3, 4, 5, 6]]
