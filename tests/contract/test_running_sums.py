"""Sums that run with the days: which days are counted at a look, and that they always add up to all of them."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from rollout_core.storage.running_sums import ByDay, Kept, RunningSums, Stamped, brought_up, whole

FIRST = date(2026, 3, 1)
KEY = (1, 2)


def day(number: int) -> date:
    """The n-th of March."""
    return date(2026, 3, number)


class Days:
    """Each day of March holds its number; notes which days were read."""

    def __init__(self) -> None:
        self.read: list[str] = []
        self.numbers = {day(number): number for number in range(1, 15)}

    def count(self, since: date | None, until: date, by_day: bool) -> ByDay:
        first = since or FIRST
        self.read.append(f"{first.day}-{(until - timedelta(days=1)).day}{' each' if by_day else ''}")
        found = {each: {KEY: np.array([number])} for each, number in self.numbers.items() if first <= each < until}
        if by_day:
            return found
        return {None: {KEY: sum((cells[KEY] for cells in found.values()), np.array([0]))}} if found else {}


class Look:
    """Looks at the days up to one, with what is kept from the last time."""

    def __init__(self, *, keep_last: bool = True) -> None:
        self.days, self.kept, self.keep_last = Days(), None, keep_last

    kept: Kept | None

    def at(self, last: int, stamps: dict[date, int] | None = None, stamped: Stamped | None = None) -> list[str]:
        """What was read; the sum is that of all days."""
        self.days.read = []
        self.kept = brought_up(self.kept, stamped or Stamped(stamps or {}), day(last), self.days.count,
                               keep_last=self.keep_last)
        assert whole(self.kept)[KEY].tolist() == [sum(n for each, n in self.days.numbers.items() if each <= day(last))]
        return self.days.read


def test_days_that_are_over_are_read_once() -> None:
    look = Look()
    assert look.at(5) == ["1-3", "4-5 each"]
    assert look.at(5) == []
    assert look.at(5, {day(5): 1}) == ["5-5 each"], "the present day was rebuilt"
    assert look.at(6, {day(5): 1}) == ["6-6 each"], "the day before is kept by itself"
    assert look.at(9, {day(5): 1}) == ["7-7", "8-9 each"], "days without a look are added at once"


def test_a_rebuilt_day_is_in_the_next_sum() -> None:
    look = Look()
    look.at(6)
    look.days.numbers[day(5)] = 500
    assert look.at(6, {day(5): 1}) == ["5-5 each"], "yesterday alone"
    look.days.numbers[day(2)] = 200
    assert look.at(6, {day(5): 1, day(2): 2}) == ["1-4"], "all that is over, the last days are as they were"
    look.days.numbers[day(3)] = 300
    assert look.at(6, {day(5): 1, day(2): 2, date.min: 3}) == ["1-4", "5-6 each"], "a stamp of all days"


def test_the_present_day_can_be_one_that_is_never_kept() -> None:
    look = Look(keep_last=False)
    look.at(5)
    assert look.at(5) == ["5-5 each"]
    assert look.at(6) == ["5-6 each"]


def test_a_day_that_all_days_depend_on_makes_everything_be_counted_anew() -> None:
    look = Look()
    look.at(8, stamped=Stamped({}, FIRST, day(2)))
    assert look.at(8, stamped=Stamped({day(2): 1}, FIRST, day(2))) == ["1-6", "7-8 each"]


@pytest.mark.parametrize("order", [(9, 4), (9, 9, 3, 12)])
def test_a_watermark_that_is_further_back_is_answered_too(order: tuple[int, ...]) -> None:
    look = Look()
    for last in order:
        look.at(last)


def test_what_was_not_asked_for_the_longest_time_goes_first() -> None:
    memory, kept = RunningSums(most=2), Kept(FIRST, (0, 0), {}, {})
    memory.keep("a", kept)
    memory.keep("b", kept)
    memory.recall("a")
    memory.keep("c", kept)
    assert [memory.recall(question) is not None for question in "abc"] == [True, False, True]
