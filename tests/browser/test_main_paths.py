"""What an admin does first, in a real Chromium: sign in by link, start and advance a rollout, see it elsewhere. The
pictures of every page before the first event are kept in artefacts/screenshots/."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from pages.panels.catalogue import PAGES
from tests.browser.chromium import App
from tests.browser.screenshots import keep, settle

pytestmark = [pytest.mark.browser, pytest.mark.server]


PROBED = re.compile(r"/[a-z]+/_stcore/(health|host-config)$")
"""On a deep link Streamlit first asks below the page's own address, is refused, and then asks at the root."""


def open_rollout(page: Page, app: App) -> None:
    """The exercise rollout's page, standing."""
    page.goto(f"{app.url}/rollout?rollout=Exercise+library")
    expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=30_000)


def confirm(page: Page, button: str, reason: str) -> None:
    """Opens a button's dialog, writes the reason, presses the confirming button."""
    page.locator(f".st-key-ask-{button} button").click()
    dialog = page.get_by_role("dialog")
    go = dialog.locator(".st-key-confirm-go button")
    expect(go).to_be_visible(timeout=30_000)
    dialog.locator("textarea").fill(reason)
    dialog.locator("textarea").blur()
    page.wait_for_timeout(800)
    go.click()
    expect(page.get_by_role("dialog")).to_have_count(0, timeout=30_000)


def picture(page: Page, name: str) -> None:
    """Keeps pictures of a page without events: on a phone in dark, on a desk in light."""
    settle(page, 300)
    for theme, width in (("dark", 390), ("light", 1440)):
        page.emulate_media(color_scheme=theme)      # type: ignore[arg-type]
        keep(page, f"empty-{name}", theme, (width,))


def test_a_deep_link_without_a_session_is_closed(browser: Browser, app: App) -> None:
    for entry in PAGES:
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{app.url}/{entry.url_path}")
        assert "/signin" in page.url, entry.url_path
        assert page.get_by_test_id("stSidebarNav").count() == 0
        context.close()


def test_an_admin_starts_and_advances_and_a_second_browser_sees_it(
        window: Page, browser: Browser, app: App, cookies: list[Any]) -> None:
    open_rollout(window, app)
    confirm(window, "start", "Rehearsed on the test store")
    expect(window.get_by_text("Running").first).to_be_visible(timeout=30_000)
    confirm(window, "advance", "Signed off by the product lead")
    expect(window.get_by_text("5% planned").first).to_be_visible(timeout=30_000)

    other = browser.new_context()
    other.add_cookies(cookies)
    page = other.new_page()
    open_rollout(page, app)
    expect(page.get_by_text("5% planned").first).to_be_visible(timeout=30_000)
    expect(page.get_by_text("Signed off by the product lead").first).to_be_visible(timeout=30_000)
    page.goto(app.url)
    expect(page.get_by_text("Advance to 20%? Not yet: 0 of 5 conditions met")).to_be_visible(timeout=30_000)
    other.close()


def test_a_stale_tab_is_refused_and_told_that_nothing_was_changed(
        window: Page, browser: Browser, app: App, cookies: list[Any]) -> None:
    open_rollout(window, app)
    window.locator(".st-key-ask-advance button").click()
    dialog = window.get_by_role("dialog")
    expect(dialog.locator(".st-key-confirm-go button")).to_be_visible(timeout=30_000)

    other = browser.new_context()
    other.add_cookies(cookies)
    page = other.new_page()
    open_rollout(page, app)
    confirm(page, "pause", "Something else changed it meanwhile")
    other.close()

    dialog.locator("textarea").fill("Decided on what I saw")
    dialog.locator("textarea").blur()
    expect(window.get_by_text("Nothing was changed").first).to_be_visible(timeout=30_000)
    expect(dialog.locator(".st-key-confirm-go button")).to_have_count(0)


def test_no_page_asks_another_host_or_complains_in_the_console(window: Page, app: App) -> None:
    hosts, complaints = set(), []
    window.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
    window.on("console", lambda message: complaints.append(f"{message.text} {message.location.get('url')}")
              if message.type == "error" and not PROBED.search(str(message.location.get("url"))) else None)
    for place, entry in enumerate(PAGES):
        window.goto(f"{app.url}/{'' if place == 0 else entry.url_path}")
        expect(window.get_by_role("heading", level=1).first).to_be_visible(timeout=30_000)
        window.wait_for_timeout(500)
        assert window.get_by_test_id("stException").count() == 0, entry.url_path
    assert hosts - {None} <= {"127.0.0.1"}, hosts
    assert not complaints


def test_every_page_fits_a_phone(window: Page, app: App) -> None:
    window.set_viewport_size({"width": 390, "height": 844})
    for place, entry in enumerate(PAGES):
        window.goto(f"{app.url}/{'' if place == 0 else entry.url_path}")
        expect(window.get_by_role("heading", level=1).first).to_be_visible(timeout=30_000)
        wide = window.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth")
        picture(window, entry.url_path)
        assert wide <= 390, f"{entry.url_path} scrolls sideways: {wide} px"


def test_every_picture_has_a_text(window: Page, app: App) -> None:
    for entry in PAGES:
        window.goto(f"{app.url}/{entry.url_path}")
        expect(window.get_by_role("heading", level=1).first).to_be_visible(timeout=30_000)
        window.wait_for_timeout(500)
        assert window.locator("[data-testid=stMain] img:not([alt])").count() == 0, entry.url_path
        assert window.locator("[data-testid=stMain] img[alt='']").count() == 0, entry.url_path


def test_a_rollout_that_came_with_a_link_follows_to_the_next_pages_and_into_their_addresses(
        window: Page, app: App) -> None:
    window.goto(f"{app.url}/rollout?rollout=Patient+engagement")
    for title in ("Health", "Report"):
        expect(window.locator(".st-key-rollout input")).to_have_value("Patient engagement", timeout=30_000)
        window.get_by_test_id("stSidebarNav").get_by_role("link", name=title, exact=True).click()
        expect(window.get_by_role("heading", level=1, name=title)).to_be_visible(timeout=30_000)
        window.wait_for_url("**rollout=Patient+engagement**", timeout=30_000)
    expect(window.locator(".st-key-rollout input")).to_have_value("Patient engagement", timeout=30_000)
    window.locator(".st-key-rollout input").click()
    window.get_by_role("option").first.click()
    window.wait_for_url("**rollout=Enhanced+exercise+library**", timeout=30_000)
    window.reload()
    expect(window.locator(".st-key-rollout input")).to_have_value("Enhanced exercise library", timeout=30_000)
