"""Every page in both themes through axe-core, on a store with two running rollouts: no rule is broken but Streamlit's.
Each page's picture is kept in both themes and widths, whether it passed or not.

What Streamlit itself breaks on an empty page of its own is listed here; a rule that is not on the list is ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from pages.panels.catalogue import PAGES
from rollout_core.ports.store_key import store_key
from tests.bench.overview_world import world
from tests.browser.chromium import App, signed_in, started_app
from tests.browser.screenshots import keep, settle
from tests.browser.test_main_paths import PROBED

pytestmark = [pytest.mark.browser, pytest.mark.server]

KNOWN = frozenset({"list", "listitem", "svg-img-alt"})
"""Rule ids that Streamlit's own navigation and icons break."""
KNOWN_IN_SIDEBAR = frozenset({"color-contrast"})
ADDRESSES = ["", *(entry.url_path for entry in PAGES[1:]), "explore?question=entered&kind=Line"]
PICTURED = {address: address.partition("?")[0] or PAGES[0].url_path for address in ADDRESSES} | {
    ADDRESSES[-1]: "explore-chart"}
"""Address -> the name of its picture in artefacts/screenshots/, where a run leaves every page as it was seen."""
THEME = "matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'"
IN_SIDEBAR = "path => { try { return !!document.querySelector(path)?.closest('[data-testid=stSidebar]') } " \
             "catch { return false } }"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The real app on a store with two rollouts and some thousand events."""
    directory = tmp_path_factory.mktemp("filled")
    room = world(directory, 20_000, 2_000, datetime.now(UTC), store_key(directory))
    room.events.close()
    room.control.close()
    with started_app(store=directory) as running:
        yield running


@pytest.fixture(scope="module")
def cookies(browser: Browser, app: App) -> list[Any]:
    """The session of the admin who used the printed link."""
    return signed_in(browser, app)


@pytest.fixture(params=["light", "dark"], scope="module")
def seen(request: pytest.FixtureRequest, browser: Browser, cookies: list[Any]) -> Iterator[Page]:
    """A window in one theme."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme=request.param,
                                  timezone_id="Europe/Berlin")
    context.add_cookies(cookies)
    yield context.new_page()
    context.close()


def broken_rules(page: Page) -> dict[str, list[str]]:
    """Rule id -> where it is broken, without what is Streamlit's own."""
    found: dict[str, list[str]] = {}
    for violation in Axe().run(page).response["violations"]:
        rule = violation["id"]
        for node in violation["nodes"]:
            target = str(node["target"][0])
            if rule in KNOWN or (rule in KNOWN_IN_SIDEBAR and page.evaluate(IN_SIDEBAR, target)):
                continue
            found.setdefault(rule, []).append(f"{target}  {node['html'][:160]}  {node.get('failureSummary', '')[:200]}")
    return found


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_breaks_no_rule_of_accessibility(seen: Page, app: App, address: str) -> None:
    hosts: set[str | None] = set()
    complaints: list[str] = []

    def asked(request: Any) -> None:
        hosts.add(urlsplit(request.url).hostname)

    def said(message: Any) -> None:
        if message.type == "error" and not PROBED.search(str(message.location.get("url"))):
            complaints.append(f"{message.text} {message.location.get('url')}")

    seen.on("request", asked)
    seen.on("console", said)
    try:
        seen.goto(f"{app.url}/{address}")
        settle(seen)
        assert seen.get_by_test_id("stException").count() == 0
        broken = broken_rules(seen)
        assert not broken, "\n".join(f"{rule}: {where}" for rule, places in broken.items() for where in places[:4])
        assert not complaints, complaints
        assert hosts - {None} <= {"127.0.0.1"}, hosts
    finally:
        seen.remove_listener("request", asked)
        seen.remove_listener("console", said)
        keep(seen, PICTURED[address], seen.evaluate(THEME))


def test_the_dialog_before_a_control_breaks_no_rule_of_accessibility(seen: Page, app: App) -> None:
    seen.goto(f"{app.url}/rollout?rollout=Exercise+library")
    settle(seen)
    seen.locator(".st-key-ask-pause button").click()
    expect(seen.get_by_role("dialog")).to_be_visible(timeout=30_000)
    settle(seen)
    keep(seen, "rollout-dialog", seen.evaluate(THEME))
    broken = broken_rules(seen)
    assert not broken, "\n".join(f"{rule}: {where}" for rule, places in broken.items() for where in places[:4])
