"""Events that go on arriving as they did in the store's last hour, so that what a page asks anew has something new.

They come from a trusted server, of people of its own who were exposed to both rollouts, in the world's mix of kinds.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from tests.bench.overview_world import TAIL, TURNS
from tests.fakes.running_app import RunningApp

PEOPLE = 500
A_SECOND = TAIL / 3600
MOST = 2_000
"""Events of one call, after a long pause."""

UNITS = {"exercise_library": "user", "patient_engagement": "workspace"}
FLAGS = {"exercise_library": "ENHANCED_EXERCISE_LIBRARY", "patient_engagement": "patient_engagement_module"}
OWN = {
    "session": {"value": 61_000.0}, "api_request": {"endpoint": "/api/7", "status": 200, "value": 131.0},
    "web_vital": {"name": "LCP", "value": 2_345.0}, "feature_use": {"value": 30_000.0},
    "error": {"category": "javascript", "severity": "low", "name": "TypeError", "message": "x is undefined"},
    "feedback": {"name": "satisfaction", "value": 4.0},
}


class Trickle:
    """Sends what has become due; `behind`: seconds that the app's clock goes behind."""

    def __init__(self, app: RunningApp, behind: float) -> None:
        with app.owner() as owner:
            made = owner.post("/api/admin/rollout/create-token", json={"name": uuid4().hex, "role": "operator"})
        self._client = app.client(authorization=f"Bearer {made.json()['result']['secret']}")
        self._behind = timedelta(seconds=behind)
        self._number = 0
        self._sent_at = time.monotonic()
        self._post([self._exposure(rollout, number, timedelta()) for rollout in UNITS for number in range(PEOPLE)])

    def flow(self) -> None:
        """Sends the events of the time since the last call."""
        elapsed = time.monotonic() - self._sent_at
        self._sent_at += elapsed
        many = min(MOST, max(1, round(elapsed * A_SECOND)))
        self._post([self._next(timedelta(seconds=elapsed * (many - place) / many)) for place in range(many)])

    def _next(self, ago: timedelta) -> dict[str, object]:
        self._number += 1
        rollout, kind = TURNS[self._number % len(TURNS)]
        if rollout is not None:
            return self._exposure(next(key for key in UNITS if key.startswith(rollout)), self._number % PEOPLE, ago)
        flag = {"flag": FLAGS["exercise_library"]} if kind == "feature_use" else {}
        return {**self._envelope(str(kind), self._number % PEOPLE, ago), **OWN[str(kind)], **flag}

    def _exposure(self, rollout: str, number: int, ago: timedelta) -> dict[str, object]:
        unit = UNITS[rollout]
        return {**self._envelope("exposure", number, ago), "rollout": rollout, "unit": unit,
                "subject": f"{unit}{number}", "flag": FLAGS[rollout], "arm": ("treatment", "control")[number % 2],
                "epoch": 2, "inclusion": 50_000}

    def _envelope(self, kind: str, number: int, ago: timedelta) -> dict[str, object]:
        at = datetime.now(UTC) - self._behind - ago
        return {"event_id": uuid4().hex, "kind": kind, "occurred_at": at.isoformat(), "session": uuid4().hex,
                "units": {unit: f"{unit}{number}" for unit in UNITS.values()}, "page": f"/page/{number % 40}",
                "device": ("phone", "desktop")[number % 2], "release": "1.0"}

    def _post(self, events: list[dict[str, object]]) -> None:
        """Returns when they are stored."""
        answer = self._client.post("/api/v1/events", json=events)
        assert answer.json()["rejected"] == 0, answer.text[:300]
