"""Error rates, counted by the real store from events by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from rollout_core.analysis.verdict import Status
from rollout_core.insight import errors, series_answer
from rollout_core.insight.errors import ErrorsRequest
from rollout_core.insight.formulas_change import change_of
from rollout_core.insight.glance import glance
from rollout_core.insight.judgement import judgement_of
from rollout_core.insight.look import SeenStore
from rollout_core.insight.measure import by_key
from rollout_core.insight.scene import scene
from rollout_core.insight.series import SeriesRequest
from rollout_core.insight.tail import FAMILIES, by_family
from rollout_core.insight.two_parts import SharedRows
from rollout_core.insight.verdict_words import sentence_of
from rollout_core.metrics.catalog import CATALOG
from rollout_core.metrics.measured import Quality, Window
from rollout_core.metrics.unnamed_errors import UNNAMED
from rollout_core.ports.event_questions import ErrorGroups, EventPage, Tail, Watermarks
from tests.golden.made_world import PLAN, World


def requests(world: World, who: str, hours: float, good: int, failed: int, unanswered: int = 0) -> None:
    for status, many in ((200, good), (503, failed), (None, unanswered)):
        for _ in range(many):
            world.add("api_request", hours, who, endpoint="/x", status=status, value=100.0)


@pytest.mark.parametrize("closed", [True, False], ids=["from rollups", "live"])
def test_error_rate_is_failed_requests_over_requests(world: World, closed: bool) -> None:
    world.expose("a", "treatment")
    world.expose("b", "control")
    requests(world, "a", 5.5, good=95, failed=3, unanswered=2)      # 5 of 100 failed: a request without answer counts
    requests(world, "b", 7, good=198, failed=2)                     # 2 of 200
    world.close() if closed else world.flush()
    if not closed:
        world.room.events.close_windows(world.at(2))                # spans are known, the requests are in the live tail
    treatment, control = (by_key(world.measuring(), "error_rate", arm) for arm in ("treatment", "control"))
    assert (treatment.value, treatment.n, treatment.noun) == (0.05, 100, "requests")
    assert (control.value, control.n) == (0.01, 200)
    # Wilson by hand, 5 of 100, z = 1.96: (0.05 + 0.0192 ± 1.96·sqrt(0.05·0.95/100 + 3.8415/40000)) / 1.0384
    #   = (0.069207 ± 0.046841) / 1.038415 = 0.02154 and 0.11175
    assert treatment.low == pytest.approx(0.02154, abs=1e-5)
    assert treatment.high == pytest.approx(0.11175, abs=1e-5)


def test_without_requests_the_error_rate_is_no_data_and_not_zero(world: World) -> None:
    world.expose("a", "treatment")
    world.close()
    measured = by_key(world.measuring(), "error_rate")
    assert (measured.value, measured.quality, measured.n) == (None, Quality.NO_DATA, 0)


def test_session_error_rates_count_sessions_not_errors(world: World) -> None:
    world.expose("a", "treatment")
    for place in range(10):
        world.add("session", 1, "a", session=f"s{place}", value=60_000.0)
    for severity in ("low", "low", "critical"):                     # three errors in session 0: one bad session
        world.add("error", 1.1, "a", session="s0", category="javascript", severity=severity, message="boom")
    world.add("error", 1.1, "a", session="s1", category="network", severity="low", message="away")
    world.close()
    measuring = world.measuring()
    assert by_key(measuring, "critical_error_rate").value == 0.1    # session 0 of 10
    assert by_key(measuring, "error_free_sessions").value == 0.8    # sessions 2..9 of 10


def sessions(world: World, who: str, many: int, hours: float = 1) -> None:
    for place in range(many):
        world.add("session", hours, who, session=f"{who}{place}", value=60_000.0)


def mistakes(world: World, who: str, many: int, hours: float = 1.1, *, session: str | None = None,
             severity: str = "low") -> None:
    for _ in range(many):
        world.add("error", hours, who, category="javascript", severity=severity, message="boom", session=session)


def by_sessions(tmp_path: Path) -> World:
    """A world whose plan counts its error rate in sessions."""
    return World(tmp_path, PLAN.replace("error_basis: requests", "error_basis: sessions"))


RATES = ("error_rate", "critical_error_rate", "error_free_sessions")


@pytest.mark.parametrize("closed", [True, False], ids=["from rollups", "live"])
def test_errors_without_their_session_leave_the_share_of_sessions_unknown(tmp_path: Path, closed: bool) -> None:
    world = by_sessions(tmp_path)
    for who, arm in (("a", "treatment"), ("b", "control")):
        world.expose(who, arm)
        sessions(world, who, 40, hours=7)
        mistakes(world, who, 30, hours=7.1)
    world.close() if closed else world.flush()
    if not closed:
        world.room.events.close_windows(world.at(2))
    measuring = world.measuring()
    for key in RATES:
        for arm in ("treatment", "control", None):
            found = by_key(measuring, key, arm)
            assert (found.value, found.quality, found.note) == (None, Quality.NO_DATA, UNNAMED), (key, arm)
        between = change_of(measuring, CATALOG[key])
        assert (between.value, between.note) == (None, UNNAMED)


@pytest.mark.parametrize("many", [0, 29])
def test_few_errors_or_none_leave_a_zero_a_zero(tmp_path: Path, many: int) -> None:
    world = by_sessions(tmp_path)
    world.expose("a", "treatment")
    sessions(world, "a", 40)
    mistakes(world, "a", many)
    world.close()
    assert [by_key(world.measuring(), key).value for key in RATES] == [0.0, 0.0, 1.0]
    assert errors.answer(world.room, ErrorsRequest("r", "rollout")).unnamed == 0


def test_errors_that_name_their_session_leave_a_zero_of_critical_ones_a_zero(tmp_path: Path) -> None:
    world = by_sessions(tmp_path)
    world.expose("a", "treatment")
    sessions(world, "a", 40)
    mistakes(world, "a", 500, session="a0")
    world.close()
    assert [by_key(world.measuring(), key).value for key in RATES] == [1 / 40, 0.0, 39 / 40]


def test_critical_errors_alone_may_come_without_their_session(tmp_path: Path) -> None:
    """The browser names sessions, what reports crashes does not."""
    world = by_sessions(tmp_path)
    world.expose("a", "treatment")
    sessions(world, "a", 40)
    mistakes(world, "a", 1, session="a0")
    mistakes(world, "a", 30, severity="critical")
    world.close()
    assert [by_key(world.measuring(), key).value for key in RATES] == [1 / 40, None, 39 / 40]
    assert errors.answer(world.room, ErrorsRequest("r", "rollout")).unnamed == 30


def test_an_arm_of_few_errors_is_as_unknown_as_all_together_and_one_without_any_has_none(tmp_path: Path) -> None:
    world = by_sessions(tmp_path)
    for who, arm, many in (("a", "treatment", 5), ("b", "control", 200)):
        world.expose(who, arm)
        sessions(world, who, 40)
        mistakes(world, who, many)
    world.close()
    assert by_key(world.measuring(), "error_rate").value is None, "5 errors, of 205 that all name no session"
    (tmp_path / "other").mkdir()
    other = by_sessions(tmp_path / "other")
    for who, arm in (("a", "treatment"), ("b", "control")):
        other.expose(who, arm)
        sessions(other, who, 40)
    mistakes(other, "b", 200)
    other.close()
    assert by_key(other.measuring(), "error_rate").value == 0.0
    assert by_key(other.measuring(), "error_rate", "control").value is None
    assert change_of(other.measuring(), CATALOG["error_rate"]).note == UNNAMED


def test_the_errors_page_counts_what_came_without_its_session_and_draws_no_line_of_zeros(tmp_path: Path) -> None:
    world = by_sessions(tmp_path)
    world.expose("a", "treatment")
    sessions(world, "a", 40)
    mistakes(world, "a", 62)
    world.close()
    found = errors.answer(world.room, ErrorsRequest("r", "rollout"))
    assert found.unnamed == 62
    assert [(each.category, each.treatment.value) for each in found.categories] == [("javascript", None)]
    drawn = series_answer.answer(world.room, SeriesRequest("error_rate", "r", "rollout"))
    assert [point.value for line in drawn.arms for point in line.points if point.value is not None] == []
    assert glance(world.room.events, scene(world.room, "r")).errors.note == UNNAMED


@pytest.mark.parametrize("named", [True, False])
def test_a_guardrail_of_sessions_is_judged_by_errors_that_name_them_and_no_data_by_others(
        tmp_path: Path, named: bool) -> None:
    world = by_sessions(tmp_path)
    for place in range(40):
        for arm in ("treatment", "control"):
            who = f"{arm}{place}"
            world.expose(who, arm)
            for day in range(10):
                sessions(world, who, 12, hours=24 * day + 5)
            mistakes(world, who, 1, hours=30, session=f"{who}0" if named and place == 0 else None)
    world.close()
    now = scene(world.room, "r")
    found = judgement_of(world.room, now)
    assert found is not None
    (verdict,) = [each for each in found.verdicts.guardrails if each.key == "errors"]
    assert (verdict.status is Status.NO_DATA, sentence_of(verdict) == f"{UNNAMED[:1].upper()}{UNNAMED[1:]}.") == (
        not named, not named)
    (criterion,) = [each for each in found.verdicts.criteria if each.key == "errors"]
    assert (criterion.status is Status.NO_DATA) is not named


def test_events_before_the_exposure_are_left_out_of_treatment(world: World) -> None:
    requests(world, "a", 1, good=0, failed=10)                      # an hour before "a" was exposed
    world.expose("a", "treatment", 2)
    requests(world, "a", 3, good=10, failed=0)
    world.close()
    assert by_key(world.measuring(), "error_rate").value == 0.0
    assert by_key(world.measuring(), "error_rate", None).value == 0.5     # everybody attributed: 10 of 20


def test_groups_counted_before_and_after_the_watermark_are_the_groups_counted_at_once(world: World) -> None:
    def hit(hours: float, who: str, message: str, release: str) -> None:
        world.add("error", hours, who, category="javascript", severity="low", message=message, release=release)

    for who, arm in (("a", "treatment"), ("b", "treatment"), ("c", "control")):
        world.expose(who, arm)
    for hours in (1, 2, 30):
        hit(hours, "a", "boom", "1")            # closed: a three times, c once; two people of two arms
    hit(3, "c", "boom", "1")
    hit(3, "b", "quiet", "1")                   # nothing more of it afterwards
    hit(40.5, "a", "boom", "2")                 # the tail: a is known already, b is new to it, d was never exposed
    hit(40.6, "b", "boom", "2")
    hit(40.6, "b", "boom", "2")
    hit(40.7, "d", "new", "2")
    hit(40.7, "c", "new", "2")
    world.flush()
    world.clock.at = world.at(41)
    world.room.events.close_windows(world.at(40.2))
    found = errors.answer(world.room, ErrorsRequest("r", "rollout"))
    assert {(each.title, each.occurrences, each.subjects, each.treatment, each.control, each.release)
            for each in found.groups} == {
        ("boom", 7, 3, 6, 1, "2"), ("new", 1, 1, 0, 1, "2"), ("quiet", 1, 1, 1, 0, "1")}
    assert found.groups[0].first_seen_at == world.at(1)
    assert found.groups[0].last_seen_at == world.at(40.6)
    before, after = Window(world.at(0), world.at(40)), Window(world.at(40), world.at(41))
    alone = world.room.events.measure(ErrorGroups(after, "r", besides=before)).records()
    assert {(row["arm"], row["n"], row["subjects"]) for row in alone if row["message"] == "boom"} == {
        ("treatment", 3, 1)}
    world.close()
    assert errors.answer(world.room, ErrorsRequest("r", "rollout")).groups == found.groups


def test_looks_that_share_a_tail_are_told_its_groups_as_of_that_tail(world: World) -> None:
    world.expose("a", "treatment")
    for hours in (1, 40.5):
        world.add("error", hours, "a", category="javascript", severity="low", message="boom")
    world.flush()
    world.clock.at = world.at(41)
    world.room.events.close_windows(world.at(40.2))
    closed_at = world.room.events.measure(Watermarks()).closed_until_at
    after = Window(closed_at, world.clock.at)
    names = tuple(family.name for family in FAMILIES)
    found = by_family(world.room.events.measure(Tail(after, names, "r")))
    shared = {name: SharedRows(found.get(name, [])) for name in names}

    def occurrences(events: SeenStore) -> list[int]:
        answer = errors.answer(replace(world.room, events=events, clock=world.clock), ErrorsRequest("r", "rollout"))
        return [group.occurrences for group in answer.groups]

    looks = [SeenStore(world.room.events) for _ in range(3)]
    for look in looks[:2]:
        look.seen[after, "r"] = dict(shared)
    assert occurrences(looks[0]) == [2]
    world.add("error", 40.6, "a", category="javascript", severity="low", message="boom")
    world.flush()
    assert occurrences(looks[1]) == [2], "as its other numbers, which are of that tail"
    assert occurrences(looks[2]) == [3], "a look of its own"


def test_whoever_had_the_error_in_another_arm_only_is_new_to_it_in_this_one(world: World) -> None:
    world.expose("a", "control")
    world.expose("b", "treatment")
    for who, hours in (("a", 1), ("b", 1), ("nobody", 1), ("a", 40.5), ("b", 40.5), ("nobody", 40.5), ("late", 40.6)):
        world.add("error", hours, who, category="javascript", severity="low", message="boom")
    world.add("error", 2, "a", category="javascript", severity="low", message="another")
    world.expose("a", "treatment", 39, epoch=2)
    world.flush()
    world.room.events.close_windows(world.at(40.2))
    before, after = Window(world.at(0), world.at(40)), Window(world.at(40), world.at(41))
    since = world.room.events.measure(ErrorGroups(after, "r", besides=before)).records()
    assert {(row["arm"], row["n"], row["subjects"]) for row in since} == {("treatment", 2, 1), ("unattributed", 2, 1)}
    of_all = world.room.events.measure(ErrorGroups(after, None, besides=before)).records()
    assert {(row["arm"], row["n"], row["subjects"]) for row in of_all} == {("all", 4, 1)}


def test_the_newest_rows_are_found_however_many_lie_before_them(world: World) -> None:
    world.expose("a", "treatment", 2)
    for place in range(30):
        world.add("feedback", 1 + place / 10, "a", value=float(1 + place % 5), comment="said" if place % 3 else None)
    world.close()
    whole = Window(world.at(0), world.at(10))
    newest = world.room.events.measure(EventPage("feedback", whole, limit=7, rollout="r")).records()
    assert [row["occurred_at"] for row in newest] == [world.at(3.9) - timedelta(minutes=6 * n) for n in range(7)]
    assert {row["arm"] for row in newest} == {"treatment"}
    written = world.room.events.measure(EventPage("feedback", whole, limit=40, rollout="r", said="comment")).records()
    assert (len(written), {row["comment"] for row in written}) == (20, {"said"})
    assert {row["arm"] for row in written} == {"treatment", "unattributed"}
    assert world.room.events.measure(EventPage("feedback", whole, world.at(0.5), rollout="r")).rows == []
