"""The clock of a running app is set back three hours, and it is started again like that: nothing is lost or undone.

What is checked in the process: raising is refused in words, lowering works, sessions go on, events dated by the app's
time are stored and those of senders whose clock is right are answered one by one, sweeps go on, the trail stays whole
and its times never fall, and once the clock is right everything goes on.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes.running_app import RunningApp, running_app

pytestmark = pytest.mark.server
PATH = "/api/admin/rollout"
PLAN = "patient_engagement"
BACK = timedelta(hours=3)
COMMAND = ("-m", "tests.fakes.shifted_app")


class Shift:
    """How far the app's clock is from the machine's."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.set(timedelta(0))

    def set(self, by: timedelta) -> None:
        aside = self.file.with_suffix(".new")
        aside.write_text(str(by.total_seconds()), encoding="ascii")
        aside.replace(self.file)


@pytest.fixture
def shift(tmp_path: Path) -> Shift:
    return Shift(tmp_path / "shift")


def post(client: httpx.Client, verb: str, **body: Any) -> httpx.Response:
    return client.post(f"{PATH}/{verb}", json={"rollout": PLAN, "reason": "test", **body})


def revision_of(client: httpx.Client) -> int:
    entries = client.get(f"{PATH}/rollouts").json()["rollouts"]
    return next(int(entry["revision"]) for entry in entries if entry["key"] == PLAN)


def sent(app: RunningApp, name: str, at: datetime) -> dict[str, Any]:
    """One page view, dated `at`; what became of it."""
    key = (app.store / "write.key").read_text(encoding="ascii").strip()
    event = {"kind": "page_view", "event_id": name, "occurred_at": at.isoformat(), "page": "/",
             "units": {"workspace": "w1"}}
    with app.client() as browser:
        answer = browser.post(f"/api/v1/events/{key}", json=[event])
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["events"][0])


def trail_of(owner: httpx.Client) -> list[dict[str, Any]]:
    """Oldest first."""
    records = owner.get(f"{PATH}/audit", params={"limit": 1_000}).json()["records"]
    return [record["entry"] for record in reversed(records)]


def test_a_clock_set_back_loses_nothing_and_hinders_no_way_down(tmp_path: Path, shift: Shift) -> None:
    environment = {"SHIFT_FILE": str(shift.file)}
    with running_app(tmp_path / "store", environment, COMMAND) as app, app.owner() as owner:
        for verb in ("prepare", "waive-checklist"):
            assert post(owner, verb).is_success
        assert post(owner, "start", revision=revision_of(owner)).is_success
        session = app.session()
        shift.set(-BACK)
        refused = post(owner, "set-percentage", percentage=50, revision=revision_of(owner))
        assert refused.status_code >= 400
        assert "clock" in refused.json()["detail"]
        with app.signed_in(session) as browser:
            assert browser.get("/api/session").status_code == 200
        assert sent(app, "by the app's time", datetime.now(UTC) - BACK)["status"] == "accepted"
        ahead = sent(app, "by the right time", datetime.now(UTC))
        assert (ahead["status"], ahead.get("reason")) in {("accepted", None), ("rejected", "in_the_future")}
        assert owner.post(f"{PATH}/sweep", json={}).status_code == 200
        assert post(owner, "pause").is_success
    with running_app(tmp_path / "store", environment, COMMAND) as app, app.owner() as owner:
        entries = owner.get(f"{PATH}/rollouts").json()["rollouts"]
        assert next(entry["status"] for entry in entries if entry["key"] == PLAN) == "paused"
        with app.signed_in(session) as browser:
            assert browser.get("/api/session").status_code == 200
        trail = trail_of(owner)
        assert [entry["at"] for entry in trail] == sorted(entry["at"] for entry in trail)
        paused = next(entry for entry in trail if entry["verb"] == "pause")
        assert abs(paused["clock_behind_ms"] - BACK / timedelta(milliseconds=1)) < 120_000
        shift.set(timedelta(0))
        assert post(owner, "resume", revision=revision_of(owner)).is_success
        checks = {check["key"]: check["state"] for check in owner.get(f"{PATH}/doctor").json()["checks"]}
        assert checks["audit"] == "ok"
        assert "Traceback" not in app.said()
