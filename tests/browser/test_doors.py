"""The doors in a real Chromium: three ways to sign in, a session that ends under an open tab, two browsers at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from urllib.parse import quote, urlsplit
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, TimeoutError, expect

from pages.panels.catalogue import PAGES
from rollout_core.bootstrap import open_room
from rollout_core.bootstrap.preparing import prepare_store
from rollout_core.health.alert import Alert, AlertState
from rollout_core.rollouts.plan import Severity
from rollout_core.settings import read_settings
from tests.browser.nasty_text import COUNTING, DONE, MARKUP, SCRIPT, SEEN_AS, write_everywhere
from tests.browser.screenshots import settle
from tests.browser.test_main_paths import confirm, open_rollout
from tests.fakes.identity_provider import Both, identity_provider
from tests.fakes.running_app import RunningApp, running_app

pytestmark = [pytest.mark.browser, pytest.mark.server]

PATIENCE = 30_000
API = "/api/admin/rollout"
KEY = "exercise_library"


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
        unit.alerts.save(Alert("markup", KEY, "error_rate", "", Severity.WARNING, AlertState.OPEN, MARKUP, now, now))
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


def places_with_names(app: RunningApp) -> list[tuple[str, str]]:
    """(address, the button to press there or ""): every page and dialog that shows what somebody wrote."""
    plan, subject = "rollout=" + quote(MARKUP), "subject=" + quote(SCRIPT)
    with app.owner() as owner:
        asked = owner.get(f"{API}/saved-questions").json()["questions"]
    return [*((f"{entry.url_path}?{plan}", "") for entry in PAGES[1:]), (f"?{plan}", ""),
            *((f"settings?settings-tab={tab}", "") for tab in ("Tokens", "Sessions", "Store")),
            (f"flags?{plan}&flags-tab=Edit", ""), (f"flags?{plan}&flags-tab=Try+a+subject&try-{subject}", ""),
            (f"subjects?{plan}&{subject}", ""), (f"rollout?{plan}", ".st-key-ask-resume button"),
            *((f"explore?question={each['id']}", "[data-testid=stPopover] button:has-text('Save')") for each in asked)]


def wrong_there(page: Page, address: str) -> Iterator[str]:
    """What a standing page made of the texts, in sentences."""
    for each in page.locator(DONE).all():
        yield f"{address} reads it: {each.evaluate('it => it.outerHTML')[:300]}"
    if page.evaluate("window.ran"):
        yield f"{address} runs it"
    if page.get_by_test_id("stException").count():
        yield f"{address} fails"
    page.set_viewport_size({"width": 390, "height": 844})
    try:
        page.wait_for_function("document.querySelector('[data-testid=stMain]').scrollWidth <= 390", timeout=5_000)
    except TimeoutError:
        yield f"{address} scrolls sideways on a phone"
    page.set_viewport_size({"width": 1440, "height": 900})


def test_no_page_reads_what_somebody_wrote_as_more_than_text_and_none_asks_another_host(
        browser: Browser, both: Both, tmp_path: Path) -> None:
    write_everywhere(both.app, tmp_path)
    hosts: set[str | None] = set()
    wrong: list[str] = []
    shown: Counter[str] = Counter()
    with window(browser, both.app, both.app.session("nina", "admin")) as page:
        page.add_init_script(COUNTING)
        page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
        page.on("dialog", lambda dialog: (wrong.append(f"a dialog says {dialog.message}"), dialog.dismiss()))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        for address, button in places_with_names(both.app):
            page.goto(f"{both.app.url}/{address}")
            settle(page)
            if button:
                page.locator(button).first.click()
                settle(page)
            shown.update(each for each in SEEN_AS if page.get_by_test_id("stMain").get_by_text(each).count())
            wrong += wrong_there(page, address)
    assert not wrong, "\n".join(wrong)
    assert min(shown[each] for each in SEEN_AS) >= 3, f"the texts are shown, as they were written: {shown}"
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
