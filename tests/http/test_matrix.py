"""What else somebody might try at the doors; the ways in themselves are tried in test_sign_in and test_oidc."""

from __future__ import annotations

from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from starlette.responses import Response
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from rollout_core.http.session_cookie import give
from rollout_core.settings import read_settings
from tests.fakes.running_app import RunningApp
from tests.fakes.streamlit_client import open_page, refused

pytestmark = pytest.mark.server

EVIL = "http://evil.example"
API = "/api/admin/rollout"
BODY = {"rollout": "exercise_library", "item": "nothing"}


def test_the_csrf_token_of_another_session_is_of_no_use(app: RunningApp) -> None:
    mine, other = app.session("ann"), app.session("bob")
    with app.signed_in(other) as theirs:
        token = theirs.get("/api/session").json()["csrf"]
    with app.signed_in(mine) as browser:
        answer = browser.post(f"{API}/tick-checklist", json=BODY, headers={"x-csrf-token": token})
    assert answer.status_code == 403
    assert answer.json()["type"].endswith("csrf-token-missing")


def test_signing_in_gives_a_new_secret_whatever_cookie_the_browser_brought(app: RunningApp) -> None:
    planted = "a" * 43
    with app.signed_in(planted) as browser:
        answer = browser.post("/signin", data={"link": app.link()})
    assert answer.cookies[app.cookie] != planted
    with app.signed_in(planted) as browser:
        assert browser.get("/").status_code == 303


def test_a_session_that_was_ended_opens_neither_pages_nor_websockets(app: RunningApp) -> None:
    cookie = app.session("rita", "admin")
    assert refused(app.url, origin=app.url, Cookie=f"{app.cookie}={cookie}") is None
    with app.owner() as owner:
        ended = owner.post(f"{API}/end-sessions", json={"person": "rita"})
    assert ended.json()["result"]["sessions_ended"] == 1
    with app.signed_in(cookie) as browser:
        assert browser.get("/").status_code == 303
        assert browser.get("/api/session").status_code == 401
    assert refused(app.url, origin=app.url, Cookie=f"{app.cookie}={cookie}") == 403


@pytest.mark.parametrize("question", ["people", "sessions", "tokens"])
def test_who_may_sign_in_is_told_to_admins_only(app: RunningApp, question: str) -> None:
    for name, role, status in (("vera", "viewer", 403), ("oli", "operator", 403), ("ada", "admin", 200)):
        with app.signed_in(app.session(name, role)) as browser:
            answer = browser.get(f"{API}/{question}")
        assert answer.status_code == status, (role, answer.text)
        assert "argon2" not in answer.text
        assert "secret_hash" not in answer.text


@pytest.mark.parametrize("path", ["/", "/signin", "/api/session", "/healthz", "/signin/oidc"])
def test_another_host_name_is_refused_on_every_path(app: RunningApp, path: str) -> None:
    for host in ("rebound.example", f"rebound.example:{urlsplit(app.url).port}", "localhost.rebound.example"):
        with app.signed_in(app.session()) as browser:
            assert browser.get(path, headers={"host": host}).status_code == 400


def test_a_websocket_for_another_host_name_is_refused_even_with_a_good_cookie(app: RunningApp) -> None:
    port = urlsplit(app.url).port
    address = f"ws://localhost:{port}/_stcore/stream"
    rebound = {"Host": f"rebound.example:{port}", "Cookie": f"{app.cookie}={app.session()}"}
    with pytest.raises((InvalidStatus, OSError, EOFError)) as caught, connect(
            address.replace("localhost", "127.0.0.1"), origin=f"http://rebound.example:{port}",
            additional_headers=rebound, subprotocols=["streamlit"], proxy=None):
        pass
    assert not isinstance(caught.value, InvalidStatus) or caught.value.response.status_code in {400, 403}


@pytest.mark.parametrize(("method", "path"), [
    ("PUT", "/_stcore/upload_file/x/y"), ("DELETE", "/_stcore/upload_file/x/y"), ("POST", "/signout"),
    ("POST", f"{API}/pause"), ("PUT", f"{API}/percentage"), ("POST", "/_stcore/script-health-check")])
def test_another_site_may_make_a_signed_in_browser_change_nothing(app: RunningApp, method: str, path: str) -> None:
    cookie = app.session()
    with app.signed_in(cookie) as browser:
        for headers in ({"origin": EVIL}, {"origin": "null"}, {"sec-fetch-site": "cross-site"},
                        {"sec-fetch-site": "same-site"}):
            assert browser.request(method, path, json=BODY, headers=headers).status_code == 403
        assert browser.get("/api/session").status_code == 200, "still signed in"


@pytest.mark.parametrize("path", ["/", "/api/session", "/api/openapi.json", "/_stcore/host-config",
                                  f"{API}/rollouts"])
def test_no_answer_may_be_read_by_another_site(app: RunningApp, path: str) -> None:
    with app.signed_in(app.session()) as browser:
        answer = browser.get(path, headers={"origin": EVIL})
        asked = browser.options(path, headers={"origin": EVIL, "access-control-request-method": "POST"})
    assert answer.headers.get("access-control-allow-origin") not in {"*", EVIL}
    assert asked.headers.get("access-control-allow-origin") not in {"*", EVIL}
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", [
    "/app/static/../../data/store/owner.key", "/app/static/%2e%2e/%2e%2e/dashboard.py",
    "/static/..%2f..%2fdashboard.py", "/app/static/..\\..\\dashboard.py", "/static//etc/passwd",
    "/app/static/%2fetc%2fpasswd"])
def test_what_is_open_to_everybody_leads_to_no_other_file(app: RunningApp, path: str) -> None:
    with app.client() as nobody:
        answer = nobody.get(path)
    assert "Assembly only" not in answer.text
    assert "root:" not in answer.text
    assert (app.store / "owner.key").read_text().strip() not in answer.text


@pytest.mark.parametrize("path", ["//settings", "/./settings", "/signin/../settings", "/%73ettings", "/SETTINGS",
                                  "/signin/oidc/../../settings", "/static/../settings", "/healthz/../settings"])
def test_no_spelling_of_a_path_shows_a_page_to_nobody(app: RunningApp, path: str) -> None:
    with app.client() as nobody:
        answer = nobody.get(path)
    assert answer.status_code in {303, 307, 400, 401, 404}, answer.text[:200]


def test_an_identity_in_a_websockets_headers_does_not_replace_the_cookies(app: RunningApp) -> None:
    admins = app.session("ada", "admin")
    with app.owner() as owner:
        sessions = owner.get(f"{API}/sessions").json()["sessions"]
    public = next(each["id"] for each in sessions if each["person"] == "ada")
    seen = open_page(app.url, "settings", app.url, Cookie=f"{app.cookie}={app.session('vera', 'viewer')}",
                     **{"X-Rollout-Session": public, "x_rollout_session": public})
    assert admins
    assert "Settings" not in seen.pages
    assert any("vera, viewer" in text for text in seen.text)


def test_a_tab_of_somebody_else_is_not_taken_over_by_its_id(app: RunningApp) -> None:
    admins = {"Cookie": f"{app.cookie}={app.session('ada', 'admin')}"}
    viewers = {"Cookie": f"{app.cookie}={app.session('vera', 'viewer')}"}
    tab = open_page(app.url, "settings", app.url, **admins)
    assert "Settings" in tab.pages
    taken = open_page(app.url, "settings", app.url, resume=tab.session, **viewers)
    assert taken.session != tab.session
    assert "Settings" not in taken.pages
    assert any("vera, viewer" in text for text in taken.text)
    assert open_page(app.url, "settings", app.url, resume=tab.session, **admins).session == tab.session


@pytest.mark.parametrize("role", ["viewer", "admin"])
def test_nobody_fills_the_apps_memory_with_files(app: RunningApp, role: str) -> None:
    with app.signed_in(app.session(f"filler-{role}", role)) as browser:
        answer = browser.put("/_stcore/upload_file/tab/file", files={"file": ("a.txt", b"x")},
                             headers={"origin": app.url})
    assert (answer.status_code, answer.json()["title"]) == (404, "No uploads")


def test_no_other_sites_window_steers_a_page(app: RunningApp) -> None:
    with app.signed_in(app.session()) as browser:
        assert browser.get("/_stcore/host-config").json()["allowedOrigins"] == []


@pytest.mark.parametrize(("method", "path", "status"), [
    ("GET", "/metrics", 303), ("GET", "/_stcore/bidi-components/x/y.js", 401), ("HEAD", "/_stcore/metrics", 401),
    ("GET", "/_stcore/agent/openapi.json", 401), ("POST", "/_stcore/agent/interact", 401),
    ("POST", "/_stcore/agent/mcp", 401), ("GET", "/_stcore/script-health-check", 401), ("OPTIONS", "/media/x", 401),
    ("PUT", "/_stcore/upload_file/x/y", 404), ("DELETE", "/_stcore/upload_file/x/y", 404), ("POST", "/settings", 401),
    ("POST", f"{API}/sql", 401), ("POST", f"{API}/pause", 401), ("PUT", f"{API}/percentage", 401),
    ("POST", f"{API}/rehearse", 401), ("POST", f"{API}/export", 401), ("POST", f"{API}/signin-link", 401),
    ("POST", f"{API}/pause/preview", 401), ("GET", f"{API}/progress", 401), ("POST", "/api/v1/events", 401)])
def test_every_other_door_is_closed_to_nobody(app: RunningApp, method: str, path: str, status: int) -> None:
    with app.client() as nobody:
        answer = nobody.request(method, path, json={} if method in {"POST", "PUT"} else None)
    assert answer.status_code == status, answer.text[:200]


def cookies_given(url: str, owner_key: str = "own_1", **sent: str) -> dict[str, str]:
    """Name -> attributes of what a sign-in sets, at the address that people use."""
    answer = Response()
    room = SimpleNamespace(owner_key=owner_key, settings=read_settings({"ROLLOUT_URL": url}))
    give(answer, room, "s3cret", sent)
    set_by = [value.decode() for name, value in answer.raw_headers if name == b"set-cookie"]
    return {each.partition("=")[0]: each.lower() for each in set_by}


def test_over_tls_the_cookie_is_this_hosts_alone_and_never_sent_without_it() -> None:
    [(name, attributes)] = cookies_given("https://rollout.example.com").items()
    assert name.startswith("__Host-rollout_session_")
    assert "secure" in attributes
    assert "path=/" in attributes
    assert "domain" not in attributes
    [(name, attributes)] = cookies_given("http://localhost:8501").items()
    assert name.startswith("rollout_session_")
    assert "secure" not in attributes


def test_two_control_rooms_on_one_host_have_cookies_of_their_own_and_an_old_one_is_taken_away() -> None:
    one, other = (cookies_given("http://localhost:1", key, rollout_session="old") for key in ("own_1", "own_2"))
    assert not set(one) & set(other) - {"rollout_session"}
    assert "max-age=0" in one["rollout_session"]


def test_whatever_else_lies_in_the_browser_a_session_stays_one(app: RunningApp) -> None:
    cookie = f"{app.cookie}={app.session()}"
    for jar in (f'state={{"a": [1, "b c"]}}; {cookie}', f"=; a b=c; x; {cookie}", f"rollout_session=old; {cookie};;"):
        with app.client(cookie=jar) as browser:
            assert browser.get("/api/session").status_code == 200, jar
