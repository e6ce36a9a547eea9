"""The life of an alert."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from rollout_core.health.alert import SINCE, Alert, AlertState
from rollout_core.health.alert_life import acknowledge, overdue, resolve, respond_within, settle, snooze
from rollout_core.health.recommendation import OWN_STEPS, topic_of
from rollout_core.health.sighting import Sighting
from rollout_core.rollouts.plan import AlertLevel, Severity

T0 = datetime(2026, 3, 2, tzinfo=UTC)
TRUE = Sighting("r", "errors", "", Severity.ERROR, True, "Error rate above 5 %", "6.1% of 1,000 requests",
                calm=timedelta(minutes=15))
FALSE, UNKNOWN = replace(TRUE, fires=False), replace(TRUE, fires=None)


def after(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def opened(sighting: Sighting = TRUE) -> Alert:
    alert, event = settle(None, sighting, T0)
    assert alert is not None
    assert event is not None
    assert event.what == "opened"
    return alert


@pytest.mark.parametrize(("severity", "minutes"), [(Severity.CRITICAL, 0), (Severity.ERROR, 120),
                                                   (Severity.WARNING, 480), (Severity.INFO, None)])
def test_each_level_has_its_time_to_respond(severity: Severity, minutes: float | None) -> None:
    alert = opened(replace(TRUE, severity=severity))
    assert alert.due_at == (None if minutes is None else after(minutes))


def test_a_plan_may_set_its_own_times() -> None:
    within = respond_within((AlertLevel(Severity.ERROR, timedelta(minutes=5)),))
    assert settle(None, TRUE, T0, within)[0].due_at == after(5)


def test_nothing_opens_while_the_condition_is_false_or_unknown() -> None:
    assert settle(None, FALSE, T0) == (None, None)
    assert settle(None, UNKNOWN, T0) == (None, None)


def test_an_alert_opens_once() -> None:
    alert, event = settle(opened(), TRUE, after(5))
    assert (alert.state, alert.opened_at, alert.times_opened, event) == (AlertState.OPEN, T0, 1, None)


def test_it_resolves_itself_after_its_calm_time_and_not_before() -> None:
    calm, _ = settle(opened(), FALSE, after(10))
    assert calm.state is AlertState.OPEN
    assert settle(calm, FALSE, after(24))[0].state is AlertState.OPEN          # 14 of 15 minutes
    resolved, event = settle(calm, FALSE, after(25))
    assert (resolved.state, event.what, resolved.resolved_at) == (AlertState.RESOLVED, "resolved", after(25))


def test_calm_begins_anew_when_the_condition_flaps() -> None:
    calm, _ = settle(opened(), FALSE, after(10))
    again, _ = settle(calm, TRUE, after(12))
    calm, _ = settle(again, FALSE, after(14))
    assert settle(calm, FALSE, after(27))[0].state is AlertState.OPEN          # 13 minutes since 14


def test_no_data_neither_opens_nor_calms() -> None:
    calm, _ = settle(opened(), FALSE, after(10))
    unknown, _ = settle(calm, UNKNOWN, after(20))
    assert settle(unknown, FALSE, after(30))[0].state is AlertState.OPEN


def test_it_reopens_as_the_same_alert() -> None:
    resolved, _ = resolve(opened(), "maya", "fixed", after(5))
    again, event = settle(resolved, TRUE, after(60))
    assert (again.id, again.state, again.times_opened, event.what) == (resolved.id, AlertState.OPEN, 2, "reopened")
    assert again.due_at == after(60 + 120)


def test_an_acknowledged_alert_stays_acknowledged_while_the_condition_holds() -> None:
    taken, event = acknowledge(opened(), "maya", after(5))
    assert event.by == "maya"
    assert settle(taken, TRUE, after(10))[0].state is AlertState.ACKNOWLEDGED


def test_a_snooze_ends_and_has_a_reason() -> None:
    quiet, event = snooze(opened(), "maya", after(60), "known, release at noon", after(5))
    assert (quiet.state, event.note) == (AlertState.SNOOZED, "known, release at noon")
    assert settle(quiet, TRUE, after(59))[0].state is AlertState.SNOOZED
    awake, event = settle(quiet, TRUE, after(60))
    assert (awake.state, awake.due_at, event.what) == (AlertState.OPEN, after(180), "reopened")


def test_crossed_and_not_proven_is_a_warning_that_rises_to_its_level_when_proven() -> None:
    alert = opened(replace(TRUE, proven=False))
    assert alert.severity is Severity.WARNING
    raised, event = settle(alert, TRUE, after(10))
    assert (raised.severity, raised.proven, event.what) == (Severity.ERROR, True, "raised")
    kept, _ = settle(raised, replace(TRUE, proven=False), after(20))
    assert kept.severity is Severity.ERROR                                      # proven stays proven until resolved


def test_only_an_open_alert_is_overdue() -> None:
    alert = opened()
    assert not overdue(alert, after(120))
    assert overdue(alert, after(121))
    assert not overdue(acknowledge(alert, "maya", after(60))[0], after(121))


def test_what_was_seen_keeps_its_time_and_what_is_seen_now_stands_beside_it() -> None:
    kept, _ = settle(opened(), TRUE, after(5))
    calm, _ = settle(kept, replace(FALSE, evidence="0.9% of 900 requests"), after(10))
    assert (calm.facts["evidence"], calm.seen_at, calm.latest) == (TRUE.evidence, after(5), "0.9% of 900 requests")
    again, _ = settle(calm, TRUE, after(11))
    assert (again.seen_at, again.latest) == (after(11), "")


def test_an_alert_holds_while_it_is_seen_and_is_not_known_to_once_nobody_can_see_it() -> None:
    alert = opened()
    calm, _ = settle(alert, FALSE, after(10))
    unknown, _ = settle(alert, replace(UNKNOWN, evidence="no data"), after(10))
    assert alert.holds(after(15)) is True
    assert alert.holds(after(16)) is None                                       # no look for more than 15 minutes
    assert calm.holds(after(10)) is False
    assert unknown.holds(after(10)) is None
    assert settle(unknown, TRUE, after(12))[0].holds(after(12)) is True


def test_what_is_over_is_not_overdue_and_what_is_unknown_still_is() -> None:
    calm, _ = settle(opened(), FALSE, after(121))
    unknown, _ = settle(opened(), UNKNOWN, after(121))
    assert not overdue(calm, after(122))
    assert overdue(unknown, after(122))


def test_an_alert_is_since_its_limit_was_passed_where_the_rule_knows_that() -> None:
    known = replace(TRUE, facts={SINCE: "2026-02-01T09:30:00+00:00"})
    alert, _ = settle(None, known, T0)
    assert alert is not None
    assert (alert.since_at, alert.opened_at) == (datetime(2026, 2, 1, 9, 30, tzinfo=UTC), T0)
    assert opened().since_at == T0


@pytest.mark.parametrize(("group", "kind", "metric", "topic"), [
    ("system", "metric", "rollout_duration", "advance"), (None, "phase_overdue", "", "advance"),
    ("system", "metric", "availability", "errors"), ("errors", "metric", "error_rate", "errors"),
    (None, "critical_issue", "", "issues")])
def test_advice_is_of_what_the_alert_is_about(group: str | None, kind: str, metric: str, topic: str) -> None:
    assert topic_of(group, kind, metric) == topic
    hits = any("treatment is hit" in step for step in OWN_STEPS.get(topic, ()))
    assert hits == (topic == "issues")
