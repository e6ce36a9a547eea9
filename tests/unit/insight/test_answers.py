"""What pages and reports are told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

import rollout_core.insight.explain as explaining
from rollout_core.cli.explain_words import explanation, whole_explanation
from rollout_core.control.sync_register import sync_register
from rollout_core.errors import FlagNotFound, InvalidRequest
from rollout_core.flags.evaluation import decide_all
from rollout_core.health.issue import Issue, IssuePriority, IssueState
from rollout_core.insight import QUESTIONS
from rollout_core.insight.adoption import funnel_of
from rollout_core.insight.compiled import compiled_of
from rollout_core.insight.measuring import Measuring
from rollout_core.insight.report_markdown import escaped, markdown_of
from rollout_core.insight.scene import scene
from rollout_core.insight.series import MOST_POINTS
from rollout_core.insight.series_buckets import WIDTHS, width_of
from rollout_core.insight.status import Share
from rollout_core.insight.words import measured_in_words, number
from rollout_core.metrics.measured import Measured, Quality, Window
from rollout_core.ports.control_records import Subject
from rollout_core.rollouts.plan import Attribute
from tests.golden.made_world import T0, World


def ask(world: World, name: str, **request: object) -> object:
    spec = QUESTIONS[name]
    return spec.answer(world.room, spec.request(**request))


def test_a_series_keeps_gaps_as_gaps_and_marks_what_happened(world: World) -> None:
    with world.room.control.write() as unit:
        at = world.at(100)
        unit.issues.save(Issue("i", "r", "manual", IssuePriority.CRITICAL, "blank page", IssueState.OPEN, at, at))
    found = ask(world, "series", metric="error_rate", window="rollout", points=400)
    treatment = found.arms[0]
    assert (found.bucket_seconds, len(treatment.points)) == (3_600, 14 * 24)
    assert {point.value is None for point in treatment.points if point.at.hour in (3, 4)} == {True}    # nobody at night
    assert sum(point.n for point in treatment.points) == 14 * 40
    assert [(mark.kind, mark.label) for mark in found.marks] == [("phase", "Phase 1, 50%"), ("incident", "blank page")]


@pytest.mark.parametrize("metric", ["lcp_p75", "api_response_p95"])
def test_percentiles_over_time_come_from_histograms_of_days(world: World, metric: str) -> None:
    found = ask(world, "series", metric=metric, window="rollout")
    assert found.bucket_seconds == 86_400
    assert all(point.n for point in found.arms[0].points)


@pytest.mark.parametrize("days", [0.01, 0.5, 1, 3, 30, 400])
@pytest.mark.parametrize("binned", [True, False])
def test_a_series_never_has_more_than_2000_points(days: float, binned: bool) -> None:
    window = Window(T0, T0 + timedelta(days=days))
    width = width_of(window, 100_000, binned=binned, narrowed=True)
    assert days * 86_400 / width <= MOST_POINTS
    assert width in WIDTHS


def test_a_metric_that_is_no_line_is_refused_by_name(world: World) -> None:
    with pytest.raises(InvalidRequest, match="cannot be drawn"):
        ask(world, "series", metric="nps")


def test_metrics_name_what_does_not_exist(world: World) -> None:
    with pytest.raises(InvalidRequest, match="latency"):
        ask(world, "metrics", metrics=("latency",))
    with pytest.raises(InvalidRequest, match="no window"):
        ask(world, "metrics", window="fortnight")


def test_the_comparison_leaves_out_and_counts_subjects_in_none(world: World) -> None:
    world.expose("gone", "former", 14 * 24 - 1)
    world.close()
    assert ask(world, "metrics", group="errors").left_out == (("former", 1),)


def test_the_page_of_subjects_agrees_with_evaluation(world: World) -> None:
    ids = [f"user-{number}" for number in range(200)]
    with world.room.control.write() as unit:
        unit.register.upsert_many([Subject("user", each, {"tier": "premium"}) for each in ids])
    world.room.events.mirror_subjects("user", [(each, {"tier": "premium"}) for each in ids])
    found = ask(world, "workspaces", page_size=500)
    compiled = compiled_of(world.room, scene(world.room, "r"))
    on = {each for each in ids if decide_all(compiled, each, {"tier": "premium"}, world.clock.at)["f1"].value is True}
    assert {line.subject for line in found.subjects} == on
    assert found.total == len(on)
    assert all(line.enabled and line.sessions is None for line in found.subjects)         # never heard of: not zero
    rest = ask(world, "workspaces", page_size=500, enabled=False)
    assert {line.subject for line in rest.subjects} == set(ids) - on
    assert {line.subject for line in ask(world, "workspaces", search="user-19", enabled=None).subjects} == {
        each for each in ids if "user-19" in each}


def test_subjects_show_what_they_did(world: World) -> None:
    with world.room.control.write() as unit:
        unit.register.upsert_many([Subject("user", "treatment0", {})])
    world.room.events.mirror_subjects("user", [("treatment0", {})])
    line = ask(world, "workspaces", enabled=None).subjects[0]
    assert (line.sessions, line.requests, line.errors, line.satisfaction) == (14, 28, 1, 4.0)
    assert line.feature_uses == 7 + 1
    assert line.first_exposed_at == world.at(9)


@pytest.mark.parametrize(("owner", "asked", "seen"), [
    ("register", {"tier": "free"}, "premium"), ("context", {"tier": "free"}, "free"), ("context", {}, "premium"),
    (None, {"tier": "free"}, "premium"), ("register", {"device": "phone"}, "premium")])
def test_the_register_wins_but_for_what_the_context_owns(
        world: World, monkeypatch: pytest.MonkeyPatch, owner: str | None, asked: dict[str, str], seen: str) -> None:
    with world.room.control.write() as unit:
        unit.register.upsert_many([Subject("user", "u1", {"tier": "premium"})])
        plan = unit.plans.get(unit.rollouts.get("r").plan)
    declared = replace(plan, attributes=(Attribute("tier", "string", owner),) if owner else ())
    monkeypatch.setattr(explaining, "scene", lambda room, key: replace(scene(room, key), plan=declared))
    found = dict(ask(world, "explain", subject="u1", flag="f1", attributes=asked).attributes)
    assert found == {**asked, "tier": seen}


def test_explain_says_why_something_is_on_and_not_only_why_another_is_off(world: World) -> None:
    found = ask(world, "explain", subject="treatment0", flag="f1")
    state = "on" if found.flags[0].decision.value else "off"
    decided = next(step.answer for step in found.flags[0].steps if step.decided)
    assert f"f1 is {state}: {decided}" in found.words


def test_explain_says_of_a_name_that_is_not_in_the_register_that_nobody_has_it(world: World) -> None:
    assert ask(world, "explain", subject="somebody", flag="f1").note == "", "without a register nobody is a stranger"
    with world.room.control.write() as unit:
        unit.register.upsert_many([Subject("user", "u1", {})])
    assert ask(world, "explain", subject="u1", flag="f1").note == ""
    found = ask(world, "explain", subject="somebody", flag="f1")
    assert found.note == "Nobody of that name is in the register of users."
    assert found.words.startswith("somebody gets ")
    told = msgspec.to_builtins(found)
    for said in (explanation, whole_explanation):
        assert said(told).splitlines()[:2] == [found.note, found.words]


def test_explain_names_the_step_that_decided_and_refuses_an_unknown_flag(world: World) -> None:
    found = ask(world, "explain", subject="somebody", flag="f1")
    assert len([step for step in found.flags[0].steps if step.decided]) == 1
    assert not found.known
    with pytest.raises(FlagNotFound):
        ask(world, "explain", subject="somebody", flag="nope")


def test_the_health_curve_falls_when_an_issue_opens(world: World) -> None:
    at = world.clock.at - timedelta(hours=2)
    with world.room.control.write() as unit:
        unit.issues.save(Issue("i", "r", "manual", IssuePriority.CRITICAL, "blank page", IssueState.OPEN, at, at))
    found = ask(world, "health", history="day")
    assert len(found.history) == 144
    known = [point for point in found.history if point.score is not None]
    before = [point.score for point in known if point.at < at - timedelta(minutes=10)]
    after = [point.score for point in known if point.at >= at]
    assert max(after) == before[-1] - 20
    assert any(each.topic == "issues" for each in found.recommendations)


def test_speed_shows_endpoints_and_components(world: World) -> None:
    found = ask(world, "speed", window="rollout")
    assert [each.key for each in found.endpoints] == ["/plan"]
    assert [each.key for each in found.components] == ["Search"]
    assert found.components[0].p95.value == pytest.approx(20, rel=0.01)
    assert found.components[0].change.value == 0.0
    assert [part.metric for part in found.parts] == ["lcp_p75", "inp_p75", "api_response_p95"]


def test_errors_are_grouped_with_who_was_hit(world: World) -> None:
    found = ask(world, "errors", window="rollout")
    group = found.groups[0]
    assert (group.title, group.occurrences, group.subjects, group.treatment, group.control) == ("boom", 1, 1, 1, 0)
    assert found.categories[0].category == "javascript"
    assert found.categories[0].treatment.value == pytest.approx(1 / 280)         # one session of 20 people in 14 days


def test_phases_epochs_and_funnel(world: World) -> None:
    found = ask(world, "phases")
    assert [step.state for step in found.phases] == ["now", "ahead"]
    assert found.epochs[0].ended_at is None
    funnel = {step.key: step.n for step in ask(world, "adoption").funnel}
    assert funnel == {"eligible": None, "enabled": None, "exposed": 20, "tried": 12, "used_again": 12}


def test_the_store_of_a_world_is_sound(world: World) -> None:
    found = ask(world, "doctor")
    assert found.sound, [check for check in found.checks if check.state != "ok"]


def test_events_health_counts_what_arrived(world: World) -> None:
    found = ask(world, "events_health")
    assert found.lost == 0
    assert {line.kind for line in found.kinds} >= {"session", "exposure", "api_request"}


def test_events_of_the_unexposed_are_counted_only_when_asked_for(world: World) -> None:
    world.add("session", 14 * 24 - 0.2, "stranger", session="stranger", value=1_000.0)
    world.close()
    assert ask(world, "events_health").unattributed == 1
    assert ask(world, "events_health", attribution=False).unattributed is None


def test_text_of_users_stays_text_in_the_report(world: World) -> None:
    assert escaped("<b>|x|</b>\n# y") == "&lt;b&gt;\\|x\\|&lt;/b&gt; \\# y"
    assert escaped("$x^2$") == "\\$x^2\\$"
    assert escaped("http://evil.example Www.evil.example") == "http\\://evil.example Www\\.evil.example"
    world.add("error", 14 * 24 - 0.5, "treatment0", category="javascript", severity="low", message="<img src=x>|oops")
    world.close()
    report = ask(world, "report")
    assert "<img" not in report.markdown
    assert report.markdown == markdown_of(report)


def test_the_report_says_of_every_number_since_when_and_all_that_is_waited_for(world: World) -> None:
    world.close()
    report = ask(world, "report")
    sections = {part.partition("\n")[0]: part for part in report.markdown.split("\n## ")}
    since = {"Adoption": report.adoption.window, "Errors": report.errors.window, "Metrics": report.metrics.window}
    for name, window in since.items():
        assert f"{window.since_at:%Y-%m-%d %H:%M} UTC" in sections[name].split("|")[0]
    waiting = report.gates.brief.waiting
    assert len(waiting) > 1
    assert all(each.name in sections["May it advance?"].split("|")[0] for each in waiting)


@pytest.mark.parametrize(("value", "unit", "text"), [
    (0.196, "share", "19.6%"), (0.9996, "share", "99.96%"), (0.99999, "share", "99.999%"), (1.0, "share", "100%"),
    (0.876, "share", "87.6%"), (0.0131, "share", "1.31%"), (-0.05, "relative", "\u22125%"),
    (0.125, "relative", "+12.5%"), (236.0, "ms", "236 ms"), (2310.0, "ms", "2.31 s"),
    (None, "share", "no data"), (182_400.0, "number", "182,400"),
    (0.06, "number", "0.06"), (4.1, "rating", "4.10")])
def test_numbers_in_words(value: float | None, unit: str, text: str) -> None:
    assert number(value, unit) == text


def test_a_comment_has_the_arm_its_writer_was_in_and_strangers_have_no_say(world: World) -> None:
    for subject, said in (("treatment0", "good"), ("control0", "slow"), ("somebody else", "spam")):
        world.add("feedback", 14 * 24 - 0.5, subject, value=4.0, scale=(1, 5), comment=said)
    world.close()
    found = ask(world, "feedback", window="rollout")
    assert {(each.text, each.arm) for each in found.comments} == {("good", "treatment"), ("slow", "control")}


def test_a_share_of_fewer_than_used_it_is_none(world: World) -> None:
    """12 people used it; of the register's 4 at most 4 have it now: 12 / 4 is no share of anything."""
    with world.room.control.write() as unit:
        unit.register.upsert_many([Subject("user", f"treatment{place}", {}) for place in range(4)])
    sync_register(world.room)
    found = ask(world, "adoption", window="rollout")
    assert found.naive.value is None
    counted = {step.key: step for step in found.funnel}
    assert counted["enabled"].n <= 4 < counted["exposed"].n == 20
    assert counted["exposed"].share_of_previous is None
    assert counted["tried"].share_of_previous == 12 / 20


def test_after_a_reduction_who_has_it_now_is_no_step_of_the_funnel(world: World) -> None:
    here = scene(world.room, None)
    first = replace(here.epochs[-1], thresholds={"all": 40_000})
    later = replace(first, number=first.number + 1, thresholds={"all": 20_000})
    share = Share(20.0, 20_000, 30, 100, 30.0)
    raised, reduced = ((first, first), (first, later))
    for epochs, steps in ((raised, ["eligible", "enabled", "exposed", "tried", "used_again"]),
                          (reduced, ["eligible", "exposed", "tried", "used_again"])):
        measuring = Measuring(world.room.events, replace(here, epochs=epochs), Window(T0, T0 + timedelta(days=14)))
        found = funnel_of(measuring, share, None)
        assert [step.key for step in found] == steps
        assert [step.n for step in found] == sorted((step.n for step in found), reverse=True)
    assert found[1].share_of_previous == 20 / 100


def test_counts_of_one_have_a_singular() -> None:
    window = Window(T0, T0 + timedelta(days=1))
    one = Measured("errors", 0.5, 0.1, 0.9, 1, "requests", window, None, "share", Quality.OK)
    assert measured_in_words(one) == "50% (10%–90%), 1 request"


def test_a_single_fact_is_told_without_a_count() -> None:
    window = Window(T0, T0 + timedelta(days=1))
    one = Measured("rollout_duration", 35.6, None, None, 1, "rollouts", window, None, "days", Quality.OK)
    assert measured_in_words(one) == "35.6 days"
