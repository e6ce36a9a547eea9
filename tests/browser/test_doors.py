"""The doors in a real Chromium: three ways to sign in, a session that ends under an open tab, two browsers at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from urllib.parse import quote, urlsplit
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from pages.panels.catalogue import PAGES
from rollout_core.bootstrap import open_room
from rollout_core.bootstrap.preparing import prepare_store
from rollout_core.health.alert import Alert, AlertState
from rollout_core.rollouts.plan import Severity
from rollout_core.settings import read_settings
from tests.browser.screenshots import settle
from tests.browser.test_main_paths import confirm, open_rollout
from tests.fakes.identity_provider import Both, identity_provider
from tests.fakes.running_app import RunningApp, running_app

pytestmark = [pytest.mark.browser, pytest.mark.server]

PATIENCE = 30_000
API = "/api/admin/rollout"
KEY = "exercise_library"
NASTY = '<img src="http://evil.example/a.png" onerror="x()"> **bold** ![p](http://evil.example/b.png) $e=mc^2$ :red[x]'
"""A name that would become a picture of another host, bold, a formula and a colour if it were markup."""


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """One app for the module, with an open alert; sweeps do not come by, so nothing changes but by the tests."""
    directory = tmp_path_factory.mktemp("doors")
    with identity_provider() as provider:
        environment = provider.environment(directory, ROLLOUT_SWEEP_MINUTES="1000")
        _prepare(directory / "store")
        with running_app(directory / "store", environment) as app:
            yield Both(app, provider)


def _prepare(store: Path) -> None:
    settings = read_settings({"ROLLOUT_STORE": str(store), "ROLLOUT_MINIMUM_FREE_MB": "1"})
    prepare_store(settings)
    room = open_room(settings)
    now = datetime.now(UTC)
    with room.room.control.write() as unit:
        unit.alerts.save(Alert("nasty", KEY, "error_rate", "", Severity.WARNING, AlertState.OPEN, NASTY, now, now))
    room.close()


@contextmanager
def window(browser: Browser, app: RunningApp, cookie: str | None = None) -> Iterator[Page]:
    """A browser of its own, signed in with a session's cookie or not."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    if cookie is not None:
        context.add_cookies([{"name": app.cookie, "value": cookie, "url": app.url}])
    yield context.new_page()
    context.close()


def stands(page: Page, words: str) -> None:
    """The page's heading says this."""
    expect(page.get_by_role("heading", level=1).filter(has_text=words)).to_be_visible(timeout=PATIENCE)


def status(app: RunningApp) -> dict[str, object]:
    with app.owner() as owner:
        return dict(owner.get(f"{API}/rollouts").json()["rollouts"][0])


def test_a_link_signs_in_by_its_button_and_only_once(browser: Browser, both: Both) -> None:
    link = f"{both.app.url}/signin?link={both.app.link()}"
    with window(browser, both.app) as page:
        page.goto(link)
        page.get_by_role("button", name="Sign in").click()
        stands(page, "")
        assert urlsplit(page.url).path == "/"
    with window(browser, both.app) as page:
        page.goto(link)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_contain_text("used already")


def test_a_password_signs_in_and_leads_to_the_page_that_was_asked_for(browser: Browser, both: Both) -> None:
    with both.app.owner() as owner:
        owner.post(f"{API}/set-person", json={"name": "pam", "role": "admin", "password": "correct horse battery"})
    with window(browser, both.app) as page:
        page.goto(f"{both.app.url}/settings?settings-tab=Sessions")
        page.get_by_label("Name").fill("pam")
        page.get_by_label("Password").fill("wrong")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_contain_text("do not fit")
        page.get_by_label("Name").fill("pam")
        page.get_by_label("Password").fill("correct horse battery")
        page.get_by_role("button", name="Sign in").click()
        stands(page, "Settings")
        expect(page.get_by_text("This one")).to_be_visible(timeout=PATIENCE)


def by_provider(page: Page, both: Both, email: str) -> None:
    """Follows the provider's link and agrees there."""
    page.goto(f"{both.app.url}/flags")
    page.get_by_role("link", name="Sign in with").click()
    page.get_by_placeholder("sub").fill(email)
    page.get_by_role("button", name="Authorize").click()


def test_an_identity_provider_signs_a_known_person_in(browser: Browser, both: Both) -> None:
    both.provider.knows("ida@example.org")
    with both.app.owner() as owner:
        owner.post(f"{API}/set-person", json={"name": "ida@example.org", "role": "viewer"})
    with window(browser, both.app) as page:
        by_provider(page, both, "ida@example.org")
        stands(page, "Flags and plan")
        expect(page.get_by_text("example.org, viewer")).to_be_visible(timeout=PATIENCE)


def test_whom_the_provider_knows_and_nobody_here_is_told_so(browser: Browser, both: Both) -> None:
    both.provider.knows("eve@example.org")
    with window(browser, both.app) as page:
        by_provider(page, both, "eve@example.org")
        expect(page.get_by_role("alert")).to_contain_text("eve@example.org is not known here")
        assert page.get_by_test_id("stApp").count() == 0


def test_a_session_that_ended_under_an_open_tab_is_refused_at_the_press(browser: Browser, both: Both) -> None:
    before = status(both.app)
    with window(browser, both.app, both.app.session("rita", "admin")) as page:
        open_rollout(page, both.app)
        page.locator(".st-key-ask-start button").click()
        go = page.get_by_role("dialog").locator(".st-key-confirm-go button")
        expect(go).to_be_visible(timeout=PATIENCE)
        with both.app.owner() as owner:
            ended = owner.post(f"{API}/end-sessions", json={"person": "rita", "reason": "laptop lost"})
        assert ended.json()["result"]["sessions_ended"] == 1
        go.click()
        expect(page.get_by_text("Your sign-in has ended").first).to_be_visible(timeout=PATIENCE)
    assert status(both.app) == before


def test_an_alert_acknowledged_in_one_browser_is_seen_in_the_other_and_no_text_becomes_markup(
        browser: Browser, both: Both) -> None:
    cookie = both.app.session("olga", "operator")
    with window(browser, both.app, cookie) as one, window(browser, both.app, cookie) as other:
        asked: set[str | None] = set()
        one.on("request", lambda request: asked.add(urlsplit(request.url).hostname))
        for page in (one, other):
            page.goto(f"{both.app.url}/alerts")
            stands(page, "Alerts")
        shown = one.get_by_test_id("stMain").locator("p", has_text="onerror=").first
        expect(shown).to_contain_text("**bold**", timeout=PATIENCE)
        expect(shown).to_contain_text("$e=mc^2$")
        assert one.get_by_test_id("stMain").locator("img[src*=evil], .katex, [onerror]").count() == 0
        one.get_by_role("button", name="Acknowledge").click()
        expect(other.get_by_text("acknowledged by olga")).to_be_visible(timeout=PATIENCE)
        assert asked - {None} <= {"localhost"}, asked


@dataclass
class Load:
    """Batches of events posted one after another until it is stopped; what became of them."""

    app: RunningApp
    statuses: list[int] = field(default_factory=list)
    stopped: Event = field(default_factory=Event)

    def run(self) -> None:
        with self.app.owner() as owner:
            token = owner.post(f"{API}/create-token", json={"name": "load", "role": "operator"}).json()
        with self.app.client(authorization=f"Bearer {token['result']['secret']}") as sender:
            while not self.stopped.is_set():
                now = datetime.now(UTC).isoformat()
                batch = [{"event_id": uuid4().hex, "kind": "session", "occurred_at": now, "units": {"user": f"u{each}"}}
                         for each in range(500)]
                self.statuses.append(sender.post("/api/v1/events", json=batch).status_code)


def test_a_rollback_goes_through_while_events_pour_in(browser: Browser, both: Both) -> None:
    load = Load(both.app)
    thread = Thread(target=load.run, daemon=True)
    with window(browser, both.app, both.app.session("adam", "admin")) as page:
        open_rollout(page, both.app)
        confirm(page, "start", "Rehearsed")
        expect(page.get_by_text("Running").first).to_be_visible(timeout=PATIENCE)
        settle(page)                    # a menu closes when the page is drawn anew
        thread.start()
        try:
            page.locator(".st-key-ask-roll-back button").click()
            page.get_by_role("menuitem").first.click()
            go = page.get_by_role("dialog").locator(".st-key-confirm-go button")
            expect(go).to_be_visible(timeout=PATIENCE)
            page.get_by_role("dialog").locator("textarea").fill("Errors rise")
            page.get_by_role("dialog").locator("textarea").blur()
            go.click()
            expect(page.get_by_role("dialog")).to_have_count(0, timeout=PATIENCE)
            expect(page.get_by_text("Rolled back").first).to_be_visible(timeout=PATIENCE)
        finally:
            load.stopped.set()
            thread.join(30)
    assert status(both.app)["percentage"] == 0
    assert load.statuses
    assert set(load.statuses) == {200}, "no batch was lost by it"


def write_everywhere(app: RunningApp) -> None:
    """The nasty text wherever somebody outside or inside can write one."""
    now = datetime.now(UTC).isoformat()
    said = [{"kind": "error", "category": NASTY, "message": NASTY, "page": NASTY},
            {"kind": "feedback", "value": 2, "scale": [1, 5], "comment": NASTY, "name": NASTY},
            {"kind": "support_ticket", "category": NASTY, "message": NASTY, "state": "open", "name": NASTY},
            {"kind": "page_view", "page": NASTY}, {"kind": "task", "name": NASTY, "ok": False},
            {"kind": "web_vital", "name": "INP", "value": 900, "page": NASTY, "device": NASTY},
            {"kind": "api_request", "endpoint": NASTY, "value": 120, "status": 500},
            {"kind": "render", "name": NASTY, "value": 30},
            {"kind": "health_check", "name": NASTY, "ok": False, "message": NASTY}]
    events = [{"event_id": uuid4().hex, "occurred_at": now, "units": {"user": NASTY, "workspace": NASTY}, **each}
              for each in said]
    with app.owner() as owner:
        answer = owner.post("/api/v1/events", json=events)
        assert answer.status_code == 200, answer.text
        stored = answer.json()
        for path, body in (("set-person", {"name": NASTY, "role": "viewer"}), ("create-token", {"name": f"{NASTY} ci"}),
                           ("set-override", {"rollout": KEY, "subject": NASTY, "value": True, "reason": NASTY}),
                           ("open-issue", {"rollout": KEY, "title": NASTY}),
                           ("pause", {"rollout": KEY, "reason": NASTY})):
            owner.post(f"{API}/{path}", json=body)
    assert len([each for each in stored["events"] if each.get("status") != "rejected"]) >= 7, stored


def test_no_page_renders_what_somebody_wrote_and_none_asks_another_host(browser: Browser, both: Both) -> None:
    write_everywhere(both.app)
    subject = "subject=" + quote(NASTY)
    more = [f"settings?settings-tab={tab}" for tab in ("Tokens", "Sessions", "Store")]
    paths = [*(entry.url_path for entry in PAGES[1:]), "", *more, f"subjects?{subject}",
             f"flags?flags-tab=Try+a+subject&try-{subject}"]
    hosts: set[str | None] = set()
    shown = 0
    with window(browser, both.app, both.app.session("nina", "admin")) as page:
        page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
        for path in paths:
            page.goto(f"{both.app.url}/{path}")
            settle(page)
            main = page.get_by_test_id("stMain")
            marks = main.locator("img[src*=evil], .katex, [onerror], a[href*=evil]:not([href^='#'])").count()
            assert marks == 0, f"{path} renders what somebody wrote"
            shown += main.get_by_text("onerror=").count()
    assert shown >= 5, "the text is shown, as it was written"
    assert hosts - {None} <= {"localhost"}, hosts


def test_an_operator_asks_in_sql_and_takes_the_answer_away_and_a_write_is_refused(browser: Browser, both: Both) -> None:
    with window(browser, both.app, both.app.session("olga", "operator")) as page:
        page.goto(f"{both.app.url}/explore")
        stands(page, "Explore")
        page.get_by_label("SQL", exact=True).fill("select 6 * 7 as answer")
        page.get_by_label("SQL", exact=True).blur()
        page.locator(".st-key-run-sql button").click()
        button = page.locator(".st-key-answer-csv button")
        expect(button).to_be_visible(timeout=PATIENCE)
        with page.expect_download() as download:
            button.click()
        assert Path(download.value.path()).read_text().split() == ["answer", "42"]
        page.get_by_label("SQL", exact=True).fill("drop table event_error")
        page.get_by_label("SQL", exact=True).blur()
        page.locator(".st-key-run-sql button").click()
        expect(page.get_by_test_id("stAlert").first).to_be_visible(timeout=PATIENCE)
        assert page.get_by_test_id("stException").count() == 0
