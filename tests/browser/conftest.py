"""A running app on a throw-away store and a Chromium, shared by the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.chromium import CHROMIUM, FLAGS, App, signed_in, started_app


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The real app, on an empty store of its own."""
    with started_app(store=tmp_path_factory.mktemp("store")) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium; the test is skipped where none is installed."""
    if not Path(CHROMIUM).exists():
        pytest.skip("no Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def cookies(browser: Browser, app: App) -> list[Any]:
    """The session of the admin who used the printed link."""
    return signed_in(browser, app)


@pytest.fixture
def window(browser: Browser, cookies: list[Any]) -> Iterator[Page]:
    """A window of the signed-in admin."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, timezone_id="Europe/Berlin")
    context.add_cookies(cookies)
    yield context.new_page()
    context.close()
