"""The health score, with its arithmetic."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from rollout_core.health.issue import Issue, IssuePriority, IssueState
from rollout_core.health.recommendation import recommend
from rollout_core.health.score import HealthScore, adoption_impact, error_impact, health_score, health_word
from rollout_core.metrics.measured import Measured, Quality, Window
from rollout_core.rollouts.plan import HealthRules

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
PATIENT = HealthRules()
EXERCISE = HealthRules(error_target=0.01, error_limit=0.05, adoption_floor=0.20, adoption_target=0.80)


def share(value: float | None) -> Measured:
    quality = Quality.NO_DATA if value is None else Quality.OK
    return Measured("m", value, value, value, 100, "requests", Window(NOW - timedelta(hours=1), NOW), "treatment",
                    "share", quality)


def issue(priority: IssuePriority, state: IssueState = IssueState.OPEN) -> Issue:
    return Issue("i", "r", "manual", priority, "Payment form blank", state, NOW, NOW)


def scored(errors: float | None, adoption: float | None, *issues: Issue, graced: bool = False) -> HealthScore:
    until_at = NOW + timedelta(hours=1) if graced else NOW - timedelta(hours=1)
    return health_score(share(errors), share(adoption), issues, PATIENT, grace_until_at=until_at, now=NOW)


@pytest.mark.parametrize(("rate", "points"), [(0.0, 0), (0.02, 0), (0.035, 15), (0.05, 30), (0.5, 30)])
def test_error_impact_rises_from_the_target_to_the_limit(rate: float, points: float) -> None:
    assert error_impact(rate, PATIENT) == pytest.approx(points)      # (0.035 - 0.02) / 0.03 * 30 = 15


@pytest.mark.parametrize(("rate", "points"), [(0.0, 25), (0.10, 25), (0.40, 12.5), (0.70, 0), (1.0, 0)])
def test_adoption_impact_falls_from_the_floor_to_the_target(rate: float, points: float) -> None:
    assert adoption_impact(rate, PATIENT) == pytest.approx(points)   # (1 - (0.40 - 0.10) / 0.60) * 25 = 12.5


def test_the_exercise_plan_has_its_own_ends() -> None:
    assert error_impact(0.03, EXERCISE) == pytest.approx(15)         # (0.03 - 0.01) / 0.04 * 30
    assert adoption_impact(0.50, EXERCISE) == pytest.approx(12.5)    # (1 - 0.30 / 0.60) * 25


def test_all_deductions_together() -> None:
    # 100 - 21 (errors 4.1 %: 0.021/0.03 * 30) - 12.5 (adoption 40 %) - 20 (one critical) - 10 (one high) = 36.5 -> 36
    found = scored(0.041, 0.40, issue(IssuePriority.CRITICAL), issue(IssuePriority.HIGH), issue(IssuePriority.LOW),
                   issue(IssuePriority.CRITICAL, IssueState.RESOLVED))
    assert [round(each.points, 6) for each in found.deductions] == [21, 12.5, 20, 10]
    assert (found.score, found.word, found.provisional) == (36, "Unhealthy", False)


def test_the_score_never_leaves_0_to_100() -> None:
    assert scored(0.5, 0.0, *[issue(IssuePriority.CRITICAL)] * 9).score == 0
    assert scored(0.0, 1.0).score == 100


def test_an_input_without_data_deducts_nothing_and_makes_the_score_provisional() -> None:
    found = scored(None, 0.70)
    assert (found.score, found.provisional, found.inputs_with_data, found.inputs) == (100, True, 2, 3)
    assert "no data" in found.deductions[0].evidence


def test_what_was_measured_before_data_stopped_is_deducted_and_says_nothing_of_now() -> None:
    old = replace(share(0.041), quality=Quality.STALE)
    found = health_score(old, share(0.70), [], PATIENT, grace_until_at=NOW, now=NOW)
    # 100 - 21: errors 4.1 %: (0.041 - 0.02) / 0.03 * 30
    assert (found.score, found.provisional, found.inputs_with_data, found.inputs) == (79, True, 2, 3)
    assert [each.key for each in found.deductions if not each.fresh] == ["error_rate"]
    assert "before data stopped arriving" in found.deductions[0].evidence


def test_of_too_few_nothing_is_deducted_and_the_score_is_provisional() -> None:
    one = replace(share(1.0), n=1, noun="sessions", quality=Quality.FEW, note="since the resume at 03:45")
    found = health_score(one, share(0.70), [], PATIENT, grace_until_at=NOW, now=NOW)
    assert (found.score, found.provisional, found.inputs_with_data, found.inputs) == (100, True, 2, 3)
    assert found.deductions[0].evidence == "1 session since the resume at 03:45: too few to say, nothing is deducted"
    assert advised(found) == [("wait", "info", "Error rate: 1 session since the resume at 03:45")]


def test_nothing_counted_since_evidence_began_anew_is_waited_for_and_no_alarm() -> None:
    none = replace(share(None), n=0, quality=Quality.FEW, note="since the resume at 03:45")
    early = health_score(none, share(0.70), [], PATIENT, grace_until_at=NOW, now=NOW)
    assert early.provisional
    assert advised(early) == [("wait", "info", "Error rate: 0 requests since the resume at 03:45")]
    assert [topic for topic, *_ in advised(scored(None, 0.70))] == ["data"]


def advised(found: HealthScore) -> list[tuple[str, str, str]]:
    said = recommend([], found, (), exposed=None, enabled=None, may_advance=False)
    return [(each.topic, each.severity, each.because) for each in said]


def test_a_score_with_nothing_measured_behind_it_says_so() -> None:
    assert not scored(None, None).measured
    assert scored(0.01, None).measured
    assert not health_score(share(None), share(0.5), [], PATIENT, grace_until_at=None, now=NOW).measured


def test_what_is_not_counted_yet_is_not_missing() -> None:
    assert all(each.fresh for each in scored(0.0, 0.0, graced=True).deductions)


def test_adoption_waits_for_the_grace_period() -> None:
    found = scored(0.0, 0.0, graced=True)
    assert (found.score, found.provisional, found.inputs) == (100, False, 2)
    assert "grace" in found.deductions[1].evidence


def test_unreadable_issues_are_unknown_and_not_none_open() -> None:
    found = health_score(share(0.0), share(1.0), None, PATIENT, grace_until_at=NOW, now=NOW)
    assert found.provisional


@pytest.mark.parametrize(("score", "word"), [(100, "Healthy"), (80, "Healthy"), (79, "Fair"), (60, "Fair"),
                                             (59, "Unhealthy"), (0, "Unhealthy")])
def test_words(score: int, word: str) -> None:
    assert health_word(score) == word
