"""What the pages of numbers are told beyond the catalogue: by phase, by category, by comment, against targets."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rollout_core.errors import InvalidRequest
from rollout_core.insight import QUESTIONS
from rollout_core.insight.feedback import rated
from rollout_core.rollouts.rollout import Epoch
from tests.golden.made_world import T0, World


def ask(world: World, name: str, **request: object) -> object:
    spec = QUESTIONS[name]
    return spec.answer(world.room, spec.request(**request))


def test_a_phase_counts_those_who_were_first_exposed_in_it(world: World) -> None:
    """20 in treatment, all first exposed in phase one; 12 use f1 every second day, so they all use it again."""
    (phase,) = ask(world, "adoption", window="rollout").phases
    assert (phase.key, phase.exposed, phase.tried, phase.used_again) == ("one", 20, 12, 12)
    assert (phase.adoption.value, phase.adoption.n) == (12 / 20, 20)


def test_the_funnel_of_one_flag_counts_its_own_uses(world: World) -> None:
    """f2 was used by 4, once each; its exposures were never sent, so nobody is in its funnel at all."""
    steps = {step.key: step.n for step in ask(world, "adoption", window="rollout", flag="f2").funnel}
    assert (steps["exposed"], steps["tried"], steps["used_again"]) == (0, 0, 0)
    steps = {step.key: step.n for step in ask(world, "adoption", window="rollout", flag="f1").funnel}
    assert (steps["exposed"], steps["tried"], steps["used_again"]) == (20, 12, 12)


def test_use_by_day_counts_people_and_uses_of_full_days(world: World) -> None:
    """12 people use f1 on even days; on day 1 four use f2. The clock stands at the end of day 13: it is the last."""
    days = ask(world, "adoption", window="rollout").days
    assert [(each.day - T0.date(), each.adopters, each.uses) for each in days[:3]] == [
        (timedelta(days=0), 12, 12), (timedelta(days=1), 4, 4), (timedelta(days=2), 12, 12)]
    assert len(days) == 8, "seven even days and day 1"


def test_a_category_has_its_change_between_the_arms(world: World) -> None:
    """One javascript error in treatment's 280 sessions; none in control's 280: nothing to relate to, said so."""
    (category,) = ask(world, "errors", window="rollout").categories
    assert (category.treatment.value, category.treatment.n) == (1 / 280, 280)
    assert category.control.value == 0
    assert (category.change.value, category.change.note) == (None, "control is zero, so there is nothing to relate to")


def test_an_error_group_names_the_change_before_it_was_first_seen(world: World) -> None:
    (group,) = ask(world, "errors", window="rollout").groups
    assert (group.after.label, group.after.at) == ("Phase 1, 50%", T0)
    with world.room.control.write() as unit:
        unit.epochs.add(Epoch("r", 2, world.at(199), "one", 20_000, {"everyone": 20_000}, {"everyone": 50_000},
                              frozenset({"f1"}), "roll_back", 1))
    (group,) = ask(world, "errors", window="rollout").groups
    assert (group.after.kind, group.first_seen_at - group.after.at) == ("rollback", timedelta(hours=1))


def test_an_error_older_than_the_rollout_names_no_change(empty: World) -> None:
    for hours in (-30, 10):
        empty.add("error", hours, "somebody", category="api", severity="low", message="old")
    empty.expose("somebody", "treatment", 1)
    empty.close()
    (group,) = ask(empty, "errors", window="rollout").groups
    assert group.after is None


def test_a_metric_says_whether_its_target_is_reached(world: World) -> None:
    """CLS and INP of every load score above 97, LCP of 2.0 to 2.95 s 94 to 82: the mean's whole interval is above 90.
    """
    asked = {"metrics": ("performance_score",), "since_at": T0, "until_at": world.at(13 * 24)}
    (row,) = ask(world, "metrics", **asked).rows
    assert row.treatment.low > 90
    assert (row.targets, row.reached) == (("above 90",), ("met",))
    (row,) = ask(world, "metrics", **{**asked, "since_at": world.at(-48), "until_at": world.at(-24)}).rows
    assert row.reached == ("no_data",)


@pytest.mark.parametrize(("score", "low", "high", "recommends", "word"), [
    (2.0, 1.0, 5.0, False, "low"), (3.0, 1.0, 5.0, False, "middle"), (4.0, 1.0, 5.0, False, "high"),
    (6.0, 0.0, 10.0, True, "low"), (7.0, 0.0, 10.0, True, "middle"), (8.0, 0.0, 10.0, True, "middle"),
    (9.0, 0.0, 10.0, True, "high"), (None, 1.0, 5.0, False, "none"), (3.0, 5.0, 5.0, False, "none"),
])
def test_scores_in_words(score: float | None, low: float, high: float, recommends: bool, word: str) -> None:
    assert rated(score, low, high, recommends=recommends) == word


def written(world: World, *said: tuple[str, str, float]) -> None:
    """Comments, one an hour, by these people with these scores."""
    for place, (who, text, score) in enumerate(said):
        world.add("feedback", 14 * 24 - 20 + place, who, value=score, scale=(1, 5), comment=text, page="/plan")
    world.close()


def test_the_inbox_is_narrowed_by_arm_score_and_words_newest_first(world: World) -> None:
    written(world, ("treatment0", "good", 5.0), ("control0", "Too SLOW", 1.0), ("treatment1", "slow", 2.0))
    texts = [each.text for each in ask(world, "feedback").comments]
    assert texts == ["slow", "Too SLOW", "good"]
    assert [each.text for each in ask(world, "feedback", arm="treatment").comments] == ["slow", "good"]
    assert [each.text for each in ask(world, "feedback", score="low", search="too").comments] == ["Too SLOW"]
    assert ask(world, "feedback", search="nothing like it").comments == ()


def test_pages_of_the_inbox_follow_each_other_without_a_gap(world: World) -> None:
    written(world, *((f"treatment{place}", f"comment {place}", 4.0) for place in range(5)))
    first = ask(world, "feedback", limit=2)
    second = ask(world, "feedback", limit=2, before_at=first.older_at)
    third = ask(world, "feedback", limit=2, before_at=second.older_at)
    assert [each.text for page in (first, second, third) for each in page.comments] == [
        f"comment {place}" for place in (4, 3, 2, 1, 0)]
    assert third.older_at is None


def test_an_arm_or_score_that_does_not_exist_is_refused(world: World) -> None:
    for wrong in ({"arm": "holdout"}, {"score": "five"}):
        with pytest.raises(InvalidRequest, match="no such arm or score"):
            ask(world, "feedback", **wrong)
