"""Which address does this process answer at? Needed before the first request, for the link that is printed. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

UVICORN_PORT = 8000


def listening_port(argv: Sequence[str], streamlit_port: int) -> int:
    """The port: Streamlit's own option, or `--port` when the process was started as `uvicorn dashboard:app`."""
    started = Path(argv[0]) if argv else Path()
    if "uvicorn" not in {started.stem, started.parent.name}:
        return streamlit_port
    for number, word in enumerate(argv):
        if word == "--port" and number + 1 < len(argv) and argv[number + 1].isdigit():
            return int(argv[number + 1])
        if word.startswith("--port=") and word.removeprefix("--port=").isdigit():
            return int(word.removeprefix("--port="))
    return UVICORN_PORT


def local_address(port: int) -> str:
    """The address for a person at this machine."""
    return f"http://localhost:{port}"
