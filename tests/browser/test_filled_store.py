"""A store with two running rollouts: an analyst who may only look finds and takes away, and every page in both themes
goes through axe-core: no rule is broken but Streamlit's. Each page's picture is kept, whether it passed or not.

What Streamlit itself breaks on an empty page of its own is listed here; a rule that is not on the list is ours.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from pages.panels.catalogue import PAGES
from rollout_core.ports.store_key import store_key
from tests.bench.overview_world import world
from tests.browser.screenshots import keep, settle
from tests.browser.test_main_paths import PROBED
from tests.fakes.running_app import RunningApp, running_app

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
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """The real app on a store with two rollouts and some thousand events."""
    directory = tmp_path_factory.mktemp("filled")
    room = world(directory, 20_000, 2_000, datetime.now(UTC), store_key(directory))
    room.events.close()
    room.control.close()
    with running_app(directory) as running:
        yield running


@pytest.fixture(params=["light", "dark"], scope="module")
def seen(request: pytest.FixtureRequest, browser: Browser, app: RunningApp) -> Iterator[Page]:
    """An admin's window in one theme."""
    with window(browser, app, "admin", request.param) as page:
        yield page


@contextmanager
def window(browser: Browser, app: RunningApp, role: str, theme: str) -> Iterator[Page]:
    """The window of somebody with this role."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme=theme,  # type: ignore[arg-type]
                                  timezone_id="Europe/Berlin")
    context.add_cookies([{"name": app.cookie, "value": app.session(f"some-{role}", role), "url": app.url}])
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


def taken_away(page: Page, button: str) -> list[dict[str, str]]:
    """The rows of the CSV file that a press on this button hands out."""
    expect(page.locator(button)).to_be_visible(timeout=30_000)
    with page.expect_download() as download:
        page.locator(button).click()
    return list(csv.DictReader(Path(download.value.path()).read_text(encoding="utf-8").splitlines()))


def test_an_analyst_who_may_only_look_asks_for_the_worst_page_for_inp_and_takes_it_away(
        browser: Browser, app: RunningApp) -> None:
    with window(browser, app, "viewer", "light") as page:
        page.goto(app.url)
        page.get_by_test_id("stSidebar").get_by_role("link", name="Explore").click()
        page.get_by_role("button", name="Worst pages for INP in treatment").click()
        rows = taken_away(page, ".st-key-answer-csv button")
        slowest = [float(row["treatment_p75_ms"]) for row in rows if row["treatment_p75_ms"]]
        assert len(slowest) > 10
        assert slowest == sorted(slowest, reverse=True), "the worst page is the first row"
        assert rows[0]["page"].startswith("/page/")
        assert int(rows[0]["treatment_page_views"]) > 0
        assert page.get_by_label("SQL", exact=True).count() == 0


def test_the_same_analyst_reads_the_worst_page_from_web_vitals_and_takes_the_table_away(
        browser: Browser, app: RunningApp) -> None:
    with window(browser, app, "viewer", "light") as page:
        page.goto(f"{app.url}/vitals?rollout=Exercise+library&window=Since+the+start")
        settle(page)
        page.get_by_label("Vital", exact=True).click()
        page.get_by_role("option", name="INP").click()
        said = page.get_by_text("Slowest page:")
        expect(said).to_be_visible(timeout=30_000)
        settle(page)
        rows = taken_away(page, ".st-key-file-inp-by-page button")
        assert f"Slowest page: {rows[0]['page']}" in said.inner_text()


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_breaks_no_rule_of_accessibility(seen: Page, app: RunningApp, address: str) -> None:
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
        assert hosts - {None} <= {urlsplit(app.url).hostname}, hosts
    finally:
        seen.remove_listener("request", asked)
        seen.remove_listener("console", said)
        keep(seen, PICTURED[address], seen.evaluate(THEME))


def test_the_dialog_before_a_control_breaks_no_rule_of_accessibility(seen: Page, app: RunningApp) -> None:
    seen.goto(f"{app.url}/rollout?rollout=Exercise+library")
    settle(seen)
    seen.locator(".st-key-ask-pause button").click()
    expect(seen.get_by_role("dialog")).to_be_visible(timeout=30_000)
    settle(seen)
    keep(seen, "rollout-dialog", seen.evaluate(THEME))
    broken = broken_rules(seen)
    assert not broken, "\n".join(f"{rule}: {where}" for rule, places in broken.items() for where in places[:4])
