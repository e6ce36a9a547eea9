"""Two sides of a metric: arms like with like, other sides as they stand, and the same in every part."""

from __future__ import annotations

from datetime import timedelta
from math import isclose
from pathlib import Path

import pytest

from rollout_core.control.sync_register import sync_register
from rollout_core.errors import InvalidRequest
from rollout_core.insight.compare import CompareAnswer, CompareRequest
from rollout_core.insight.compare_answer import answer
from rollout_core.insight.compare_sides import last_stay
from rollout_core.metrics.measured import Window
from rollout_core.ports.control_records import Subject
from rollout_core.rollouts.rollout import Epoch
from tests.golden.made_world import PLAN, T0, World
from tests.unit.insight.conftest import fill

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


def registered(world: World) -> None:
    """People 0 to 9 of either arm pay, the others do not; the first three are staff; each has an id of its own."""
    with world.room.control.write() as unit:
        unit.register.upsert_many([
            Subject("user", f"{arm}{place}", {"tier": "paid" if place < 10 else "free", "staff": place < 3,
                                              "badge": f"{arm}-{place}", "year": 2020 + place % 2})
            for arm in ("treatment", "control") for place in range(20)])
    sync_register(world.room)


def test_people_are_divided_by_what_the_register_says_of_them(world: World) -> None:
    """Of the 10 who pay treatment's first two fail on one of two requests a day: 28 of 280; control's one: 14."""
    registered(world)
    found = compare(world, by="attribute.tier")
    parts = {each.key: each for each in found.parts}
    assert set(parts) == {"paid", "free"}
    assert (parts["paid"].first.value, parts["paid"].first.n) == (28 / 280, 280)
    assert (parts["paid"].second.value, parts["free"].first.value) == (14 / 280, 0)
    assert "what the register says of them now" in found.note


def test_every_kind_of_attribute_divides_and_ids_do_not(world: World) -> None:
    registered(world)
    found = compare(world)
    assert {"attribute.tier", "attribute.staff", "attribute.year"} <= set(found.divisions)
    assert "attribute.badge" not in found.divisions, "40 values of 40 people tell them apart"
    staff = {each.key: each.first.n for each in compare(world, by="attribute.staff").parts}
    assert staff == {"yes": 3 * 28, "no": 17 * 28}
    years = {each.key for each in compare(world, by="attribute.year").parts}
    assert years == {"2020", "2021"}


def test_a_percentile_is_divided_by_attribute_too(world: World) -> None:
    """Requests take 120 ms plus the place: those who pay are 0 to 9, the others 10 to 19."""
    registered(world)
    found = compare(world, metric="api_response_p95", by="attribute.tier")
    values = {each.key: each.first.value for each in found.parts}
    assert values["paid"] == pytest.approx(129, rel=0.02)
    assert values["free"] == pytest.approx(139, rel=0.02)


def test_two_groups_of_people_are_two_segments(world: World) -> None:
    registered(world)
    found = compare(world, across="segments", by="attribute.tier", first="attribute.tier:paid",
                second="attribute.tier:free")
    assert (found.first.measured.value, found.second.measured.value) == (28 / 280, 0)
    assert found.segments == ("attribute.tier:free", "attribute.tier:paid")
    assert not found.causal


def test_builds_divide_what_was_sent_with_one(empty: World) -> None:
    for place, (build, status) in enumerate((("1.0", 200), ("1.0", 500), ("1.1", 200), (None, 500))):
        empty.expose("ann", "treatment", 1)
        empty.add("api_request", 2 + place, "ann", endpoint="/plan", status=status, value=100.0, release=build)
    empty.expose("bob", "control", 1)
    empty.add("api_request", 2, "bob", endpoint="/plan", status=200, value=100.0, release="1.0")
    empty.close()
    found = compare(empty, by="release", across="periods", then_since_at=T0 - timedelta(days=1), then_until_at=T0)
    assert "release" in found.divisions
    one = compare(empty, by="release")
    assert {each.key: (each.first.value, each.first.n) for each in one.parts} == {"1.0": (0.5, 2), "1.1": (0.0, 1)}


def test_an_attribute_cannot_smuggle_sql(world: World) -> None:
    registered(world)
    with pytest.raises(InvalidRequest, match="cannot be divided"):
        compare(world, by="attribute.x'; DROP TABLE register; --")


def test_people_are_divided_by_the_first_audience_they_belong_to(tmp_path: Path) -> None:
    """Payers come first; whoever pays is not counted among everybody again."""
    both = "audiences:\n  - {key: payers, name: Payers, rule: {attribute: tier, equals: paid}}\n"
    world = World(tmp_path, PLAN.replace("audiences:\n", both))
    fill(world)
    registered(world)
    found = compare(world, by="audience")
    assert {each.key: each.first.n for each in found.parts} == {"payers": 280, "everyone": 280}
    assert {each.key: each.first.value for each in found.parts} == {"payers": 28 / 280, "everyone": 0}
    assert {each.key: each.name for each in found.parts} == {"payers": "Payers", "everyone": "Everybody"}
    sides = compare(world, across="segments", by="audience", first="audience:payers", second="audience:everyone")
    assert (sides.first.label, sides.second.label) == ("Payers", "Everybody")
