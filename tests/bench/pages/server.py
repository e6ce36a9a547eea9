"""The real app, with one more address: POST /bench/forget makes every page ask its questions anew.

Pages share answers for some seconds; without this a benchmark would wait that long before each measured rerun.
"""

from __future__ import annotations

import sys
from typing import Any

import uvicorn

from dashboard import app, settings
from pages.panels import answers

FORGET = "/bench/forget"


async def served(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The app, or the one address of this file."""
    if scope["type"] == "http" and scope["path"] == FORGET:
        answers.forget()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        return
    await app(scope, receive, send)  # type: ignore[arg-type]


if __name__ == "__main__":
    uvicorn.run(served, host=settings.address, port=int(sys.argv[1]), log_level="warning", ws_max_size=2**26)
