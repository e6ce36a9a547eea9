"""What a replay says: the same, other numbers under another edition, a record that does not fit."""

from dataclasses import replace

import pytest

from rollout_core.analysis.judge import EDITION
from rollout_core.analysis.verdict import Status, Verdict
from rollout_core.insight.replay import differences_of, in_words

ERRORS = Verdict("errors", "error_rate", Status.WORSE, "difference", log_e=6.0, log_e_needed=5.0)
SPEED = Verdict("speed", "lcp_p75", Status.WATCHING, "difference", log_e=0.5, log_e_needed=5.0)


def test_the_same_counts_under_the_same_edition_are_the_same() -> None:
    again = (ERRORS, replace(SPEED, log_e=0.5 + 9e-10))
    assert differences_of((ERRORS, SPEED), again) == ()
    assert in_words(EDITION, (), 0.0) == "Judged again from its stored counts: the same verdicts."


def test_an_older_edition_is_named_with_what_it_changes() -> None:
    again = (replace(ERRORS, status=Status.WATCHING, log_e=4.75), SPEED)
    found = differences_of((ERRORS, SPEED), again)
    assert [(each.key, each.then, each.now) for each in found] == [("errors", "worse", "watching")]
    words = in_words(EDITION - 1 or 99, found, 1.25)
    assert f"replayed with edition {EDITION}" in words
    assert "log e differs by up to 1.25" in words
    assert "errors was worse and is watching" in words
    assert "The record holds" in words


def test_verdicts_that_one_edition_does_not_know_are_told_not_mixed_up() -> None:
    found = differences_of((ERRORS,), (SPEED,))
    assert [(each.key, each.then, each.now) for each in found] == [
        ("errors", "worse", None), ("speed", None, "watching")]
    assert "errors was worse and is not judged" in in_words(99, found, 0.0)


@pytest.mark.parametrize(("edition", "said"), [(EDITION, "was changed"), (0, "before editions were recorded")])
def test_a_difference_under_the_same_edition_is_an_alarm(edition: int, said: str) -> None:
    found = differences_of((SPEED,), (replace(SPEED, log_e=0.6),))
    words = in_words(edition, found, 0.1)
    assert said in words
    assert "every status is the same" in words
