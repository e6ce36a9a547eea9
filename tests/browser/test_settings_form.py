"""The form of a person in a real Chromium: what was typed is what is kept, however the field was left."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import App

pytestmark = [pytest.mark.browser, pytest.mark.server]

WAYS = {"tab": ("Tab",), "two-tabs": ("Tab", "Tab"), "enter": ("Enter",), "mouse": ()}


def fill(page: Page, app: App, button: str, password: str, keys: tuple[str, ...]) -> None:
    """Opens the form behind a button, types the password, leaves the field by these keys and presses Add or Save."""
    page.goto(f"{app.url}/settings?settings-tab=People")
    page.locator(f".st-key-{button} button").click(timeout=30_000)
    field = page.locator(".st-key-person-password input")
    expect(field).to_be_visible(timeout=30_000)
    if button == "person-add":
        page.locator(".st-key-person-name input").fill(f"pam-{len(keys)}{''.join(keys)}")
    field.click()
    field.type(password)
    for key in keys:
        page.keyboard.press(key)
    page.wait_for_timeout(500)      # a person's hand on its way to the button
    page.locator(".st-key-person-save button").click()


@pytest.mark.parametrize("way", WAYS)
def test_a_password_is_kept_however_its_field_was_left(window: Page, app: App, way: str) -> None:
    fill(window, app, "person-add", "correct horse battery", WAYS[way])
    name = f"pam-{len(WAYS[way])}{''.join(WAYS[way])}"
    line = window.get_by_test_id("stMarkdownContainer").filter(has_text=name).filter(has_text="since").first
    expect(line).to_contain_text("password set", timeout=30_000)


def test_a_password_that_is_too_short_is_refused_after_tab_too(window: Page, app: App) -> None:
    fill(window, app, "person-change-local-admin", "abc", ("Tab",))
    expect(window.get_by_role("dialog").get_by_text("A password has 12 to")).to_be_visible(timeout=30_000)
