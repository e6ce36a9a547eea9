"""Events over HTTP: per-event answers, keys, limits; acknowledged only when stored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from rollout_core.http.admin import question_paths
from rollout_core.insight.ready_questions import SHIPPED
from tests.fakes.running_app import RunningApp, running_app

pytestmark = pytest.mark.server

PATH = "/api/v1/events"


@pytest.fixture
def browser(app: RunningApp) -> Iterator[httpx.Client]:
    """A browser of another site: a foreign origin and no cookie."""
    with app.client(origin="https://shop.example") as client:
        yield client


def key_of(app: RunningApp) -> str:
    return (app.store / "write.key").read_text().strip()


def page_view(**more: object) -> dict[str, object]:
    return {"event_id": uuid4().hex, "kind": "page_view", "occurred_at": datetime.now(UTC).isoformat(),
            "units": {"user": "u1"}, "page": "/exercises", **more}


def stored(app: RunningApp, event_id: object) -> int:
    with app.owner() as owner:
        found = owner.post("/api/admin/rollout/sql",
                           json={"sql": f"SELECT count(*) FROM page_views WHERE event_id = '{event_id}'"})
    assert found.status_code == 200, found.text
    return int(found.json()["rows"][0][0])


def test_what_is_acknowledged_is_stored(app: RunningApp, browser: httpx.Client) -> None:
    event = page_view()
    answer = browser.post(PATH, params={"key": key_of(app)}, json=[event])
    assert answer.status_code == 200, answer.text
    assert answer.json()["accepted"] == 1
    assert stored(app, event["event_id"]) == 1


def test_a_bad_event_does_not_sink_its_batch(app: RunningApp, browser: httpx.Client) -> None:
    good, odd = page_view(), page_view(page="")
    answer = browser.post(PATH, params={"key": key_of(app)}, json=[odd, good, {"kind": "nonsense"}]).json()
    assert [each["status"] for each in answer["events"]] == ["rejected", "accepted", "rejected"]
    assert answer["events"][0]["reason"] == "missing_field"
    assert answer["events"][0]["event_id"] == odd["event_id"]
    assert stored(app, good["event_id"]) == 1
    assert stored(app, odd["event_id"]) == 0


def test_the_same_event_again_is_a_duplicate(app: RunningApp, browser: httpx.Client) -> None:
    event = page_view()
    browser.post(PATH, params={"key": key_of(app)}, json=[event])
    again = browser.post(PATH, params={"key": key_of(app)}, json=[event]).json()
    assert again["duplicates"] == 1
    assert stored(app, event["event_id"]) == 1


def test_a_large_batch_is_answered_event_by_event_too(app: RunningApp, browser: httpx.Client) -> None:
    events = [page_view() for _ in range(2_500)]
    browser.post(PATH, params={"key": key_of(app)}, json=[events[7]])
    sent = [*events, page_view(page=""), {"kind": "nonsense"}, events[3]]
    answer = browser.post(PATH, params={"key": key_of(app)}, json=sent).json()
    assert [each["index"] for each in answer["events"]] == list(range(2_503))
    assert [each["event_id"] for each in answer["events"]] == [each.get("event_id") for each in sent]
    assert [each["index"] for each in answer["events"] if each["status"] == "rejected"] == [2_500, 2_501]
    assert (answer["accepted"], answer["rejected"], answer["duplicates"]) == (2_501, 2, 2)
    assert all(stored(app, each["event_id"]) == 1 for each in (events[0], events[3], events[7], events[-1]))


def test_a_beacon_is_text_with_the_key_in_the_path_and_may_be_read_by_any_site(
        app: RunningApp, browser: httpx.Client) -> None:
    import json

    event = page_view()
    answer = browser.post(f"{PATH}/{key_of(app)}", content=json.dumps([event]),
                          headers={"content-type": "text/plain;charset=UTF-8"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    assert browser.options(PATH).status_code == 204
    assert stored(app, event["event_id"]) == 1


def test_without_the_key_nothing_is_taken(app: RunningApp, browser: httpx.Client) -> None:
    assert browser.post(PATH, json=[page_view()]).status_code == 401
    assert browser.post(PATH, params={"key": "guessed"}, json=[page_view()]).status_code == 403


def test_a_session_cookie_is_no_key(app: RunningApp) -> None:
    with app.signed_in(app.session()) as person:
        assert person.post(PATH, json=[page_view()]).status_code == 401


def test_the_public_key_opens_nothing_else(app: RunningApp) -> None:
    with app.client(authorization=f"Bearer {key_of(app)}") as sender:
        assert sender.get("/api/admin/rollout/status").status_code == 401


def test_a_server_with_a_token_may_send_arms(app: RunningApp) -> None:
    with app.owner() as owner:
        made = owner.post("/api/admin/rollout/create-token", json={"name": "server", "role": "sender"})
    exposure = {"event_id": uuid4().hex, "kind": "exposure", "occurred_at": datetime.now(UTC).isoformat(),
                "rollout": "exercise_library", "unit": "user", "subject": "u1", "units": {"user": "u1"},
                "arm": "treatment", "epoch": 1, "inclusion": 5000}
    with app.client(authorization=f"Bearer {made.json()['result']['secret']}") as server:
        answer = server.post(PATH, json=[exposure, {**exposure, "event_id": uuid4().hex, "arm": "best"}]).json()
    assert [each["status"] for each in answer["events"]] == ["accepted", "rejected"]


def test_a_senders_token_sends_and_reads_and_changes_nothing(app: RunningApp) -> None:
    with app.owner() as owner:
        made = owner.post("/api/admin/rollout/create-token", json={"name": "shop", "role": "sender"})
        status = owner.get("/api/admin/rollout/status?rollout=exercise_library").json()
    rollout = {"rollout": "exercise_library"}
    with app.client(authorization=f"Bearer {made.json()['result']['secret']}") as sender:
        assert sender.post(PATH, json=[page_view()]).json()["accepted"] == 1
        asked = [sender.get(f"/api/admin/rollout/{path}") for path in question_paths()]
        pressed = [sender.post(f"/api/admin/rollout/{path}", json=body) for path, body in (
            ("sql", {"sql": SHIPPED[0].sql}), *((path, rollout) for path in ("pause", "pause/preview", "stop", "hold")),
            ("signin-link", {}), ("export", {"directory": "x"}))]
    assert {answer.status_code for answer in (*asked, *pressed)} == {403}
    with app.owner() as owner:
        assert owner.get("/api/admin/rollout/status?rollout=exercise_library").json()["revision"] == status["revision"]


def test_a_viewers_token_may_not_send_events(app: RunningApp) -> None:
    with app.owner() as owner:
        made = owner.post("/api/admin/rollout/create-token", json={"name": "reader", "role": "viewer"})
    with app.client(authorization=f"Bearer {made.json()['result']['secret']}") as reader:
        assert reader.post(PATH, json=[page_view()]).status_code == 403


@pytest.mark.parametrize("body", [b"{}", b"nonsense", b"", b'"text"'])
def test_a_body_that_is_no_list_is_refused(app: RunningApp, browser: httpx.Client, body: bytes) -> None:
    assert browser.post(PATH, params={"key": key_of(app)}, content=body).status_code == 422


def test_below_the_least_free_disk_events_are_refused_and_pausing_works(tmp_path: Path) -> None:
    # no disk has a million gigabytes free
    with running_app(tmp_path / "store", {"ROLLOUT_MINIMUM_FREE_MB": "1000000000"}) as full:
        with full.client() as sender:
            answer = sender.post(PATH, params={"key": key_of(full)}, json=[page_view()])
        assert answer.status_code == 503
        assert answer.headers["retry-after"].isdigit()
        with full.owner() as owner:
            stopped = owner.post("/api/admin/rollout/stop", json={"rollout": "exercise_library"})
        assert stopped.status_code == 200, stopped.text
