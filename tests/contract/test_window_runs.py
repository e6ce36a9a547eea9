"""Which days are rebuilt together: a run costs much however little is in it."""

from datetime import date, timedelta

from rollout_core.storage.event_windows import EVENTS_AT_ONCE, MOST_DAYS_AT_ONCE, chunks

FIRST = date(2026, 1, 5)


def days(count: int) -> list[date]:
    return [FIRST + timedelta(days=place) for place in range(count)]


def test_a_week_is_one_run_whatever_is_in_it() -> None:
    assert list(chunks(days(7), dict.fromkeys(days(7), EVENTS_AT_ONCE))) == [(days(7)[0], days(7)[-1])]


def test_small_days_share_a_run_up_to_four_weeks() -> None:
    many = days(MOST_DAYS_AT_ONCE + 2)
    assert list(chunks(many, dict.fromkeys(many, 10))) == [(many[0], many[27]), (many[28], many[29])]


def test_big_days_are_rebuilt_by_the_week() -> None:
    many = days(10)
    assert list(chunks(many, dict.fromkeys(many, EVENTS_AT_ONCE // 8))) == [(many[0], many[7]), (many[8], many[9])]
    assert list(chunks(many, dict.fromkeys(many, EVENTS_AT_ONCE // 7))) == [(many[0], many[6]), (many[7], many[9])]


def test_a_gap_begins_a_new_run() -> None:
    two = [FIRST, FIRST + timedelta(days=2)]
    assert list(chunks(two, {})) == [(two[0], two[0]), (two[1], two[1])]
