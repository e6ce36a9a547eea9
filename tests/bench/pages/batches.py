"""Batches of events as products with many users send them: every kind, visits of ten events, the last five seconds.

A batch is made once; what must be new each time (ids, people, times) is written over it in place, so that the sender,
who shares the machine with the app, costs next to nothing.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from random import Random
from typing import Any

import numpy as np

MIX = {"api_request": 24, "page_view": 22, "web_vital": 20, "session": 12, "task": 8, "exposure": 6, "feature_use": 4,
       "render": 2, "error": 1, "feedback": 1}
"""Of a hundred events, about as the demo's two products bring them about."""

VISIT = 10
PEOPLE = 100_000
PEOPLE_PER_WORKSPACE = 50
LAST_SECONDS = 5
TAG, USER, WORKSPACE, TIME = "@" * 8, "$" * 6, "~" * 4, "#" * 32
"""Marks that are written over: what makes ids new, digits of a user and of a workspace, an instant."""

ARMS = ("treatment", "control")
TIMES = 50
"""Different instants within a batch."""


class Batch:
    """One batch of `size` events, a whole number of visits. `arm`: what its exposures say, as a server's do (a
    browser's say none); its people are those of that arm, every other one."""

    def __init__(self, size: int, seed: int, arm: str | None = None) -> None:
        dice = Random(seed)
        kinds = [kind for kind, share in MIX.items() for _ in range(share)]
        dice.shuffle(kinds)
        events = [_event(place, kinds[place % len(kinds)], dice, arm) for place in range(size)]
        text = json.dumps(events, separators=(",", ":")).encode()
        self.size, self._arm = size, arm
        self._text = np.frombuffer(bytearray(text), np.uint8)
        self._tags, self._users, self._workspaces, self._times = (
            _places(mark, text) for mark in (TAG, USER, WORKSPACE, TIME))
        self._random = np.random.default_rng(seed)

    def made(self, number: int, now: datetime) -> bytes:
        """The batch with ids of this number (below 100 million), its times within the seconds before `now`."""
        people = self._random.integers(0, PEOPLE // 2, self.size // VISIT).repeat(VISIT) * 2 + (self._arm == ARMS[1])
        instants = [(now - timedelta(seconds=LAST_SECONDS * place / TIMES)).isoformat(timespec="microseconds")
                    for place in range(TIMES)]
        rows = np.frombuffer("".join(instants).encode(), np.uint8).reshape(TIMES, len(TIME))
        self._text[self._tags] = _digits(np.array([number]), len(TAG))
        self._text[self._users] = _digits(people, len(USER))
        self._text[self._workspaces] = _digits(people // PEOPLE_PER_WORKSPACE, len(WORKSPACE))
        self._text[self._times] = rows[self._random.integers(0, TIMES, self.size)]
        return self._text.tobytes()


def _places(mark: str, text: bytes) -> np.ndarray:
    """Where each mark's bytes are: one row a mark."""
    starts = [found.start() for found in re.finditer(re.escape(mark.encode()), text)]
    return np.array(starts)[:, None] + np.arange(len(mark))


def _digits(numbers: np.ndarray, width: int) -> np.ndarray:
    """The decimal digits of numbers as characters: one row a number."""
    return (numbers[:, None] // 10 ** np.arange(width - 1, -1, -1) % 10 + ord("0")).astype(np.uint8)


def _event(place: int, kind: str, dice: Random, arm: str | None) -> dict[str, Any]:
    """The event at a place of the batch."""
    visit, load = place // VISIT, f"p{TAG}-{place // VISIT}"
    recorded = {"arm": arm, "epoch": 2, "inclusion": 50_000} if arm else {}
    own: dict[str, dict[str, Any]] = {
        "api_request": {"endpoint": f"/api/{place % 30}", "status": 200, "value": round(dice.random() * 400, 3)},
        "page_view": {"load": load},
        "web_vital": {"name": ("LCP", "INP", "CLS")[place % 3], "metric_id": f"v{TAG}-{place}", "load": load,
                      "value": round(dice.random() * 4_000, 1)},
        "session": {"value": round(dice.random() * 400_000, 1)},
        "task": {"name": f"task {place % 5}", "state": "started"},
        "exposure": {"rollout": "exercise_library", "unit": "user", "flag": f"F{place % 9}", **recorded},
        "feature_use": {"flag": f"F{place % 9}", "value": round(dice.random() * 60_000, 1)},
        "render": {"name": f"Card{place % 5}", "value": round(dice.random() * 40, 2)},
        "error": {"category": "javascript", "severity": "medium", "message": f"TypeError: x{place} is undefined"},
        "feedback": {"name": "satisfaction", "value": 1 + place % 5, "comment": "Exactly what I needed"},
    }
    return {"event_id": f"b{TAG}-{place}", "kind": kind, "occurred_at": TIME, "session": f"s{TAG}-{visit}",
            "units": {"workspace": f"w{WORKSPACE}", "user": f"u{USER}"}, "page": f"/page/{place % 40}",
            "device": "phone" if place % 3 else "desktop", "release": "1.0", **own[kind]}
