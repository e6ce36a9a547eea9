"""Pictures of every page in both themes and both widths, for people to look at: artefacts/screenshots/.

    python -m tests.browser.screenshots [--url URL] [--link URL] [--only NAME,NAME] [--light] [--guide]

Without --url it starts the app on the demo store and signs in with the link that the app prints. --guide takes the
pictures of README and guide instead: light, 1440 px wide, as tall as a reader looks at, in few colours.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from pages.panels.catalogue import PAGES
from tests.browser.chromium import CHROMIUM, FLAGS, signed_in, started_app

TARGET = Path(__file__).parents[2] / "artefacts" / "screenshots"
WIDTHS = (1440, 390)
LEAST, DIALOG, TALLEST = 900, 1200, 6000
LAID_OUT_MS = 150
"""How long nothing may change before a page counts as laid out for another size."""
STANDS = "[data-testid=stApp][data-test-script-state=notRunning]"
GUIDE = Path(__file__).parents[2] / "docs" / "guide"
EXERCISE = "rollout=Enhanced+exercise+library"
SHOWN = {"overview": ("", 850), "rollout": (f"rollout?{EXERCISE}", 1500), "health": (f"health?{EXERCISE}", 1250),
         "vitals": (f"vitals?{EXERCISE}&vital=INP", 1250),
         "decisions": (f"decisions?{EXERCISE}&decision=Decision+5", 1250),
         "explore": ("explore?question=worst-inp&kind=Bars", 1600),
         "rehearsal": (f"rehearsal?{EXERCISE}&every=Day", 1250)}
"""Picture of the guide -> its address on the demo store, and at most how tall."""
COLOURS = 256
REHEARSED_MS = 300_000
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


def settle(page: Page, quiet_ms: int = 800) -> None:
    """Waits until the page stands: its heading is there, no script runs and nothing has changed for so long."""
    page.get_by_test_id("stMain").locator("h1").first.wait_for(timeout=60_000)
    page.evaluate(AT_REST, [STANDS, quiet_ms])


def keep(page: Page, name: str, theme: str, widths: Sequence[int] = WIDTHS) -> None:
    """Pictures of the whole standing page. The content scrolls inside the window, which is made as tall as any page for
    it and is as before afterwards."""
    TARGET.mkdir(parents=True, exist_ok=True)
    before = page.viewport_size
    for width in widths:
        page.set_viewport_size({"width": width, "height": TALLEST})
        page.evaluate(AT_REST, [STANDS, LAID_OUT_MS])
        height = page.evaluate("document.querySelector('[data-testid=stMainBlockContainer]').scrollHeight")
        shown = {"x": 0, "y": 0, "width": width, "height": max(LEAST, min(int(height) + 40, TALLEST))}
        page.screenshot(path=TARGET / f"{name}-{width}-{theme}.png", clip=shown)    # type: ignore[arg-type]
    if before is not None:
        page.set_viewport_size(before)


@contextmanager
def window(browser: Browser, theme: str) -> Iterator[Page]:
    """A browser window with its theme and zone."""
    context = browser.new_context(viewport={"width": WIDTHS[0], "height": LEAST}, color_scheme=theme,  # type: ignore[arg-type]
                                  timezone_id="Europe/Berlin", locale="en-GB")
    yield context.new_page()
    context.close()


def take(page: Page, url: str, theme: str, only: str) -> None:
    """Every page, and the dialog of the rollout page."""
    for place, entry in enumerate(PAGES):
        if only and entry.url_path not in only.split(","):
            continue
        page.goto(f"{url}/{'' if place == 0 else entry.url_path}")
        settle(page)
        keep(page, entry.url_path, theme)
        for name, key in EXTRA.items():
            button = page.locator(f".st-key-{key} button")
            if name.startswith(entry.url_path) and button.count():
                button.first.click()
                page.get_by_role("dialog").wait_for()
                settle(page)
                for width in WIDTHS:
                    page.set_viewport_size({"width": width, "height": DIALOG})
                    page.evaluate(AT_REST, [STANDS, LAID_OUT_MS])
                    page.screenshot(path=TARGET / f"{name}-{width}-{theme}.png")
                page.set_viewport_size({"width": WIDTHS[0], "height": LEAST})


def take_guide(page: Page, url: str, only: str) -> None:
    """The guide's pictures, small enough to be read over a slow line."""
    for name, (address, tallest) in SHOWN.items():
        if only and name not in only.split(","):
            continue
        page.goto(f"{url}/{address}")
        settle(page)
        if name == "rehearsal":
            page.locator(".st-key-rehearse button").click()
            page.locator(".st-key-rehearsal-stop").wait_for()
            page.locator(".st-key-rehearsal-stop").wait_for(state="detached", timeout=REHEARSED_MS)
            settle(page)
        page.set_viewport_size({"width": WIDTHS[0], "height": TALLEST})
        page.evaluate(AT_REST, [STANDS, LAID_OUT_MS])
        height = page.evaluate("document.querySelector('[data-testid=stMainBlockContainer]').scrollHeight")
        page.screenshot(path=GUIDE / f"{name}.png",
                        clip={"x": 0, "y": 0, "width": WIDTHS[0], "height": min(int(height), tallest)})
        page.set_viewport_size({"width": WIDTHS[0], "height": LEAST})
        picture = Image.open(GUIDE / f"{name}.png").convert("RGB")
        picture.quantize(COLOURS, Image.Quantize.MAXCOVERAGE).save(GUIDE / f"{name}.png", optimize=True)


def main() -> None:
    """Takes the pictures."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--url")
    asked.add_argument("--link")
    asked.add_argument("--only", default="")
    asked.add_argument("--light", action="store_true")
    asked.add_argument("--guide", action="store_true")
    options = asked.parse_args()
    with started_app(options.url, options.link) as app, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        cookies = signed_in(browser, app)
        for theme in ("light",) if options.light or options.guide else ("light", "dark"):
            with window(browser, theme) as page:
                page.context.add_cookies(cookies)
                if options.guide:
                    take_guide(page, app.url, options.only)
                else:
                    take(page, app.url, theme, options.only)
        browser.close()
    print(f"The pictures are in {GUIDE if options.guide else TARGET}.")


if __name__ == "__main__":
    main()
