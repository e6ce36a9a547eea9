"""How long until somebody sees the first chart, in Chromium, against a page of Streamlit that says hello."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from playwright.sync_api import Browser, sync_playwright

from tests.browser.chromium import CHROMIUM, FLAGS, free_port

HELLO = "import streamlit as st\n\nst.title('Hello world')\nst.write('This is Streamlit.')\n"
CHART_PAGE = "vitals"


@contextmanager
def hello_world() -> Iterator[str]:
    """A Streamlit server with a page that says hello; its address."""
    with tempfile.TemporaryDirectory() as folder:
        script, port = Path(folder) / "hello.py", free_port()
        script.write_text(HELLO, encoding="utf-8")
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port), "--server.headless",
             "true", "--browser.gatherUsageStats", "false", "--server.address", "127.0.0.1"], cwd=folder,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _wait(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(20)


def _wait(port: int) -> None:
    for _ in range(150):
        try:
            with urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("The hello-world page does not answer.")


def seconds_until(browser: Browser, url: str, seen: str, cookie: str = "") -> float:
    """Wall seconds from the address to the element, in a window of its own with an empty cache."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    if cookie:
        name, _, secret = cookie.partition("=")
        context.add_cookies([{"name": name, "value": secret, "url": url}])
    page = context.new_page()
    began = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.locator(seen).first.wait_for(timeout=60_000)
    seconds = time.perf_counter() - began
    context.close()
    return seconds


def first_charts(url: str, cookie: str, rounds: int) -> list[float]:
    """Ratios of the chart page's first chart to hello world's title, measured in turns."""
    with hello_world() as hello, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)

        def once() -> float:
            chart = seconds_until(browser, f"{url}/{CHART_PAGE}", ".js-plotly-plot .main-svg", cookie)
            return chart / seconds_until(browser, hello, "h1")

        once()
        ratios = [once() for _ in range(rounds)]
        browser.close()
    return ratios
