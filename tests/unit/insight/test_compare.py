"""Two sides of a metric: arms like with like, other sides as they stand, and the same in every part."""

from __future__ import annotations

from datetime import timedelta
from math import isclose

import pytest

from rollout_core.errors import InvalidRequest
from rollout_core.insight.compare import CompareAnswer, CompareRequest
from rollout_core.insight.compare_answer import answer
from rollout_core.insight.compare_sides import last_stay
from rollout_core.metrics.measured import Window
from rollout_core.rollouts.rollout import Epoch
from tests.golden.made_world import T0, World

FORTNIGHT = {"since_at": T0, "until_at": T0 + timedelta(days=14)}


def compare(world: World, **fields: object) -> CompareAnswer:
    return answer(world.room, CompareRequest(rollout="r", **{**FORTNIGHT, **fields}))  # type: ignore[arg-type]


def test_the_error_rates_of_the_arms_and_their_difference(world: World) -> None:
    # Two requests a day of 20 subjects: 2 of 40 fail in treatment (5 %), 1 of 40 in control (2.5 %).
    found = compare(world)
    assert (found.first.measured.value, found.second.measured.value) == (0.05, 0.025)
    assert found.difference.value is not None
    assert isclose(found.difference.value, 0.025)
    assert found.change.value is not None
    assert isclose(found.change.value, 1.0)
    assert found.causal


def test_a_mean_and_a_percentile_are_told_apart_in_the_unit_of_the_metric(world: World) -> None:
    # LCP is 2000 + 50 * place in both arms: no difference, in milliseconds and not in stored microseconds.
    found = compare(world, metric="lcp_p75")
    assert found.unit == "ms"
    assert found.difference.value == 0
    assert found.difference.high is not None
    assert found.difference.high < 1000
    assert found.words == "No clear difference in LCP p75 between treatment and control."


def test_scores_of_the_arms_differ_on_their_own_scale(empty: World) -> None:
    for arm, scores in (("treatment", (5.0, 4.0)), ("control", (4.0, 2.0))):
        empty.expose(arm, arm, 1)
        for score in scores:
            empty.add("feedback", 3, arm, value=score)
    empty.close()
    found = compare(empty, metric="satisfaction")
    assert (found.first.measured.value, found.second.measured.value) == (4.5, 3.0)
    assert found.difference.value == pytest.approx(1.5)      # points of the scale 1..5, not millionths
    assert found.change.value == pytest.approx(0.5)


def test_divided_by_endpoint_the_only_part_is_the_whole(world: World) -> None:
    found = compare(world, by="endpoint")
    assert [part.key for part in found.parts] == ["/plan"]
    assert found.parts[0].first.value == found.first.measured.value
    assert found.parts[0].difference.value == found.difference.value


def test_a_percentile_divided_by_device_counts_the_same_page_views(world: World) -> None:
    found = compare(world, metric="lcp_p75", by="device")
    assert [(part.key, part.first.n) for part in found.parts] == [("phone", found.first.measured.n)]


def test_the_stretch_before_is_as_long_and_ends_where_the_period_begins(world: World) -> None:
    found = compare(world, across="periods", since_at=T0 + timedelta(days=7))
    middle = T0 + timedelta(days=7)
    assert found.windows == (Window(middle, T0 + timedelta(days=14)), Window(T0, middle))
    assert found.difference.value == 0
    assert not found.causal
    assert "other causes" in found.note


def test_a_plan_against_itself_is_no_different(world: World) -> None:
    found = compare(world, across="plans", first="r", second="r")
    assert found.difference.value == 0


def test_what_cannot_be_divided_or_compared_is_refused_with_what_can(world: World) -> None:
    with pytest.raises(InvalidRequest, match="cannot be divided"):
        compare(world, by="category")
    with pytest.raises(InvalidRequest, match="cannot be compared"):
        compare(world, metric="conversion_change")
    with pytest.raises(InvalidRequest, match="no two segments"):
        compare(world, across="segments")
    with pytest.raises(InvalidRequest, match="is no arm"):
        compare(world, across="periods", arm="both")


def test_nothing_heard_is_nothing_to_compare_and_never_no_difference(empty: World) -> None:
    found = compare(empty)
    assert found.difference.value is None
    assert "nothing to compare" in found.words


def test_a_phase_entered_twice_counts_from_its_last_entry_so_that_two_never_overlap() -> None:
    epochs = [Epoch("r", number, T0 + timedelta(days=number), phase, 0, {}, {}, frozenset(), "start", 1)
              for number, phase in enumerate(("one", "two", "one", "one", "two"))]
    assert last_stay(epochs, "one", T0) == Window(T0 + timedelta(days=2), T0 + timedelta(days=4))
    assert last_stay(epochs, "two", T0 + timedelta(days=9)) == Window(T0 + timedelta(days=4), T0 + timedelta(days=9))
