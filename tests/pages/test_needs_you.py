"""What needs somebody, on the first page and in the list of alerts: of now, since when, and what is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from pages.panels.states import arrival
from rollout_core.charts.words import plain
from rollout_core.health.alert import AlertState
from rollout_core.insight.alerts import AlertLine, AlertsAnswer
from rollout_core.insight.overview import Need
from rollout_core.insight.status import AlertCounts
from tests.fakes.control_room import ANSWERS, FakeControlRoom
from tests.fakes.sample_answers import ALERTS, NOW
from tests.pages.conftest import open_page, put, text_of

SO = Need("patient_engagement", "Patient engagement", "critical", "Patient engagement: Error rate above 5 %",
          "23.8%, 231 sessions", "roll_back", "alert-1", NOW - timedelta(days=17), since_at=NOW - timedelta(days=17),
          seen_at=NOW, holds=True)
UNKNOWN = replace(SO, seen_at=NOW - timedelta(days=2), holds=None, latest="no data")
OVER = replace(UNKNOWN, verb="acknowledge_alert", due_at=None, holds=False, latest="0.9%, 1,020 sessions",
               calm_since_at=NOW - timedelta(minutes=3))


def overview(need: Need) -> AppTest:
    """The first page, with one need."""
    answer = replace(ANSWERS["overview"](None), needs=(need,))
    put(FakeControlRoom({"overview": lambda _: answer}))
    return open_page("insight/overview.py")


def test_harm_that_is_so_now_says_since_when_and_offers_the_way_back_first() -> None:
    app = overview(SO)
    said = text_of(app)
    assert "Since " in said
    assert "overdue by 17 days" in said
    assert app.button(key="need-0").label == "Roll back…"
    assert app.button(key="need-0").proto.type == "primary"


def test_what_cannot_be_seen_now_says_so_and_puts_no_rollback_first() -> None:
    app = overview(UNKNOWN)
    assert plain("Whether it still is, is not known: no data.") in text_of(app)
    assert app.button(key="need-0").proto.type == "secondary"


def test_what_is_over_says_what_it_was_then_and_what_is_now_and_offers_no_rollback() -> None:
    app = overview(OVER)
    said = text_of(app)
    assert f": {plain('23.8%, 231 sessions')}" in said.replace("\\:", ":")
    assert plain("Now: 0.9%, 1,020 sessions.") in said
    assert "resolves by itself" in said
    assert "overdue" not in said
    assert app.button(key="need-0").label != "Roll back…"
    assert ":gray-badge[:material/emergency_home: Critical]" in said


def test_the_list_of_alerts_tells_the_same() -> None:
    over = replace(ALERTS[0], calm_since_at=NOW, facts={"evidence": "23.8%"}, latest="0.9%", seen_at=NOW - timedelta(2))
    answer = AlertsAnswer(AlertCounts(calming=1), (AlertLine(over, False, None),), NOW)
    put(FakeControlRoom({"alerts": lambda _: answer}))
    said = text_of(open_page("control/alerts.py"))
    assert "1 calming down" in said
    assert plain("Now: 0.9%.") in said
    assert "overdue" not in said


def test_what_was_resolved_says_how_long_it_lasted_and_that_its_number_is_of_then() -> None:
    gone = replace(ALERTS[0], state=AlertState.RESOLVED, opened_at=NOW - timedelta(days=17), latest="2.05%",
                   resolved_at=NOW - timedelta(days=14), facts={"evidence": "23.8%"}, seen_at=NOW - timedelta(days=15))
    answer = AlertsAnswer(AlertCounts(), (AlertLine(gone, overdue=False, seconds_left=None),), NOW)
    put(FakeControlRoom({"alerts": lambda _: answer}))
    said = text_of(open_page("control/alerts.py"))
    assert "for 3 days" in said
    assert "17 days" not in said
    assert plain("When it was resolved: 2.05%.") in said
    assert "Now:" not in said.replace("\\:", ":")


@pytest.mark.parametrize(("minutes", "partly", "word"), [
    (1, False, "Live"), (14, False, "Quiet for 14 min"), (31, False, "Stale"), (1, True, "Partly stale"),
    (31, True, "Stale")])
def test_every_page_calls_live_what_came_in_the_last_minutes_only(minutes: int, partly: bool, word: str) -> None:
    assert f" {word}]" in arrival(NOW - timedelta(minutes=minutes), NOW, partly=partly)
