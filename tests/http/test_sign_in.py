"""Nobody is anonymous: every way in is tried, and every way around it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.fakes.running_app import RunningApp, printed_link, running_app
from tests.fakes.streamlit_client import open_page, refused

pytestmark = pytest.mark.server

EVIL = "http://evil.example"
SPOOFED = {"X-Rollout-User": "ada", "X-Rollout-Role": "admin", "X-Rollout-Session": "0" * 32,
           "X_Rollout_Session": "0" * 32}


@pytest.mark.parametrize("path", ["/", "/rollout", "/rollout?rollout=exercise_library", "/settings", "/admin/rollout",
                                  "/whatever/else"])
def test_a_page_without_a_session_leads_to_the_sign_in_and_back(app: RunningApp, path: str) -> None:
    with app.client() as nobody:
        answer = nobody.get(path)
    assert answer.status_code == 303
    target = urlsplit(answer.headers["location"])
    assert target.path == "/signin"
    assert parse_qs(target.query).get("next", ["/"]) == [path]


@pytest.mark.parametrize("path", ["/_stcore/host-config", "/_stcore/metrics", "/media/x", "/component/x/y",
                                  "/api/admin/rollout/status", "/api/openapi.json", "/api/docs", "/api/session",
                                  "/api/admin/rollout/audit"])
def test_everything_else_without_a_session_is_401(app: RunningApp, path: str) -> None:
    with app.client() as nobody:
        answer = nobody.get(path)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_spoofed_identity_headers_open_nothing(app: RunningApp) -> None:
    with app.client(**SPOOFED) as nobody:
        assert nobody.get("/").status_code == 303
        assert nobody.get("/api/session").status_code == 401
    assert refused(app.url, origin=app.url, **SPOOFED) == 403


def test_spoofed_identity_headers_do_not_raise_a_viewers_role(app: RunningApp) -> None:
    cookie = app.session("vera", "viewer")
    with app.client(cookie=f"{app.cookie}={cookie}", **SPOOFED) as viewer:
        told = viewer.get("/api/session").json()
    assert (told["name"], told["role"]) == ("vera", "viewer")
    seen = open_page(app.url, "", app.url, Cookie=f"{app.cookie}={cookie}", **SPOOFED)
    assert any("vera, viewer" in text for text in seen.text)


def test_streamlits_websocket_is_refused_before_it_is_accepted(app: RunningApp) -> None:
    assert refused(app.url) == 403
    assert refused(app.url, origin=app.url) == 403
    assert refused(app.url, origin=app.url, Cookie=f"{app.cookie}=guessed") == 403


def test_a_websocket_from_another_site_is_refused_even_with_a_good_cookie(app: RunningApp) -> None:
    cookie = f"{app.cookie}={app.session()}"
    assert refused(app.url, origin=EVIL, Cookie=cookie) == 403
    assert refused(app.url, origin="null", Cookie=cookie) == 403
    assert refused(app.url, origin=app.url, Cookie=cookie) is None


def test_the_public_id_of_a_session_is_no_cookie(app: RunningApp) -> None:
    cookie = app.session("ida", "operator")
    with app.owner() as owner:
        records = owner.get("/api/admin/rollout/audit?limit=20").json()["records"]
    ids = {record["entry"]["session_id"] for record in records if record["entry"]["session_id"]}
    assert ids
    assert cookie not in str(records)
    for public in ids:
        with app.signed_in(public) as thief:
            assert thief.get("/").status_code == 303
        assert refused(app.url, origin=app.url, Cookie=f"{app.cookie}={public}") == 403


def test_a_link_signs_in_once_and_looking_at_it_does_not_use_it_up(app: RunningApp) -> None:
    secret = app.link()
    with app.client() as browser:
        for _ in range(2):
            shown = browser.get("/signin", params={"link": secret})
            assert shown.status_code == 200
            assert app.cookie not in shown.cookies
        assert browser.post("/signin", data={"link": secret}).status_code == 303
    with app.client() as thief:
        assert thief.post("/signin", data={"link": secret}).status_code == 401


def test_the_link_printed_at_the_start_signs_the_local_admin_in(tmp_path: Path) -> None:
    with running_app(tmp_path / "store") as fresh:
        secret = printed_link(fresh)
        with fresh.client() as browser:
            answer = browser.post("/signin", data={"link": secret})
            assert answer.status_code == 303
        with fresh.signed_in(answer.cookies[fresh.cookie]) as browser:
            told = browser.get("/api/session").json()
        assert told["role"] == "admin"


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(app: RunningApp) -> None:
    with app.client() as browser:
        answer = browser.post("/signin", data={"link": app.link()})
    attributes = answer.headers["set-cookie"].lower()
    assert "httponly" in attributes
    assert "samesite=lax" in attributes


def test_a_password_signs_in_and_a_wrong_one_does_not(app: RunningApp) -> None:
    with app.owner() as owner:
        owner.post("/api/admin/rollout/set-person",
                   json={"name": "pam", "role": "operator", "password": "correct horse battery"})
    with app.client() as browser:
        wrong = browser.post("/signin", data={"name": "pam", "password": "wrong"})
        unknown = browser.post("/signin", data={"name": "nobody", "password": "wrong"})
        right = browser.post("/signin", data={"name": "pam", "password": "correct horse battery"})
    assert (wrong.status_code, unknown.status_code, right.status_code) == (401, 401, 303)
    assert "do not fit" in wrong.text
    assert "do not fit" in unknown.text


def test_guessing_passwords_is_slowed_down(app: RunningApp) -> None:
    with app.client() as browser:
        statuses = [browser.post("/signin", data={"name": "guessed", "password": str(number)}).status_code
                    for number in range(9)]
    # eight failures are allowed, whatever came from this address before; then one waits
    assert statuses[-1] == 429
    assert statuses[0] in {401, 429}


def test_spaces_around_a_name_are_no_other_name_to_guess_for(app: RunningApp) -> None:
    with app.client() as browser:
        statuses = [browser.post("/signin", data={"name": " " * number + "spaced", "password": "x"}).status_code
                    for number in range(9)]
    assert statuses[-1] == 429


def test_whoever_only_knows_a_name_locks_nobody_out_of_a_browser_they_have_signed_in_with(app: RunningApp) -> None:
    right = {"name": "Lou", "password": "correct horse battery"}
    with app.owner() as owner:
        owner.post("/api/admin/rollout/set-person", json={**right, "role": "operator"})
        owner.post("/api/admin/rollout/set-person", json={**right, "name": "max", "role": "operator"})
    with app.client() as own, app.client() as stranger:
        assert own.post("/signin", data=right).status_code == 303
        for name in ("lou", "max"):
            tries = [stranger.post("/signin", data={"name": name, "password": "x"}).status_code for _ in range(9)]
            assert tries[-1] == 429
        assert stranger.post("/signin", data=right).status_code == 429
        assert own.post("/signin", data=right).status_code == 303
        assert own.post("/signin", data={**right, "name": "max"}).status_code == 429, "known for one person only"
        tries = [own.post("/signin", data={"name": "LOU", "password": "x"}).status_code for _ in range(9)]
        assert tries == [401] * 8 + [429]


def test_the_cookie_that_makes_a_browser_known_is_of_no_other_use(app: RunningApp) -> None:
    with app.client() as browser:
        answer = browser.post("/signin", data={"link": app.link()})
    (given,) = [each for each in answer.headers.get_list("set-cookie") if each.startswith("rollout_browser_")]
    assert "path=/signin" in given.lower()
    assert "httponly" in given.lower()
    name, _, value = given.partition(";")[0].partition("=")
    with app.client(cookie=f"{name}={value}; {app.cookie}={value}") as thief:
        assert thief.get("/").status_code == 303


def test_a_link_for_a_mistyped_name_makes_no_new_admin(app: RunningApp) -> None:
    with app.owner() as owner:
        answer = owner.post("/api/admin/rollout/signin-link", json={"person": "addmin"})
    assert answer.status_code == 404
    assert answer.json()["type"].endswith("person-not-found")


def test_a_link_used_by_two_at_once_signs_one_in(app: RunningApp) -> None:
    secret = app.link()

    def use(_: int) -> int:
        with app.client() as browser:
            return browser.post("/signin", data={"link": secret}).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(use, range(8)))
    assert sorted(statuses) == [303, *[401] * 7]


def test_a_sign_in_from_another_site_is_refused(app: RunningApp) -> None:
    secret = app.link()
    with app.client() as browser:
        for headers in ({"origin": EVIL}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}):
            assert browser.post("/signin", data={"link": secret}, headers=headers).status_code == 403
        assert browser.post("/signin", data={"link": secret}, headers={"origin": app.url}).status_code == 303


@pytest.mark.parametrize("target", [EVIL, "//evil.example", "/\\evil.example", "https:evil.example"])
def test_a_sign_in_leads_to_no_other_site(app: RunningApp, target: str) -> None:
    with app.client() as browser:
        answer = browser.post("/signin", data={"link": app.link(), "next": target})
    assert answer.headers["location"] == "/"


def test_a_cookie_alone_writes_nothing(app: RunningApp) -> None:
    cookie = app.session()
    with app.signed_in(cookie) as browser:
        path = "/api/admin/rollout/tick-checklist"
        token = browser.get("/api/session").json()["csrf"]
        body = {"rollout": "exercise_library", "item": "nothing"}
        assert browser.post(path, json=body).status_code == 403
        assert browser.post(path, json=body, headers={"x-csrf-token": "0" * 64}).status_code == 403
        assert browser.post(path, json=body, headers={"x-csrf-token": token, "origin": EVIL}).status_code == 403
        assert browser.post(path, json=body, headers={"x-csrf-token": token}).status_code in {404, 422}


def test_signing_out_ends_the_session_and_a_copied_cookie_with_it(app: RunningApp) -> None:
    cookie = app.session()
    with app.signed_in(cookie) as browser:
        token = browser.get("/api/session").json()["csrf"]
        assert browser.get("/signout").status_code == 200
        assert browser.post("/signout", data={"csrf": "wrong"}).status_code == 403
        assert browser.get("/api/session").status_code == 200
        assert browser.post("/signout", data={"csrf": token}).status_code == 303
    with app.signed_in(cookie) as copy:
        assert copy.get("/").status_code == 303
    assert refused(app.url, origin=app.url, Cookie=f"{app.cookie}={cookie}") == 403


def test_a_demoted_person_is_demoted_in_the_open_session(app: RunningApp) -> None:
    cookie = app.session("dora", "admin")
    with app.owner() as owner:
        owner.post("/api/admin/rollout/set-person", json={"name": "dora", "role": "viewer"})
    with app.signed_in(cookie) as browser:
        answer = browser.get("/api/session")
    assert answer.status_code == 401 or answer.json()["role"] == "viewer"


def test_somebody_taken_off_the_list_is_out_at_once(app: RunningApp) -> None:
    cookie = app.session("otto", "admin")
    with app.owner() as owner:
        owner.post("/api/admin/rollout/set-person", json={"name": "otto", "active": False})
    with app.signed_in(cookie) as browser:
        assert browser.get("/").status_code == 303


def test_another_host_name_is_refused(app: RunningApp) -> None:
    with app.client(host="rebound.example") as browser:
        assert browser.get("/signin").status_code == 400


def test_being_on_loopback_proves_nothing(app: RunningApp) -> None:
    with app.client(authorization="Owner guessed", **{"x-forwarded-for": "127.0.0.1"}) as local:
        assert local.get("/api/admin/rollout/status").status_code == 401
    for name in ("owner.key", "store.key", "write.key"):
        assert (app.store / name).stat().st_mode & 0o077 == 0


def test_a_deep_link_is_closed_on_a_fresh_process(tmp_path: Path) -> None:
    """The first thing a new process is asked for is a page of admins, by nobody, then by a viewer."""
    with running_app(tmp_path / "store") as fresh:
        assert refused(fresh.url, origin=fresh.url) == 403
        cookie = f"{fresh.cookie}={fresh.session('vera', 'viewer')}"
        seen = open_page(fresh.url, "settings", fresh.url, Cookie=cookie)
        assert "Settings" not in seen.pages
        assert "Settings" not in seen.text


COMMANDS = {"streamlit run": ("-m", "streamlit", "run", "dashboard.py", "--server.port={port}"),
            "uvicorn": ("-m", "uvicorn", "dashboard:app", "--port", "{port}")}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())
def test_every_way_to_start_it_has_the_same_doors(tmp_path: Path, command: tuple[str, ...]) -> None:
    with running_app(tmp_path / "store", command=command) as other:
        assert f"{other.url}/signin?link=" in other.said()
        assert refused(other.url, origin=other.url) == 403
        with other.client() as nobody:
            assert nobody.get("/").status_code == 303
        cookie = f"{other.cookie}={other.session('vera', 'viewer')}"
        seen = open_page(other.url, "", other.url, Cookie=cookie)
        assert any("vera, viewer" in text for text in seen.text)


def test_the_sign_in_page_asks_no_other_host(app: RunningApp) -> None:
    with app.client() as browser:
        shown = browser.get("/signin")
    assert "http" not in shown.text.replace(app.url, "")
    assert "default-src 'none'" in shown.headers["content-security-policy"]


def every_redirect(client: httpx.Client) -> Callable[[str], str]:
    return lambda path: client.get(path).headers["location"]


def test_the_seeds_addresses_lead_to_their_pages(app: RunningApp) -> None:
    with app.signed_in(app.session()) as browser:
        led = every_redirect(browser)
        assert led("/admin/rollout?rollout=exercise_library") == "/rollout?rollout=exercise_library"
        assert led("/admin/dashboard") == "/dashboard"
        assert led("/admin/analytics") == "/analytics"
        assert led("/overview?rollout=exercise_library") == "/?rollout=exercise_library"
