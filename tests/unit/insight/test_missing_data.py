"""Silence: alarming where something usually arrives, ordinary at night, never ignored for a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from rollout_core.insight.missing_data import missing_data, stopped
from rollout_core.ports.event_questions import LastSeen, Rows, Totals
from rollout_core.rollouts.status import Status

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


@dataclass
class Arrivals:
    """An event store that knows when sessions came."""

    at: list[datetime]

    def measure(self, question: Any) -> Rows:
        if isinstance(question, LastSeen):
            return Rows(("kind", "occurred_at"), [("session", max(self.at))] if self.at else [])
        assert isinstance(question, Totals)
        inside = [at for at in self.at if question.window.since_at <= at < question.window.until_at]
        return Rows(("metric", "n"), [("session_errors", len(inside))])


def weeks_of(*, by_day: int, until: datetime, since: datetime = MONDAY - timedelta(days=14)) -> list[datetime]:
    """Sessions from 8 to 20 h, `by_day` of them evenly, none at night."""
    step = timedelta(hours=12) / by_day
    days = [since + timedelta(days=day) for day in range((until - since).days + 1)]
    return [at for day in days for number in range(by_day) if (at := day + timedelta(hours=8) + number * step) < until]


def seen(at: list[datetime], now: datetime, percentage: int = 50_000, status: Status = Status.RUNNING) -> bool:
    return missing_data(Arrivals(at), scene(now, percentage, status))[0]      # type: ignore[arg-type]


def scene(now: datetime, percentage: int = 50_000, status: Status = Status.RUNNING) -> Any:
    return SimpleNamespace(rollout=SimpleNamespace(status=status, percentage=percentage), now=now,
                           plan=SimpleNamespace(measurement=SimpleNamespace(stale_after=timedelta(minutes=30))))


def test_a_quiet_night_is_no_missing_data() -> None:
    assert not seen(weeks_of(by_day=1_000, until=MONDAY), MONDAY + timedelta(hours=6))


@pytest.mark.parametrize(("minutes", "missing"), [(20, False), (31, True)])
def test_silence_in_a_busy_hour_is_missing_data_after_the_plans_time(minutes: int, missing: bool) -> None:
    broke = MONDAY + timedelta(hours=11)
    assert seen(weeks_of(by_day=1_000, until=broke), broke + timedelta(minutes=minutes)) is missing


def test_what_broke_at_night_is_noticed_in_the_morning() -> None:
    at = weeks_of(by_day=1_000, until=MONDAY)
    assert not seen(at, MONDAY + timedelta(hours=8, minutes=5))     # about 7 of 1,000 by 8:05
    assert seen(at, MONDAY + timedelta(hours=8, minutes=30))        # 42 by 8:30


def test_a_day_of_silence_is_missing_data_however_little_usually_comes() -> None:
    at = weeks_of(by_day=3, until=MONDAY)
    assert not seen(at, MONDAY + timedelta(hours=12))
    assert seen(at, MONDAY + timedelta(hours=17))                   # the last one came at 16:00 the day before


def test_a_store_without_habits_goes_by_the_plans_time_alone() -> None:
    began = MONDAY + timedelta(hours=8)
    at = [began + timedelta(minutes=number) for number in range(60)]
    assert not seen(at, began + timedelta(hours=1, minutes=20))
    assert seen(at, began + timedelta(hours=2))


def test_nothing_ever_is_missing_data_only_while_something_is_served() -> None:
    assert seen([], MONDAY)
    assert not seen([], MONDAY, percentage=0)
    assert not seen([], MONDAY, status=Status.PAUSED)


def test_a_quiet_night_undoes_no_proof_and_a_kind_that_is_away_for_a_day_does() -> None:
    at = weeks_of(by_day=1_000, until=MONDAY)
    night, rush = MONDAY + timedelta(hours=6), MONDAY + timedelta(hours=8, minutes=30)
    assert not stopped(Arrivals(at), scene(night), ("session",)), "sessions rest as they do every night"
    assert stopped(Arrivals(at), scene(rush), ("session",)), "42 sessions should have come by now"
    assert stopped(Arrivals(at), scene(night), ("web_vital",)), "this kind never came"
