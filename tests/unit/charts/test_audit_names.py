"""The trail names the criteria of the phase that was left: two phases may have one key each."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from rollout_core.charts.audit_words import Named


def phase(key: str, name: str) -> Any:
    return SimpleNamespace(key=key, name=key, criteria=(SimpleNamespace(key="use", name=name),))


NAMED = Named(plans={"shop": cast(Any, SimpleNamespace(plan=SimpleNamespace(
    phases=(phase("beta", "Use above 15 %"), phase("wide", "Use above 20 %")))))})


@pytest.mark.parametrize(("left", "name"), [("beta", "Use above 15 %"), ("wide", "Use above 20 %")])
def test_a_criterion_is_that_of_the_phase_that_was_left(left: str, name: str) -> None:
    assert NAMED.gate("shop", "use", left) == name


def test_what_no_plan_names_stands_for_itself() -> None:
    assert NAMED.gate("shop", "gone", "beta") == "gone"
    assert NAMED.gate("elsewhere", "use", "beta") == "use"
    assert NAMED.gate("shop", "minimum_duration", None) == "Minimum duration"
