"""The admin interface: the seed's nine endpoints, every verb and question, problem details, replays."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from rollout_core.control import VERBS
from rollout_core.insight import QUESTIONS
from tests.fakes.running_app import RunningApp

pytestmark = pytest.mark.server

PATH = "/api/admin/rollout"
PLAN = "patient_engagement"
SEED_GETS = ("status", "metrics", "workspaces", "report", "monitor", "pause-check", "health")


@pytest.fixture
def owner(app: RunningApp) -> Iterator[httpx.Client]:
    with app.owner() as client:
        yield client


@pytest.fixture(scope="module")
def started(app: RunningApp) -> dict[str, object]:
    """The patient rollout, started at 10 % once for this module."""
    with app.owner() as client:
        client.post(f"{PATH}/prepare", json={"rollout": PLAN})
        client.post(f"{PATH}/waive-checklist", json={"rollout": PLAN, "reason": "test"})
        revision = revision_of(client)
        answer = client.post(f"{PATH}/start", json={"rollout": PLAN, "revision": revision, "reason": "test"})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


def revision_of(client: httpx.Client) -> int:
    entries = client.get(f"{PATH}/rollouts").json()["rollouts"]
    return next(int(entry["revision"]) for entry in entries if entry["key"] == PLAN)


def percentage_of(client: httpx.Client) -> float:
    entries = client.get(f"{PATH}/rollouts").json()["rollouts"]
    return next(float(entry["percentage"]) for entry in entries if entry["key"] == PLAN)


@pytest.mark.parametrize("name", SEED_GETS)
def test_the_seeds_reading_endpoints_answer(owner: httpx.Client, started: dict[str, object], name: str) -> None:
    answer = owner.get(f"{PATH}/{name}", params={"rollout": PLAN})
    assert answer.status_code == 200, answer.text
    assert answer.json()["rollout"] == PLAN


def test_a_rollout_need_not_be_named_only_while_there_is_one(owner: httpx.Client) -> None:
    answer = owner.get(f"{PATH}/status")
    assert answer.status_code == 422
    assert set(answer.json()["facts"]["rollouts"]) == {"exercise_library", PLAN}


def test_every_verb_and_every_question_has_a_route(owner: httpx.Client) -> None:
    paths = owner.get("/api/openapi.json").json()["paths"]
    for name in QUESTIONS:
        assert "get" in paths[f"{PATH}/{name.replace('_', '-')}"]
    for name in VERBS:
        assert "post" in paths[f"{PATH}/{name.replace('_', '-')}"]
    assert {"get", "post"} <= {method for methods in paths.values() for method in methods}
    assert "put" in paths[f"{PATH}/percentage"]


def test_the_percentage_is_put_with_the_revision_it_was_decided_on(
        owner: httpx.Client, started: dict[str, object]) -> None:
    body = {"percentage": 15, "reason": "test"}
    missing = owner.put(f"{PATH}/percentage", params={"rollout": PLAN}, json=body)
    assert missing.status_code == 428
    assert missing.json()["type"] == "urn:rollout:problem:revision-missing"
    revision = revision_of(owner)
    stale = owner.put(f"{PATH}/percentage", params={"rollout": PLAN}, json=body | {"revision": revision - 1})
    assert stale.status_code == 409
    assert stale.json()["type"] == "urn:rollout:problem:stale-rollout"
    done = owner.put(f"{PATH}/percentage", params={"rollout": PLAN}, json=body,
                     headers={"if-match": f'"{revision}"'})
    assert done.status_code == 200, done.text
    assert percentage_of(owner) == 15


@pytest.mark.parametrize("percentage", [101, -1, "many", None, [10]])
def test_an_unusable_percentage_changes_nothing(owner: httpx.Client, started: dict[str, object],
                                                percentage: object) -> None:
    before = percentage_of(owner)
    answer = owner.put(f"{PATH}/percentage", json={"rollout": PLAN, "percentage": percentage,
                                                   "revision": revision_of(owner)})
    assert answer.status_code == 422
    assert percentage_of(owner) == before


def test_nan_is_no_percentage(owner: httpx.Client, started: dict[str, object]) -> None:
    answer = owner.put(f"{PATH}/percentage", content=b'{"rollout": "patient_engagement", "percentage": NaN}')
    assert answer.status_code == 422


def test_a_text_with_a_nul_is_the_askers_mistake_and_not_the_stores(owner: httpx.Client) -> None:
    answer = owner.get(f"{PATH}/series", params={"rollout": "exercise_library", "metric": "lcp_p75", "page": "\0"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "page")


@pytest.mark.parametrize(("question", "field"), [("feedback", "before_at"), ("audit", "since_at")])
def test_a_time_without_an_offset_is_the_askers_mistake(owner: httpx.Client, question: str, field: str) -> None:
    answer = owner.get(f"{PATH}/{question}", params={"rollout": "exercise_library", field: "2026-12-01T00:00:00"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


def test_every_wrong_field_is_named_at_once(owner: httpx.Client) -> None:
    answer = owner.post(f"{PATH}/set-percentage", json={"percentage": "x", "revision": "y", "colour": "red"})
    assert answer.status_code == 422
    assert {each["field"] for each in answer.json()["errors"]} == {"percentage", "revision", "colour"}


def test_pausing_needs_nothing_and_resuming_is_guarded(owner: httpx.Client, started: dict[str, object]) -> None:
    before = percentage_of(owner)
    paused = owner.post(f"{PATH}/pause", params={"rollout": PLAN})
    assert paused.status_code == 200
    assert percentage_of(owner) == 0
    assert owner.post(f"{PATH}/resume", json={"rollout": PLAN}).status_code == 428
    back = owner.post(f"{PATH}/resume", json={"rollout": PLAN, "revision": revision_of(owner), "reason": "test"})
    assert back.status_code == 200, back.text
    assert percentage_of(owner) == before


def test_the_same_key_again_gets_the_same_answer_and_does_nothing(
        owner: httpx.Client, started: dict[str, object]) -> None:
    body = {"rollout": PLAN, "title": "Seen once", "priority": "high"}
    first = owner.post(f"{PATH}/open-issue", json=body, headers={"idempotency-key": "issue-1"})
    again = owner.post(f"{PATH}/open-issue", json=body, headers={"idempotency-key": "issue-1"})
    other = owner.post(f"{PATH}/open-issue", json=body | {"title": "Other"}, headers={"idempotency-key": "issue-1"})
    assert (first.status_code, again.status_code, other.status_code) == (200, 200, 422)
    assert again.content == first.content
    assert again.headers["idempotent-replayed"] == "true"
    audit = owner.get(f"{PATH}/audit", params={"limit": 200}).json()["records"]
    opened = [each for each in audit if each["entry"]["verb"] == "open_issue" and each["entry"]["outcome"] == "done"]
    assert len(opened) == 1


def test_a_refusal_is_replayed_too(owner: httpx.Client, started: dict[str, object]) -> None:
    headers = {"idempotency-key": "refused-1"}
    body = {"rollout": PLAN, "percentage": 90}
    first = owner.put(f"{PATH}/percentage", json=body, headers=headers)
    again = owner.put(f"{PATH}/percentage", json=body, headers=headers)
    assert first.status_code == again.status_code == 428
    assert again.headers["content-type"] == "application/problem+json"


def test_a_preview_changes_nothing(owner: httpx.Client, started: dict[str, object]) -> None:
    before = revision_of(owner)
    shown = owner.post(f"{PATH}/advance/preview", json={"rollout": PLAN})
    assert shown.status_code == 200, shown.text
    assert shown.json()["to_percentage"] > shown.json()["from_percentage"]
    assert revision_of(owner) == before


def test_monitor_and_pause_check_compute_and_never_act(owner: httpx.Client, started: dict[str, object]) -> None:
    before = owner.get(f"{PATH}/audit").json()["head"]
    owner.get(f"{PATH}/monitor", params={"rollout": PLAN})
    owner.get(f"{PATH}/pause-check", params={"rollout": PLAN})
    assert owner.get(f"{PATH}/audit").json()["head"] == before


def test_unknown_paths_and_methods_are_problems_in_json(owner: httpx.Client) -> None:
    for answer, status in ((owner.get("/api/nothing"), 404), (owner.get(f"{PATH}/nothing"), 404),
                           (owner.delete(f"{PATH}/pause"), 405)):
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_rollout_that_is_not_there_is_404(owner: httpx.Client) -> None:
    answer = owner.get(f"{PATH}/status", params={"rollout": "nothing"})
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:rollout:problem:rollout-not-found"


@pytest.mark.parametrize("number", ["9" * 25, "-" + "9" * 25])
def test_a_number_beyond_every_store_is_refused_in_words(owner: httpx.Client, number: str) -> None:
    answer = owner.get(f"{PATH}/audit", params={"limit": number})
    assert answer.status_code == 422
    assert [each["field"] for each in answer.json()["errors"]] == ["limit"]


@pytest.mark.parametrize("limit", ["-1", "0", "1001", "1000000000"])
def test_a_page_of_the_trail_has_bounds(owner: httpx.Client, limit: str) -> None:
    answer = owner.get(f"{PATH}/audit", params={"limit": limit})
    assert answer.status_code == 422
    assert "1 to 1000" in answer.json()["detail"]


def test_the_whole_trail_is_read_page_by_page(owner: httpx.Client, started: dict[str, object]) -> None:
    whole = [each["seq"] for each in owner.get(f"{PATH}/audit", params={"limit": 1_000}).json()["records"]]
    paged: list[int] = []
    while True:
        before = {"before": paged[-1]} if paged else {}
        page = owner.get(f"{PATH}/audit", params={"limit": 2, **before}).json()
        paged += [each["seq"] for each in page["records"]]
        if not page["more"]:
            break
    assert paged == whole
    assert len(paged) > 2


def test_a_text_without_end_does_not_get_into_the_trail(owner: httpx.Client) -> None:
    for body in ({"name": "x" * 1_000_000, "role": "viewer"}, {"name": "a\u0000b", "role": "viewer"}):
        answer = owner.post(f"{PATH}/set-person", json=body)
        assert answer.status_code == 422
        assert [each["field"] for each in answer.json()["errors"]] == ["name"]


def test_a_body_that_is_no_object_is_refused(owner: httpx.Client) -> None:
    assert owner.post(f"{PATH}/pause", content=b"[1]").status_code == 422
    assert owner.post(f"{PATH}/pause", content=b"{").status_code == 422
    assert owner.post(f"{PATH}/pause", content=b'{"a":' * 100_000).status_code == 422
    assert owner.post(f"{PATH}/pause", content=b'{"reason": "\xff"}').status_code == 422


@pytest.mark.parametrize("revision", ["\u00b2".encode("latin-1"), b"9" * 5_000, b"-1", b"x"])
def test_a_revision_that_is_no_number_is_refused_in_words(owner: httpx.Client, revision: bytes) -> None:
    answer = owner.put(f"{PATH}/percentage", json={"rollout": PLAN, "percentage": 5}, headers={b"If-Match": revision})
    assert answer.status_code == 422
    assert "If-Match" in answer.json()["detail"]


def test_roles_are_kept(app: RunningApp, owner: httpx.Client, started: dict[str, object]) -> None:
    for role, reading, pausing, raising in (("viewer", 200, 403, 403), ("operator", 200, 200, 403)):
        made = owner.post(f"{PATH}/create-token", json={"name": f"machine-{role}", "role": role})
        secret = made.json()["result"]["secret"]
        with app.client(authorization=f"Bearer {secret}") as machine:
            assert machine.get(f"{PATH}/status", params={"rollout": PLAN}).status_code == reading
            assert machine.post(f"{PATH}/hold", json={"rollout": PLAN}).status_code == pausing
            body = {"rollout": PLAN, "percentage": 99, "revision": revision_of(owner), "reason": "test"}
            assert machine.put(f"{PATH}/percentage", json=body).status_code == raising
            for question in ("tokens", "people", "sessions", "doctor"):
                assert machine.get(f"{PATH}/{question}").status_code == 403


def test_a_tokens_secret_is_told_once_and_never_kept_with_the_answer(app: RunningApp, owner: httpx.Client) -> None:
    asked = {"json": {"name": "told once"}, "headers": {"Idempotency-Key": "once"}}
    first, again = (owner.post(f"{PATH}/create-token", **asked).json()["result"] for _ in range(2))
    assert first["secret"]
    assert (again["id"], again["secret"]) == (first["id"], None)
    kept = b"".join(file.read_bytes() for file in app.store.glob("control.sqlite*"))
    assert first["secret"].encode() not in kept


def test_a_revoked_token_is_useless_at_once(app: RunningApp, owner: httpx.Client) -> None:
    made = owner.post(f"{PATH}/create-token", json={"name": "short", "role": "admin"}).json()["result"]
    with app.client(authorization=f"Bearer {made['secret']}") as machine:
        assert machine.get(f"{PATH}/rollouts").status_code == 200
        owner.post(f"{PATH}/revoke-token", json={"id": made["id"]})
        assert machine.get(f"{PATH}/rollouts").status_code == 401


def test_files_of_the_machine_are_for_its_owner_only(app: RunningApp, owner: httpx.Client) -> None:
    made = owner.post(f"{PATH}/create-token", json={"name": "remote-admin", "role": "admin"}).json()["result"]
    with app.client(authorization=f"Bearer {made['secret']}") as machine:
        body = {"file": "/etc/passwd", "mapping": "/etc/passwd"}
        assert machine.post(f"{PATH}/import-file", json=body).status_code == 403
        assert machine.post(f"{PATH}/backup", json={"directory": "/root/x"}).status_code == 403
        assert machine.post(f"{PATH}/export", json={"directory": "/root/x"}).status_code == 403


def test_whom_one_acts_for_stands_beside_who_one_is(owner: httpx.Client) -> None:
    owner.post(f"{PATH}/open-issue", json={"rollout": PLAN, "title": "By somebody"},
               headers={"rollout-as": "admin%40pharmacy.com"})
    entry = owner.get(f"{PATH}/audit", params={"limit": 1}).json()["records"][0]["entry"]
    assert (entry["principal"], entry["via"], entry["claimed"]) == ("owner", "owner", "admin@pharmacy.com")


def test_sql_reads_views_and_nothing_else(owner: httpx.Client) -> None:
    assert owner.post(f"{PATH}/sql", json={"sql": "SELECT 1 AS one"}).json()["rows"] == [[1]]
    assert owner.post(f"{PATH}/sql", json={"sql": "DROP TABLE session"}).status_code == 422
    assert owner.post(f"{PATH}/sql", json={"sql": "SELECT * FROM read_csv('/etc/passwd')"}).status_code == 422


def test_the_interface_is_described_without_another_host(owner: httpx.Client, app: RunningApp) -> None:
    shown = owner.get("/api/docs")
    assert shown.status_code == 200
    assert f"GET {PATH}/status" in shown.text
    assert "http" not in shown.text.replace(app.url, "").replace("http/1", "")
    assert "<script" not in shown.text


def test_health_tells_load_balancers_and_nobody_else_anything(app: RunningApp) -> None:
    with app.client() as nobody:
        told = nobody.get("/healthz").json()
    assert told == {"app": "rollout", "ok": True, "events": "open"}
