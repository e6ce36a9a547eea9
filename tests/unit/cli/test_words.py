"""What the terminal says of a rollout."""

from __future__ import annotations

from rollout_core.cli import words

HEALTH = {"score": 90, "word": "Healthy", "provisional": False, "inputs": 5, "inputs_with_data": 5}
GATES = {"words": "Errors: 4.1%; proven to be above", "met": 1, "total": 4, "waiting": [
    {"name": "Errors", "state": "not_met", "at": None, "sure": False},
    {"name": "Minimum duration", "state": "not_yet", "at": "2026-11-25T09:00:00+00:00", "sure": True},
    {"name": "Review", "state": "manual", "at": None, "sure": False}]}
ONE = {"rollout": "r", "name": "R", "simulated": False, "status": "running", "revision": 3, "phase": None,
       "unit": "user", "share": {"percentage": 20.0, "have": None, "eligible": None}, "health": HEALTH, "gates": GATES,
       "forced": [], "alerts": {"critical": 0, "error": 0, "warning": 0}, "next_phase": None,
       "last_event_at": None, "metrics": []}


def test_status_names_every_condition_that_is_open_with_the_worst_first() -> None:
    assert """  1 of 4 conditions met; it waits for:
    not met: Errors: 4.1%; proven to be above
    not yet: Minimum duration, until 25 Nov 2026, 09:00 UTC
    to sign: Review
""" in words.status(ONE)
    listed = words.overview({"rollouts": [ONE], "needs": []}).splitlines()[0]
    assert listed.endswith("not met: Errors: 4.1%; proven to be above; not yet: Minimum duration, "
                           "until 25 Nov 2026, 09:00 UTC; to sign: Review")


def test_status_says_in_one_line_that_everything_is_met() -> None:
    met = {"words": "everything is met", "met": 4, "total": 4, "waiting": []}
    assert "\n  everything is met\n" in words.status({**ONE, "gates": met})
    assert words.overview({"rollouts": [{**ONE, "gates": met}], "needs": []}).startswith(
        "r: running, 20 %, health 90, healthy. everything is met\n")
