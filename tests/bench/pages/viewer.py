"""A viewer without a browser: opens a page over Streamlit's WebSocket and reruns it, as a click or a reload does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

PATIENCE_SECONDS = 120.0


@dataclass(slots=True)
class Viewer:
    """One session. `sent` counts bytes of all messages of the last run, `failed` its error boxes and tracebacks."""

    socket: ClientConnection
    sent: int = 0
    failed: int = 0

    async def run(self, page: str, query: str = "") -> float:
        """Runs a page ("" is the first one); wall seconds until its script has finished."""
        asked = BackMsg()
        asked.rerun_script.query_string = query
        asked.rerun_script.page_name = page
        self.sent = self.failed = 0
        began = time.perf_counter()
        await self.socket.send(asked.SerializeToString())
        while True:
            raw = await asyncio.wait_for(self.socket.recv(), PATIENCE_SECONDS)
            assert isinstance(raw, bytes)
            self.sent += len(raw)
            told = ForwardMsg()
            told.ParseFromString(raw)
            kind = told.WhichOneof("type")
            if kind == "delta" and told.delta.WhichOneof("type") == "new_element":
                element = told.delta.new_element
                self.failed += element.WhichOneof("type") == "exception" or (
                    element.WhichOneof("type") == "alert" and element.alert.format == element.alert.ERROR)
            elif kind == "script_finished":
                return time.perf_counter() - began


@asynccontextmanager
async def viewer(url: str, cookie: str) -> AsyncIterator[Viewer]:
    """A signed-in viewer, gone at the end; `cookie` is NAME=SECRET."""
    address = url.replace("http", "ws", 1) + "/_stcore/stream"
    async with connect(address, additional_headers={"cookie": cookie}, subprotocols=["streamlit"],  # type: ignore[list-item]
                       max_size=None, proxy=None, ping_interval=None) as socket:
        yield Viewer(socket)
