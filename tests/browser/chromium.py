"""The real app and a real Chromium, for tests and pictures."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from playwright.sync_api import Browser

from tests.fakes.running_app import ROOT, free_port

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync"]
LINK = re.compile(r"https?://\S+/signin\S*\?\S+|https?://\S+/signin/\S+")


@dataclass(frozen=True, slots=True)
class App:
    """A running app: where it answers, and a link that signs in once ("" when none is needed)."""

    url: str
    link: str


@contextmanager
def started_app(url: str | None = None, link: str | None = None, store: Path | None = None) -> Iterator[App]:
    """A running app: the one at `url`, or one started on `store` (None: the demo's) and stopped afterwards."""
    if url:
        yield App(url.rstrip("/"), link or "")
        return
    port = free_port()
    environment = {**os.environ, "ROLLOUT_URL": f"http://127.0.0.1:{port}", "STREAMLIT_SERVER_PORT": str(port),
                   "PYTHONUNBUFFERED": "1", **({"ROLLOUT_STORE": str(store)} if store else {})}
    process = subprocess.Popen([sys.executable, "-m", "streamlit", "run", "dashboard.py"], cwd=ROOT, env=environment,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield App(f"http://127.0.0.1:{port}", _wait_for_link(process, port))
    finally:
        process.terminate()
        process.wait(20)


def _wait_for_link(process: subprocess.Popen[str], port: int) -> str:
    """The sign-in link the app prints; the app answers by then."""
    said = ""
    assert process.stdout is not None
    for line in process.stdout:
        said += line
        found = LINK.search(line)
        if found:
            _wait_until_it_answers(port)
            return found.group(0)
    raise RuntimeError(f"The app ended without printing a sign-in link:\n{said}")


def _wait_until_it_answers(port: int, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            with urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2):
                return
        except OSError:
            time.sleep(0.3)
    raise RuntimeError("The app does not answer.")


def signed_in(browser: Browser, app: App) -> list[Any]:
    """Signs in with the one-time link as a person does: open it, press the button. The cookies of that session."""
    if not app.link:
        return []
    context = browser.new_context()
    page = context.new_page()
    page.goto(app.link)
    page.get_by_role("button").first.click()
    page.wait_for_url(f"{app.url}/**")
    cookies = context.cookies()
    context.close()
    return cookies
