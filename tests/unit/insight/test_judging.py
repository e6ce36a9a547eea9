"""Criteria, pause conditions, alert rules: what is met, what fires, what is unknown."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from rollout_core.analysis.verdict import Status
from rollout_core.health.alert import SINCE
from rollout_core.health.issue import Issue, IssuePriority, IssueState
from rollout_core.insight import QUESTIONS
from rollout_core.insight.gates import gates_of, missing
from rollout_core.insight.judge import JUDGES, State
from rollout_core.insight.judgement import judgement_of
from rollout_core.insight.scene import scene
from rollout_core.insight.sightings import SEEN_BY_KIND, sightings
from rollout_core.insight.status import Share
from rollout_core.metrics.measured import Measured, Quality, Window
from rollout_core.ports.control_records import Signoff, Waiver
from rollout_core.rollouts.phase import Comparison, Criterion
from rollout_core.rollouts.plan import AlertRule, PauseCondition, Severity
from tests.golden.made_world import World

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def measured(value: float | None, half: float = 0.01, n: int = 1000, quality: Quality = Quality.OK) -> Measured:
    ends = (None, None) if value is None else (value - half, value + half)
    return Measured("m", value, *ends, n, "answers", Window(NOW - timedelta(hours=1), NOW), "treatment", "share",
                    quality)


@pytest.mark.parametrize(("value", "half", "quality", "state"), [
    (0.01, 0.005, Quality.OK, State.MET),             # the whole interval is below 3 %
    (0.029, 0.005, Quality.OK, State.NOT_YET),        # today's value is fine, the interval is not
    (0.031, 0.005, Quality.OK, State.NOT_YET),
    (0.06, 0.005, Quality.OK, State.NOT_MET),
    (0.01, 0.005, Quality.FEW, State.NOT_YET),
    (0.01, 0.005, Quality.STALE, State.NO_DATA),
    (None, 0.0, Quality.NO_DATA, State.NO_DATA),
    (None, 0.0, Quality.OFF, State.NO_DATA),
])
def test_a_criterion_is_met_only_by_the_whole_interval(value: float | None, half: float, quality: Quality,
                                                       state: State) -> None:
    assert JUDGES["evidence"].judge(measured(value, half, quality=quality), Comparison.BELOW, 0.03) is state


def test_the_seeds_bare_threshold_looks_at_the_value_alone() -> None:
    judge = JUDGES["threshold"]
    assert judge.judge(measured(0.051, 0.04), Comparison.ABOVE, 0.05) is State.MET
    assert judge.judge(measured(0.05, 0.04), Comparison.ABOVE, 0.05) is State.NOT_MET
    assert judge.judge(measured(None), Comparison.ABOVE, 0.05) is State.NO_DATA


def test_not_yet_says_how_many_more() -> None:
    # half-width 0.01 at n = 1000, distance to the target 0.005: (0.01/0.005)² = 4 times as many, 3,000 more
    assert missing(measured(0.025, 0.01), 0.03, 30) == "about 3,000 more answers would settle it at this value"
    assert missing(measured(0.025, 0.01, 10, Quality.FEW), 0.03, 30) == "at least 20 more answers are needed"


def gates(world: World) -> dict[str, State]:
    spec = QUESTIONS["gates"]
    return {gate.key: gate.state for gate in spec.answer(world.room, spec.request()).gates}


def test_gates_of_a_phase(world: World) -> None:
    for place in range(20):
        world.add("api_request", 14 * 24 - 0.2, f"treatment{place}", endpoint="/x", status=200, value=1.0)
    world.close()
    found = gates(world)
    assert found["minimum_duration"] is State.MET
    assert found["errors"] is State.NOT_YET            # 5 % of requests failed by two subjects; wide with 20 subjects
    assert found["adoption"] is State.NOT_YET          # 20 people are fewer than 30
    assert found["review"] is State.MANUAL


def test_a_signature_signs_and_a_signed_refusal_is_not_met(world: World) -> None:
    for met, state in ((True, State.SIGNED), (False, State.NOT_MET)):
        with world.room.control.write() as unit:
            unit.signoffs.add(Signoff("r", "one", "review", met, "maya", world.clock.at, "seen it"))
        assert gates(world)["review"] is state
        world.clock.at += timedelta(minutes=1)


def test_before_the_start_the_checklist_is_a_gate(empty: World) -> None:
    empty.change_rollout(started_at=None)
    assert gates(empty)["checklist"] is State.NOT_MET


def test_the_checklist_tells_done_from_waived_and_open(empty: World) -> None:
    empty.change_rollout(started_at=None)
    spec = QUESTIONS["gates"]
    said = [gate.words for gate in spec.answer(empty.room, spec.request()).gates if gate.key == "checklist"]
    items = len(empty.measuring().scene.plan.checklist)
    assert said == [f"0 done, {items} open"]
    with empty.room.control.write() as unit:
        for item in empty.measuring().scene.plan.checklist:
            unit.checklist.waive(Waiver("r", item.key, "maya", empty.clock.at, "no CDN here"))
    said = [(gate.words, gate.state) for gate in spec.answer(empty.room, spec.request()).gates
            if gate.key == "checklist"]
    assert said == [(f"0 done, {items} waived", State.MET)]


def test_a_criterion_on_the_checklist_is_met_by_waivers_and_says_so(empty: World) -> None:
    plan = empty.measuring().scene.plan
    asked = Criterion("listed", "Checklist", "checklist_completeness", Comparison.AT_LEAST, 1.0)
    with empty.room.control.write() as unit:
        for item in plan.checklist:
            unit.checklist.waive(Waiver("r", item.key, "maya", empty.clock.at, "no CDN here"))
    here = scene(empty.room, "r")
    phases = tuple(replace(phase, criteria=(asked,)) for phase in plan.phases)
    found = gates_of(empty.room.events, replace(here, plan=replace(plan, phases=phases))).gates[-1]
    many = len(plan.checklist)
    assert (found.state, found.words) == (State.MET, f"100%, {many} items: 0 done, {many} waived")


def test_a_pause_condition_does_not_fire_on_old_data_and_watches_what_is_not_proven(world: World) -> None:
    spec = QUESTIONS["pause_check"]
    assert not spec.answer(world.room, spec.request()).conditions[0].fires           # data are over half an hour old
    world.clock.at += timedelta(hours=1)
    for number in range(400):
        world.add("api_request", 14 * 24 + 0.8, f"treatment{number % 20}", endpoint="/x",
                  status=500 if number < 80 else 200, value=1.0)
    world.close()
    line = spec.answer(world.room, spec.request()).conditions[0]
    assert (line.fires, line.watching, line.measured.value) == (False, True, 0.2)
    assert line.measured.n == 400                                                     # the last hour is enough
    verdicts = {each.key: each for each in judgement_of(world.room, world.measuring().scene).verdicts.guardrails}
    assert verdicts["errors"].status is Status.WORSE, "the guardrail of the same key is proven, which is not its limit"
    assert verdicts["errors:limit"].status is Status.WATCHING


def rule(kind: str, **fields: object) -> AlertRule:
    return AlertRule("k", "Rule", Severity.ERROR, kind, **fields)


def seen(world: World, alert: AlertRule, share: Share | None = None) -> object:
    scene = world.measuring().scene
    scene = replace(scene, plan=replace(scene.plan, alerts=(alert,)))
    return sightings(world.room.events, scene, share or Share(50.0, 50_000, None, None, None),
                     judgement_of(world.room, scene))[0]


def test_a_quiet_hour_leaves_a_rule_judged_and_data_that_stopped_do_not(world: World) -> None:
    failing = rule("metric", metric="error_rate", comparison=Comparison.ABOVE, threshold=0.08)
    assert seen(world, failing).fires is False              # midnight, 2 of 40 a day fail; nights are always this quiet
    assert seen(world, replace(failing, threshold=0.03)).fires is True
    world.clock.at += timedelta(hours=12)                   # noon, and nothing came of the 40 sessions of every morning
    assert seen(world, failing).fires is None


def test_every_kind_of_alert_and_pause_condition_is_looked_at() -> None:
    from rollout_core.insight.pause_check import JUDGE_BY_KIND

    kinds = {"metric", "critical_issue", "health_check", "security_issue"}
    assert set(JUDGE_BY_KIND) == kinds
    assert set(SEEN_BY_KIND) == kinds | {"overshoot", "sample_ratio", "missing_data", "overdue_rollback",
                                         "phase_overdue"}
    assert PauseCondition("k", "n").kind in kinds


def test_more_served_than_planned_is_an_overshoot(world: World) -> None:
    assert seen(world, rule("overshoot"), Share(10.0, 10_000, 1_051, 10_000, 10.51)).fires is True     # 1,000 planned
    assert seen(world, rule("overshoot"), Share(10.0, 10_000, 1_050, 10_000, 10.5)).fires is False     # 5 % more
    assert seen(world, rule("overshoot"), Share(0.1, 100, 12, 10_000, 0.12)).fires is True            # 10 and one are
    assert seen(world, rule("overshoot"), Share(0.1, 100, 11, 10_000, 0.11)).fires is False           # tolerated
    assert seen(world, rule("overshoot")).fires is None                                                # no register


def test_a_skewed_split_is_seen_and_an_even_one_is_not(empty: World) -> None:
    for number in range(200):
        empty.expose(f"s{number}", "treatment" if number % 4 else "control", 1 + number / 100)
    empty.close()
    assert seen(empty, rule("sample_ratio")).fires is True                    # 150 where 100 were expected


def test_an_even_split_is_fine_and_no_split_is_unknown(world: World, tmp_path: object) -> None:
    assert seen(world, rule("sample_ratio")).fires is False


def test_nobody_in_by_chance_leaves_nothing_to_check(empty: World) -> None:
    empty.expose("a", "treatment", 1, inclusion=100_000)
    empty.close()
    assert seen(empty, rule("sample_ratio")).fires is None


def test_a_phase_past_its_maximum_and_a_rollback_past_its_deadline(world: World) -> None:
    assert seen(world, rule("phase_overdue")).fires is False                  # the plan names no maximum
    long = AlertRule("k", "n", Severity.WARNING, "metric", "rollout_duration", Comparison.ABOVE, 3.0)
    begun = scene(world.room, None).rollout.started_at
    assert begun is not None
    assert seen(world, long).facts[SINCE] == (begun + timedelta(days=3)).isoformat()
    opened = world.clock.at - timedelta(minutes=31)
    with world.room.control.write() as unit:
        unit.issues.save(Issue("i", "r", "manual", IssuePriority.CRITICAL, "blank page", IssueState.OPEN, opened,
                               opened))
    assert seen(world, rule("overdue_rollback")).fires is True
    assert seen(world, rule("critical_issue")).fires is True


def test_a_failed_or_overdue_component_fails_the_health_check(world: World) -> None:
    assert seen(world, rule("health_check")).fires is False                   # ok six minutes ago
    world.add("health_check", 14 * 24 - 0.01, name="cache", ok=False)
    world.flush()
    assert "cache failed" in seen(world, rule("health_check")).evidence
    world.clock.at += timedelta(hours=2)
    assert "database has not reported" in seen(world, rule("health_check")).evidence


def test_a_security_issue_is_open_until_it_is_resolved(world: World) -> None:
    assert seen(world, rule("security_issue")).fires is False
    world.add("security_issue", 14 * 24 - 2, name="leak", severity="critical", state="opened", message="token leaked")
    world.flush()
    assert seen(world, rule("security_issue")).fires is True
    world.add("security_issue", 14 * 24 - 1, name="leak", severity="critical", state="resolved")
    world.flush()
    assert seen(world, rule("security_issue")).fires is False


def test_a_crossed_limit_without_proof_is_a_warning(world: World) -> None:
    for number in range(40):
        world.add("api_request", 14 * 24 - 0.1, f"treatment{number % 20}", endpoint="/x",
                  status=500 if number < 3 else 200, value=1.0)               # 7.5 % of 40, interval from 2.6 %
    world.close()
    found = seen(world, rule("metric", metric="error_rate", comparison=Comparison.ABOVE, threshold=0.05))
    assert (found.fires, found.proven, found.level) == (True, False, Severity.WARNING)
