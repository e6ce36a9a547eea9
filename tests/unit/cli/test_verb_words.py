"""What the terminal says of a verb that was carried out."""

from __future__ import annotations

from rollout_core.cli.verb_words import changed

HALF = {"key": "r", "percentage": 50_000, "status": "held", "revision": 11, "phase": "two"}
CHANGE = {"verb": "roll_back", "after": HALF, "revision": 11, "audit_seq": 24}


def test_a_verb_that_found_it_as_asked_says_that_nothing_changed() -> None:
    assert changed(CHANGE | {"before": HALF}).startswith("Nothing changed: it already was as asked.\nr: 50 % in two")


def test_one_that_lowered_says_from_where_to_where() -> None:
    before = HALF | {"percentage": 75_000, "status": "running", "revision": 10}
    assert changed(CHANGE | {"before": before, "lost": 3_857}) == (
        "r: 75 % → 50 % in two\n  3,857 lose it\n  held, revision 11, audit entry 24")
