"""Pictures of every page in both themes and both widths, for people to look at: artefacts/screenshots/.

    python -m tests.browser.screenshots [--url URL] [--link URL] [--only NAME,NAME] [--light]

Without --url it starts the app on the demo store and signs in with the link that the app prints.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from pages.panels.catalogue import PAGES
from tests.browser.chromium import CHROMIUM, FLAGS, signed_in, started_app

TARGET = Path(__file__).parents[2] / "artefacts" / "screenshots"
WIDTHS = (1440, 390)
TALLEST = 6000
LAID_OUT_MS = 250
"""How long a page that stands takes to be laid out for another size."""
STANDS = "[data-testid=stApp][data-test-script-state=notRunning]"
EXTRA = {"rollout-dialog": "ask-advance"}
"""Picture name -> key of the button to press first."""
AT_REST = """([stands, quiet]) => new Promise((done, fail) => {
    const began = performance.now()
    let moved = began
    const watcher = new MutationObserver(() => { moved = performance.now() })
    watcher.observe(document.body, {subtree: true, childList: true, characterData: true})
    const look = () => {
        const now = performance.now()
        if (!document.querySelector(stands) || document.querySelector('[data-testid=stSkeleton]')) moved = now
        if (now - began > 60000) fail(new Error('the page does not come to rest'))
        else if (now - moved < quiet) { setTimeout(look, 50); return }
        watcher.disconnect()
        done()
    }
    look()
})"""
"""Ends once no script runs, nothing is still being loaded and nothing on the page has changed for so many ms."""


def settle(page: Page) -> None:
    """Waits until the page stands: its heading is there, no script runs and nothing has changed for a while."""
    page.get_by_test_id("stMain").locator("h1").first.wait_for(timeout=60_000)
    page.evaluate(AT_REST, [STANDS, 800])


def whole(page: Page, width: int, path: Path) -> None:
    """A picture of the whole page: the window is made as tall as the content, which scrolls inside it otherwise."""
    height = page.evaluate("document.querySelector('[data-testid=stMainBlockContainer]').scrollHeight")
    page.set_viewport_size({"width": width, "height": max(900, min(int(height) + 40, TALLEST))})
    page.wait_for_timeout(700)
    page.screenshot(path=path)
    page.set_viewport_size({"width": width, "height": 900})


def keep(page: Page, name: str, theme: str) -> None:
    """The standing page in both widths, for a run whose pictures are kept; the window is as wide as before afterwards.
    """
    TARGET.mkdir(parents=True, exist_ok=True)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(LAID_OUT_MS)
        height = page.evaluate("document.querySelector('[data-testid=stMainBlockContainer]').scrollHeight")
        page.set_viewport_size({"width": width, "height": max(900, min(int(height) + 40, TALLEST))})
        page.wait_for_timeout(LAID_OUT_MS)
        page.screenshot(path=TARGET / f"{name}-{width}-{theme}.png")
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})


@contextmanager
def window(browser: Browser, theme: str, width: int) -> Iterator[Page]:
    """A browser window with its theme, width and zone."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme,  # type: ignore[arg-type]
                                  timezone_id="Europe/Berlin", locale="en-GB")
    yield context.new_page()
    context.close()


def take(page: Page, url: str, width: int, suffix: str, only: str) -> None:
    """Every page, and the dialog of the rollout page."""
    for place, entry in enumerate(PAGES):
        if only and entry.url_path not in only.split(","):
            continue
        page.goto(f"{url}/{'' if place == 0 else entry.url_path}")
        settle(page)
        whole(page, width, TARGET / f"{entry.url_path}-{suffix}.png")
        for name, key in EXTRA.items():
            button = page.locator(f".st-key-{key} button")
            if name.startswith(entry.url_path) and button.count():
                button.first.click()
                page.get_by_role("dialog").wait_for()
                page.wait_for_timeout(1500)
                page.screenshot(path=TARGET / f"{name}-{suffix}.png")


def main() -> None:
    """Takes the pictures."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--url")
    asked.add_argument("--link")
    asked.add_argument("--only", default="")
    asked.add_argument("--light", action="store_true")
    options = asked.parse_args()
    TARGET.mkdir(parents=True, exist_ok=True)
    with started_app(options.url, options.link) as app, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        cookies = signed_in(browser, app)
        for theme in ("light",) if options.light else ("light", "dark"):
            for width in WIDTHS:
                with window(browser, theme, width) as page:
                    page.context.add_cookies(cookies)
                    take(page, app.url, width, f"{width}-{theme}", options.only)
        browser.close()
    print(f"{len(list(TARGET.glob('*.png')))} pictures in {TARGET}")


if __name__ == "__main__":
    main()
