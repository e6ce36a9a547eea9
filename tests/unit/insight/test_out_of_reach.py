"""What cannot be asked is refused in words: a phase nobody planned, a time beyond calendars, a column there is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rollout_core.errors import InvalidRequest
from rollout_core.insight import QUESTIONS, foresight, gates, verdicts
from rollout_core.insight.foresight_answer import ForesightRequest
from rollout_core.insight.gates import GatesRequest
from rollout_core.insight.series import SeriesRequest
from rollout_core.insight.series_answer import answer as series
from rollout_core.insight.traffic import TrafficRequest
from rollout_core.insight.traffic import answer as traffic
from rollout_core.insight.verdicts import VerdictsRequest
from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import AdoptionAtAge, Retention
from tests.golden.made_world import T0, World


@pytest.mark.parametrize(("answer", "request_of"), [(gates.answer, GatesRequest), (verdicts.answer, VerdictsRequest),
                                                    (foresight.answer, ForesightRequest)])
def test_a_phase_the_plan_does_not_have_is_refused_with_those_it_has(
        world: World, answer: Callable[..., Any], request_of: Callable[..., Any]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        answer(world.room, request_of("r", "<nowhere>"))
    assert "Its phases are" in (refused.value.mend or "")


@pytest.mark.parametrize("moment", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC),
                                    datetime(1970, 1, 1, tzinfo=UTC), datetime(2026, 3, 3)])
@pytest.mark.parametrize("place", ["since_at", "until_at"])
@pytest.mark.parametrize("name", ["traffic", "compare", "adoption", "vitals", "speed", "business", "metrics"])
def test_a_time_beyond_the_calendar_or_without_a_zone_is_refused(
        world: World, name: str, place: str, moment: datetime) -> None:
    question = QUESTIONS[name]
    with pytest.raises(InvalidRequest):
        question.answer(world.room, question.request(rollout="r", **{place: moment}))


def test_the_rest_of_today_may_be_asked_for(world: World) -> None:
    until_at = world.room.clock.now() + timedelta(hours=20)
    assert traffic(world.room, TrafficRequest("r", "day", until_at=until_at)).window.until_at == until_at


def test_a_column_that_the_events_of_a_metric_do_not_have_is_no_failure_of_the_store(world: World) -> None:
    with pytest.raises(InvalidRequest, match="'endpoint' cannot narrow"):
        series(world.room, SeriesRequest("session_duration", "r", endpoint="/plan"))
    with pytest.raises(InvalidRequest, match="'flag' cannot narrow"):
        series(world.room, SeriesRequest("lcp_p75", "r", flag="f1"))
    assert series(world.room, SeriesRequest("error_rate", "r", page="/plan")).arms


def test_years_before_the_first_exposure_cost_nothing_and_change_nothing(world: World) -> None:
    """The fortnight has 14 days of people; a window from the year 2000 on is put together from no more parts."""
    now = world.room.clock.now()
    questions: tuple[Callable[[Window], Any], ...] = (
        lambda window: AdoptionAtAge("r", window, now, 24), lambda window: Retention(window, now, "r", days=(1, 3)))
    for question in questions:
        world.room.events._parts.clear()
        near = world.room.events.measure(question(Window(T0, now))).rows
        parts = len(world.room.events._parts._rows)
        assert near
        assert 0 < parts <= 15
        far = world.room.events.measure(question(Window(datetime(2000, 1, 1, tzinfo=UTC), now))).rows
        assert far == near
        assert len(world.room.events._parts._rows) <= 2 * parts
