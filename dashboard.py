"""The rollout control room: pages, HTTP interface and background work in one process. Assembly only.

Start it with `make run`, `streamlit run dashboard.py`, `uvicorn dashboard:app` or `python dashboard.py`. One process
per store: DuckDB lets nobody else in, so `--workers 2` cannot work.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st

from rollout_core.bootstrap import current
from rollout_core.bootstrap.running import ending_in_words, run_app, settings_to_serve
from rollout_core.http.address import listening_port, local_address
from rollout_core.http.routes import middleware, routes

settings = settings_to_serve(os.environ)


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[dict[str, object]]:
    """Opens the store, starts what runs by itself, says where the app is; undoes it all at the end."""
    port = listening_port(sys.argv, int(st.get_option("server.port")))
    with ending_in_words(), run_app(settings, settings.url or local_address(port), local_address(port)) as room:
        yield {"room": room}


app = st.App("pages/frame.py", routes=routes(current), middleware=middleware(current, settings), lifespan=lifespan)

if __name__ == "__main__":
    app.run(config={"server.port": settings.port, "server.address": settings.address})
