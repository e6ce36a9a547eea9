"""What people write is bounded and visible."""

from __future__ import annotations

import pytest

from rollout_core.control.pause import Pause
from rollout_core.control.written import LONGEST, unusable_texts, visible


@pytest.mark.parametrize("reason", ["Errors rose.\nSee the report.\t(ada)", "x" * LONGEST, "Ошибки 增加 🙂", ""])
def test_what_somebody_writes_is_taken_as_it_is(reason: str) -> None:
    assert unusable_texts(Pause(rollout="r", reason=reason)) == ()


@pytest.mark.parametrize("reason", ["x" * (LONGEST + 1), "a\x00b", "a\x1b[2Jb", "ok \u202e ko", "\u2066"])
def test_what_is_endless_or_cannot_be_seen_is_named(reason: str) -> None:
    assert [problem.where for problem in unusable_texts(Pause(rollout="r", reason=reason))] == ["reason"]


def test_a_name_somebody_claims_is_shown_without_what_nobody_sees() -> None:
    assert visible("ada\x00\u202e nimda") == "ada nimda"
