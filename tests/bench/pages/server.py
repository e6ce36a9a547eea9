"""The real app, with one more address: POST /bench/forget makes every page ask its questions anew.

Pages share answers for some seconds; without this a benchmark would wait that long before each measured rerun.
BENCH_CLOCK_BACK is how many seconds the app's clock goes behind the machine's, for a store that was built earlier.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import streamlit as st
import uvicorn

from dashboard import app, settings
from pages.panels import answers, page
from rollout_core.ports.clock import SystemClock

BACK = timedelta(seconds=float(os.environ.get("BENCH_CLOCK_BACK", "0")))
FORGET = "/bench/forget"


async def served(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The app, or the one address of this file."""
    if scope["type"] == "http" and scope["path"] == FORGET:
        answers.forget()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        return
    await app(scope, receive, send)  # type: ignore[arg-type]


def earlier(_clock: SystemClock) -> datetime:
    """The time when the store was built, and on from there."""
    return datetime.now(UTC) - BACK


class Earlier(datetime):
    """The same for the pages, which look at the machine's clock."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        """The time in a zone."""
        return datetime.now(tz) - BACK


if __name__ == "__main__":
    SystemClock.now = earlier  # type: ignore[method-assign]
    page.datetime = Earlier  # type: ignore[misc]
    uvicorn.run(served, host=settings.address, port=int(sys.argv[1]), log_level="warning", ws_max_size=2**26,
                ws_per_message_deflate=st.get_option("server.enableWebsocketCompression"))
