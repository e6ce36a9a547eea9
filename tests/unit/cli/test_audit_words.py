"""The trail in a terminal says what its page says."""

from __future__ import annotations

from typing import Any

import pytest

from rollout_core.cli.tables import audited


@pytest.mark.parametrize(("entry", "said"), [
    ({"verb": "set_autopilot", "before": {"autopilot": "advise"}, "after": {"autopilot": "act"}},
     "Set autopilot: advise → act"),
    ({"verb": "roll_back", "rollout": "shop", "evidence": {"asked": {"kind": "immediate"}},
      "before": {"percentage": 50_000}, "after": {"percentage": 20_000}}, "Roll back: one phase back, 50% → 20%"),
    ({"verb": "advance", "outcome": "refused", "after": {"asked": {"percentage": 60}}}, "Advance: to 60%"),
    ({"verb": "set_person", "after": {"person": "vera_b", "role": "viewer"}}, "Set person: vera_b: added as viewer"),
    ({"verb": "sweep"}, "Sweep"),
])
def test_an_entry_says_what_was_done_to_what_without_markup(entry: dict[str, Any], said: str) -> None:
    assert audited(entry) == said
