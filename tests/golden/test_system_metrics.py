"""System metrics: availability, coverage, checklist, incidents, duration, data loss."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rollout_core.health.issue import Issue, IssuePriority, IssueState
from rollout_core.insight.formulas import Asked
from rollout_core.insight.measure import FORMULAS, by_key, measure
from rollout_core.insight.metrics import metric_row
from rollout_core.insight.words import change_in_words, measured_in_words
from rollout_core.metrics.catalog import CATALOG, GROUPS
from rollout_core.metrics.measured import Quality
from rollout_core.ports.control_records import Tick, Waiver
from tests.golden.made_world import World

DAY = 24.0


def test_availability_is_good_requests_and_passed_checks_over_all(world: World) -> None:
    world.expose("a", "treatment")
    for status in (200, 204, 404, 500):                       # 3 good: a 404 was answered
        world.add("api_request", 3, "a", endpoint="/x", status=status, value=1.0)
    for ok in (True, True, True, True, True, False):          # 5 of 6 passed
        world.add("health_check", 4, name="db", ok=ok)
    world.close()
    found = by_key(world.measuring(), "availability")
    assert (found.value, found.n) == (0.8, 10)                # (3 + 5) / (4 + 6)


def test_availability_of_both_arms_is_not_said_to_lack_a_control(world: World) -> None:
    for who, arm in (("a", "treatment"), ("b", "control")):
        world.expose(who, arm)
        world.add("api_request", 3, who, endpoint="/x", status=200, value=1.0)
    world.close()
    row = metric_row(world.measuring(), CATALOG["availability"])
    assert row.control.value == 1.0
    assert change_in_words(row.change) == "not compared: for this metric no comparison with control is made"


def test_monitoring_coverage_counts_the_plans_metrics_whose_events_still_arrive(world: World) -> None:
    # The plan names error_rate (api_request), adoption_rate (exposure, feature_use), performance_score (web_vital).
    now = world.clock.at - timedelta(minutes=10) - world.at(0)
    world.expose("a", "treatment", now)
    world.add("feature_use", now, "a", flag="f1")
    world.add("api_request", now, "a", endpoint="/x", status=200, value=1.0)
    world.add("web_vital", now - timedelta(hours=2), "a", name="LCP", value=1.0, page="/p")     # over 30 minutes old
    world.close()
    found = by_key(world.measuring(), "monitoring_coverage", None)
    assert found.value == pytest.approx(2 / 3)
    assert found.n == 3


def test_checklist_completeness_counts_what_was_done_and_names_what_was_waived(world: World) -> None:
    assert by_key(world.measuring(), "checklist_completeness", None).value == 0.0
    with world.room.control.write() as unit:
        unit.checklist.tick(Tick("r", "review", "me", world.at(0)))
    assert by_key(world.measuring(), "checklist_completeness", None).value == 0.5               # 1 of 2
    with world.room.control.write() as unit:
        unit.checklist.waive(Waiver("r", "tests", "me", world.at(0), "known flaky"))
    found = by_key(world.measuring(), "checklist_completeness", None)
    assert measured_in_words(found) == "50%, 2 items: 1 done, 1 waived"
    enough = measure(world.measuring(), Asked(CATALOG["checklist_completeness"], None, waived_counts=True))
    assert enough.value == 1.0, "a gate goes on with what was waived"


def issue(key: str, world: World, day: float, state: IssueState = IssueState.OPEN,
          priority: IssuePriority = IssuePriority.CRITICAL) -> Issue:
    return Issue(key, "r", "manual", priority, key, state, world.at(day * DAY), world.at(day * DAY))


def test_critical_incidents_are_those_opened_in_the_window_or_still_open(world: World) -> None:
    with world.room.control.write() as unit:
        for each in (issue("now", world, 3), issue("settled", world, 4, IssueState.RESOLVED),
                     issue("before", world, 1), issue("long gone", world, 1, IssueState.RESOLVED),
                     issue("minor", world, 3, priority=IssuePriority.HIGH)):
            unit.issues.save(each)
    found = by_key(world.measuring(2 * DAY), "critical_incidents", None)                        # from day 2 on
    assert found.value == 3.0                                                                   # now, settled, before
    assert (found.low, found.high) == (3.0, 3.0)                                                # a count, no estimate


def test_rollout_duration_is_from_the_start_to_now(world: World) -> None:
    assert by_key(world.measuring(), "rollout_duration", None).value == 14.0
    world.change_rollout(ended_at=world.at(10 * DAY))
    assert by_key(world.measuring(), "rollout_duration", None).value == 10.0


def test_nothing_acknowledged_is_lost(world: World) -> None:
    world.expose("a", "treatment", 1)
    for number in range(5):
        world.add("page_view", 2, "a", page=f"/{number}")
    world.flush()
    world.clock.at += timedelta(hours=1)
    found = by_key(world.measuring(0, 14 * DAY + 1), "data_loss", None)
    assert (found.value, found.n) == (0.0, 6)


def test_a_switched_off_collection_says_off_and_not_zero(world: World) -> None:
    from dataclasses import replace

    world.expose("a", "treatment")
    world.add("api_request", 3, "a", endpoint="/x", status=200, value=1.0)
    world.close()
    measuring = world.measuring()
    measuring.scene = replace(measuring.scene, switched_off=frozenset({"api_request"}))
    assert by_key(measuring, "error_rate").quality is Quality.OFF
    assert by_key(measuring, "error_rate").value is None


@pytest.mark.parametrize("key", CATALOG)
def test_every_metric_is_complete_and_honest_without_data(key: str, world: World) -> None:
    metric = CATALOG[key]
    assert metric.group in GROUPS
    assert metric.direction in ("higher", "lower")
    assert metric.aggregation
    assert type(metric.formula) in FORMULAS
    if metric.source:
        measured = by_key(world.measuring(), key)
        assert measured.value is None
        assert measured.quality is Quality.NO_DATA
        assert measured.n == 0
