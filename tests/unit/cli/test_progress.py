"""Long work without a terminal says how far it is, now and then, and what that lets expect."""

from __future__ import annotations

from rollout_core.cli.progress import Lines, left


def said(*steps: tuple[float, float]) -> list[str]:
    """The lines after (second, share done) steps of work that began at second 100."""
    told: list[str] = []
    seconds = iter([100.0, *(100.0 + second for second, _ in steps)])
    clock = [next(seconds)]
    lines = Lines(told.append, 1.0, lambda: clock[0])
    for second, share in steps:
        clock[0] = 100.0 + second
        lines(share, f"{share * 60:.0f} of 60 days")
    return told


def test_a_line_comes_with_each_tenth_and_not_with_every_step() -> None:
    """10 % after 5 s: the other 90 % take 45 s; 35 % after 14 s: 14 · 65 / 35 = 26 s."""
    assert said((1, 0.05), (5, 0.10), (6, 0.12), (14, 0.35), (15, 0.39)) == [
        "  10%, 6 of 60 days, about 45 s left", "  35%, 21 of 60 days, about 26 s left"]


def test_the_end_is_not_told_since_the_answer_follows() -> None:
    assert said((10, 1.0)) == []


def test_work_of_unknown_length_writes_no_lines() -> None:
    told: list[str] = []
    Lines(told.append, 0.0, lambda: 0.0)(5.0)
    assert told == []


def test_a_long_rest_is_told_in_minutes_and_none_before_anything_is_done() -> None:
    assert left(0.25, 100.0) == "about 5 min left"
    assert left(0.0, 3.0) == ""
