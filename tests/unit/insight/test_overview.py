"""What the overview says of alerts: what is so, what no longer is, what nobody knows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import msgspec

from rollout_core.cli import tables
from rollout_core.health.alert import Alert, AlertState
from rollout_core.insight import QUESTIONS
from rollout_core.insight.overview import Need, OverviewAnswer
from rollout_core.rollouts.plan import Severity
from tests.golden.made_world import World

HOUR = timedelta(hours=1)
FACTS: Mapping[str, object] = {"kind": "metric", "metric": "error_rate", "evidence": "23.8%, 231 sessions"}


def critical(world: World, rule: str = "errors", **fields: object) -> Alert:
    """Proven, opened five hours ago, due at once, seen a minute ago unless `fields` say otherwise."""
    opened_at = world.clock.at - 5 * HOUR
    seen = {"seen_at": world.clock.at - timedelta(minutes=1), **fields}
    return Alert(f"r:{rule}", "r", rule, "", Severity.CRITICAL, AlertState.OPEN, "Error rate above 5 %", opened_at,
                 opened_at, FACTS, proven=True, due_at=opened_at, **seen)  # type: ignore[arg-type]


def overview(world: World, *alerts: Alert) -> OverviewAnswer:
    with world.room.control.write() as unit:
        for alert in alerts:
            unit.alerts.save(alert)
    spec = QUESTIONS["overview"]
    found: OverviewAnswer = spec.answer(world.room, spec.request())
    return found


def only(world: World, alert: Alert) -> Need:
    return next(need for need in overview(world, alert).needs if need.alert == alert.id)


def test_harm_that_is_seen_now_is_answered_by_a_rollback(empty: World) -> None:
    need = only(empty, critical(empty))
    assert (need.verb, need.holds, need.since_at) == ("roll_back", True, empty.clock.at - 5 * HOUR)
    assert need.due_at is not None


def test_what_is_over_asks_for_no_rollback_and_for_no_answer_and_says_what_is_seen_now(empty: World) -> None:
    need = only(empty, critical(empty, calm_since_at=empty.clock.at, latest="0.9%, 1,020 sessions"))
    assert (need.verb, need.holds, need.due_at) == ("acknowledge_alert", False, None)
    assert (need.detail, need.latest) == ("23.8%, 231 sessions", "0.9%, 1,020 sessions")


def test_what_nobody_looked_at_for_long_is_not_known_to_hold(empty: World) -> None:
    assert only(empty, critical(empty, seen_at=empty.clock.at - HOUR)).holds is None


def test_what_is_over_is_counted_apart_and_comes_after_what_is_so(empty: World) -> None:
    over = critical(empty, calm_since_at=empty.clock.at)
    found = overview(empty, over, critical(empty, "speed"))
    assert [need.alert for need in found.needs][:2] == ["r:speed", "r:errors"]
    counts = found.rollouts[0].alerts
    assert (counts.critical, counts.calming) == (1, 1)


def test_report_and_command_line_ask_for_no_answer_to_what_is_calm(empty: World) -> None:
    overview(empty, critical(empty, calm_since_at=empty.clock.at), critical(empty, "speed"))
    spec = QUESTIONS["report"]
    report = spec.answer(empty.room, spec.request()).markdown
    assert "open, calm since 2026-03-16 00:00 UTC | 2026-03-15 19:00 UTC |  |" in report
    listed = QUESTIONS["alerts"]
    lines = listed.answer(empty.room, listed.request()).alerts
    assert [line.alert.id for line in lines] == ["r:speed", "r:errors"]
    table = tables.alerts(msgspec.to_builtins({"alerts": lines}))
    assert list(table.columns[-1].cells) == ["overdue", "calm"]
