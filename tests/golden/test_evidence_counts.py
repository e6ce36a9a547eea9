"""What the sequential tests count, by hand: every subject once, under the arm and stratum it had when it counted.

Times are hours after T0. Epoch 1 begins at T0 with 50 % (inclusion 50,000), epoch 2 at day 7 with 80 %.
"""

from __future__ import annotations

from typing import Any

import pytest

from rollout_core.flags.bucketing import CLUSTER_BUCKETS
from rollout_core.metrics.measured import Window
from rollout_core.ports.event_store import MirroredEpoch, MirroredRollout
from rollout_core.ports.evidence_questions import (
    BucketSums,
    Crossing,
    FirstValues,
    Matured,
    Newcomers,
    SumsBefore,
    VersionFirsts,
)
from tests.golden.made_world import World

DAY = 24.0
WEEK = 7 * DAY


@pytest.fixture
def two(world: World) -> World:
    """The world with a second epoch of the same version."""
    world.room.events.mirror([MirroredRollout("r", "user")], [
        MirroredEpoch("r", 1, world.at(0), "one", 50_000), MirroredEpoch("r", 2, world.at(WEEK), "one", 80_000)])
    return world


def later(world: World, who: str, arm: str, hours: float) -> None:
    """An exposure in the second epoch."""
    world.expose(who, arm, hours, epoch=2, inclusion=80_000)


def asked(world: World, question: Any) -> list[dict[str, Any]]:
    """The answer's rows; hours as hours after T0."""
    rows = world.room.events.measure(question).records()
    for row in rows:
        if "hour" in row:
            row["hour"] = round((row["hour"] - world.at(0)).total_seconds() / 3600)
    return rows


def error(world: World, who: str, hours: float) -> None:
    world.add("error", hours, who, severity="high", name="TypeError", message="x", fingerprint="f", category="ui")


def request(world: World, who: str, hours: float, ms: float) -> None:
    world.add("api_request", hours, who, endpoint="/x", status=200, value=ms)


def test_a_newcomer_counts_once_under_the_side_and_stratum_of_the_first_exposure(two: World) -> None:
    two.expose("a", "treatment", 1.2)
    two.expose("b", "control", 1.9)
    two.expose("h", "holdout", 1.1)
    two.expose("n", "none", 1.1)                # in no comparison
    later(two, "a", "treatment", WEEK + 1)      # the same subject again
    later(two, "b", "treatment", WEEK + 1)      # crossed: it counted in control already
    later(two, "c", "control", WEEK + 2.5)
    two.close()
    rows = asked(two, Newcomers("r", (1, 2)))
    assert [(r["hour"], r["epoch"], r["inclusion"], r["arm"], r["entered"]) for r in rows] == [
        (1, 1, 50_000, "control", 2), (1, 1, 50_000, "treatment", 1), (WEEK + 2, 2, 80_000, "control", 1)]
    only_second = asked(two, Newcomers("r", (2,)))
    assert sum(r["entered"] for r in only_second) == 3, "another version counts its own newcomers"


def test_who_comes_back_after_a_reduction_is_no_newcomer_of_the_next_raise(two: World) -> None:
    """Reduced and raised again: those first seen as formerly in would all be treatment, and nobody control for them."""
    two.expose("f", "former", 1)
    two.expose("t", "treatment", 1)
    two.expose("c", "control", 1)
    later(two, "f", "treatment", WEEK + 1)
    later(two, "new", "treatment", WEEK + 1)
    two.close()
    rows = asked(two, Newcomers("r", (1, 2)))
    assert [(r["epoch"], r["arm"], r["entered"]) for r in rows] == [
        (1, "control", 1), (1, "treatment", 1), (2, "treatment", 1)]


def test_being_told_of_while_nobody_can_be_in_is_no_beginning(two: World) -> None:
    """Before an audience opens the held out are told so, and its others have no arm; a rollback to nothing likewise."""
    two.expose("h", "holdout", 1, inclusion=0)
    two.expose("f", "former", 1, inclusion=0)
    later(two, "h", "holdout", WEEK + 1)
    later(two, "f", "treatment", WEEK + 1)
    two.close()
    rows = asked(two, Newcomers("r", (1, 2)))
    assert [(r["epoch"], r["arm"], r["entered"]) for r in rows] == [(2, "control", 1), (2, "treatment", 1)]


def firsts(world: World, *epochs: int, anew: bool = False) -> list[tuple[int, ...]]:
    rows = asked(world, VersionFirsts("r", "error", epochs or (1, 2), anew))
    return [(r["hour"], r["epoch"], r["events_treatment"], r["events_control"], r["at_risk_treatment"],
             r["at_risk_control"]) for r in rows]


def test_at_risk_are_those_who_entered_and_had_no_first_event_yet(two: World) -> None:
    for who in ("t1", "t2", "t3"):
        two.expose(who, "treatment", 1)
    for who in ("c1", "c2"):
        two.expose(who, "control", 1)
    two.expose("t4", "treatment", 5.5)
    error(two, "t1", 3.2)
    error(two, "t1", 4.0)                       # its second: no first event
    error(two, "c1", 6.1)
    error(two, "t4", 6.9)
    two.close()
    # Hour 3: t1..t3 and c1, c2 at risk. Hour 6: t1 has had its own, t4 came: t2, t3, t4 and c1, c2.
    assert firsts(two) == [(3, 1, 1, 0, 3, 2), (6, 1, 1, 1, 3, 2)]


def test_events_before_the_exposure_take_nobody_out(two: World) -> None:
    error(two, "t1", 0.5)
    two.expose("t1", "treatment", 1)
    two.expose("c1", "control", 1)
    error(two, "t1", 2.5)
    two.close()
    assert firsts(two) == [(2, 1, 1, 0, 1, 1)]


def test_who_crosses_is_at_risk_on_either_side_in_turn_and_has_one_first_event(two: World) -> None:
    two.expose("x", "control", 1)
    two.expose("y", "control", 1)
    two.expose("z", "control", 1)
    two.expose("t", "treatment", 1)
    later(two, "x", "treatment", WEEK + 1)
    later(two, "y", "treatment", WEEK + 1)
    later(two, "t", "treatment", WEEK + 1)
    later(two, "z", "control", WEEK + 1)
    error(two, "y", 3.5)                        # in control, before it crosses
    error(two, "y", WEEK + 2.5)                 # no first one any more
    error(two, "x", WEEK + 3.5)
    two.close()
    # Hour 3 of epoch 1: x, y, z against t. Later y is out: x and t in treatment, z in control.
    assert firsts(two) == [(3, 1, 0, 1, 1, 3), (WEEK + 3, 2, 1, 0, 2, 1)]
    # The second epoch on its own starts anew: y is at risk again.
    second = [(WEEK + 2, 2, 1, 0, 3, 1), (WEEK + 3, 2, 1, 0, 2, 1)]
    assert firsts(two, 2) == second
    assert firsts(two, anew=True) == [(3, 1, 0, 1, 1, 3), *second]


def test_an_event_between_two_spans_belongs_to_one_of_them(two: World) -> None:
    two.expose("x", "control", 1)
    two.expose("t", "treatment", 1)
    later(two, "x", "treatment", WEEK)          # the very instant at which its span in control ends
    later(two, "t", "treatment", WEEK)
    error(two, "x", WEEK)
    two.close()
    found = firsts(two)
    assert sum(row[2] + row[3] for row in found) == 1


def test_first_values_are_held_against_a_reference_that_was_fixed_before_them(two: World) -> None:
    for who, arm, ms in (("a", "treatment", 300), ("b", "treatment", 100), ("c", "control", 250), ("d", "holdout", 90)):
        two.expose(who, arm, 1)
        request(two, who, 2.5, ms)
        request(two, who, 3.5, 900)             # a second value: never counted
    request(two, "late", 1, 500)                # before its exposure
    two.expose("late", "treatment", 4)
    request(two, "late", 5.5, 260)
    two.close()
    question = FirstValues("r", "request_duration", 200_000, (1, 2), two.at(0))
    rows = asked(two, question)
    assert [(r["hour"], r["arm"], r["n"], r["above"]) for r in rows] == [
        (2, "control", 2, 1), (2, "treatment", 2, 1), (5, "treatment", 1, 1)]
    since_three = FirstValues("r", "request_duration", 200_000, (1, 2), two.at(3))
    assert [(r["hour"], r["n"]) for r in asked(two, since_three)] == [(5, 1)], "what helped to fix it does not count"


def matured(world: World, *crossings: Crossing, hours: int = 48, now: float = 14 * DAY,
            **fields: Any) -> dict[tuple[int, str], tuple[int, int]]:
    question = Matured("r", (1, 2), ("feature_use",), world.at(now), within_hours=hours, crossings=crossings, **fields)
    found: dict[tuple[int, str], tuple[int, int]] = {}
    for row in asked(world, question):
        n, x = found.get((row["epoch"], row["arm"]), (0, 0))
        found[row["epoch"], row["arm"]] = (n + row["n"], x + row["x"])
    return found


def test_an_outcome_is_counted_once_its_age_is_over_and_not_before(two: World) -> None:
    two.expose("a", "treatment", 0)
    two.expose("b", "treatment", 0)
    two.expose("young", "treatment", 14 * DAY - 10)     # 10 hours old
    two.add("feature_use", 47.9, "a", flag="f1")        # within 48 hours
    two.add("feature_use", 48.1, "b", flag="f1")        # too late
    two.add("feature_use", 14 * DAY - 9, "young", flag="f1")
    two.close()
    assert matured(two) == {(1, "treatment"): (2, 1)}
    assert matured(two, whats=("f2",)) == {(1, "treatment"): (2, 0)}, "only uses of the named flags"


def test_retention_is_a_visit_on_the_very_day(two: World) -> None:
    for who in "abc":
        two.expose(who, "control", 10)                  # day 0
    two.add("feature_use", 3 * DAY + 1, "a", flag="f1")     # day 3
    two.add("feature_use", 4 * DAY + 1, "b", flag="f1")     # day 4
    two.close()
    question = Matured("r", (1, 2), ("feature_use",), two.at(14 * DAY), on_day=3)
    assert [(r["n"], r["x"]) for r in asked(two, question)] == [(3, 1)]


def test_who_is_seen_on_the_other_side_before_the_age_is_left_out(two: World) -> None:
    two.expose("stays", "control", WEEK - 24)
    two.expose("crosses", "control", WEEK - 24)
    later(two, "stays", "control", WEEK + 1)
    later(two, "crosses", "treatment", WEEK + 1)        # 25 hours old
    two.close()
    assert matured(two) == {(1, "control"): (1, 0)}


def test_nobody_is_left_out_for_having_come_back_when_sides_may_change(two: World) -> None:
    # Four entered treatment a day before half of them were taken out again. Only two came back and were seen to have
    # moved. Leaving out those two alone would leave the ones that never returned: retention 0 of 2 instead of 2 of 4.
    for who in ("back1", "back2", "gone1", "gone2"):
        two.expose(who, "treatment", WEEK - 24)
    for who in ("back1", "back2"):
        later(two, who, "control", WEEK + 1)
        two.add("feature_use", WEEK + 1, who, flag="f1")
    two.expose("early", "treatment", WEEK - 72)         # its 48 hours were over before
    two.close()
    assert matured(two) == {(1, "treatment"): (3, 0)}
    assert matured(two, Crossing(1, "treatment", two.at(WEEK))) == {(1, "treatment"): (1, 0)}


def test_bucket_sums_are_arrays_by_stratum_and_side(two: World) -> None:
    for who, arm in (("a", "treatment"), ("b", "control"), ("h", "holdout"), ("n", "none")):
        two.expose(who, arm, 1)
        two.add("api_request", 2, who, endpoint="/x", status=200, value=1.0)
        two.add("api_request", 3, who, endpoint="/x", status=500, value=1.0)
    two.close()
    rows = asked(two, BucketSums("r", ("request_errors",), (1, 2)))
    assert [(r["side"], sum(r["d"]), sum(r["x"]), r["inclusion"]) for r in rows] == [
        ("control", 4, 2, 50_000), ("treatment", 2, 1, 50_000)]
    assert all(len(r["d"]) == len(r["x_capped"]) == CLUSTER_BUCKETS for r in rows)


def test_the_days_before_are_regrouped_by_the_side_a_subject_has_later(two: World) -> None:
    for who, count in (("a", 3), ("b", 5), ("stranger", 7)):
        for number in range(count):
            two.add("api_request", -30 + number, who, endpoint="/x", status=500 if number == 0 else 200, value=1.0)
    two.expose("a", "treatment", 1)
    two.expose("b", "control", 1)
    two.add("api_request", 2, "a", endpoint="/x", status=500, value=1.0)          # after the start
    two.close()
    question = SumsBefore("r", Window(two.at(-14 * DAY), two.at(0)), (("request_errors", ""), ("session", "")), (1,))
    assert [(r["kind"], r["side"], sum(r["d"]), sum(r["x"])) for r in asked(two, question)] == [
        ("request_errors", "control", 5, 1), ("request_errors", "treatment", 3, 1)]
