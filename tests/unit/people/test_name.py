"""Which spellings are one name, and which names nobody may have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_core.errors import InvalidRequest
from rollout_core.people.actor import AUTOPILOT
from rollout_core.people.name import LONGEST, RESERVED, folded, shown, usable


@pytest.mark.parametrize(("one", "other"), [
    ("Ana@Example.com", "ana@example.COM"), (" ana ", "ana"), ("ana  ruiz", "Ana Ruiz"), ("ana\u00a0ruiz", "ana ruiz"),
    ("\uff41\uff4e\uff41", "ana"), ("\ufb01nn", "finn"), ("a\u200bna", "ana"), ("an\u00ada", "ana"),
    ("jos\u00e9", "jose\u0301"), ("stra\u00dfe", "STRASSE"), ("\u1d43na", "ana"), ("ana\u3164", "ana")])
def test_spellings_that_are_one_name(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@pytest.mark.parametrize(("one", "other"), [
    ("ana", "anna"), ("ana.ruiz", "anaruiz"), ("ana ruiz", "anaruiz"), ("\u0430na", "ana"), ("jose", "jos\u00e9")])
def test_spellings_that_are_two_names(one: str, other: str) -> None:
    assert folded(one) != folded(other)


@pytest.mark.parametrize("name", [
    "owner", "Owner", " OWNER\u200b", "\uff4fwner", "auto pilot", "Auto-Pilot", "_start_", "set.up", "\U0001d428wner",
    "Unknown", AUTOPILOT.principal])
def test_nobody_is_called_like_a_part_of_the_app(name: str) -> None:
    with pytest.raises(InvalidRequest, match="audit trail"):
        usable(name)


@pytest.mark.parametrize("name", ["", "  ", "\u200b\u2060", "x" * (LONGEST + 1)])
def test_a_name_can_be_seen_and_is_not_endless(name: str) -> None:
    with pytest.raises(InvalidRequest, match="characters that can be seen"):
        usable(name)


@pytest.mark.parametrize("name", ["owner@example.com", "productowner", "local-admin", "Zo\u00eb \u8d75", "downer"])
def test_everybody_else_may_be_called_so(name: str) -> None:
    assert usable(name) == name


def test_reserved_names_are_written_as_they_are_compared() -> None:
    assert {folded(name).replace(" ", "") for name in RESERVED} == RESERVED


@given(st.text(max_size=30))
def test_folding_is_settled_after_one_time(name: str) -> None:
    assert folded(folded(name)) == folded(name)
    assert folded(shown(name)) == folded(name)
