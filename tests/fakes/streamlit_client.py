"""A client of Streamlit's WebSocket protocol: opens a page as a browser would, without a browser."""

from __future__ import annotations

from dataclasses import dataclass, field

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

PATIENCE_SECONDS = 60


@dataclass(slots=True)
class Seen:
    """What one run of the script sent: headings and text, and the titles of the pages in the navigation."""

    text: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    session: str = ""
    """Streamlit's own id of the browser tab: what a client shows to come back to it."""


def refused(url: str, **headers: str) -> int | None:
    """The status a handshake was refused with before it was accepted; None when it was accepted."""
    origin = headers.pop("origin", None)
    try:
        with connect(_address(url), origin=origin, additional_headers=headers, subprotocols=["streamlit"], proxy=None):
            return None
    except InvalidStatus as error:
        return error.response.status_code


def open_page(url: str, page: str, origin: str | None = None, resume: str = "", **headers: str) -> Seen:
    """Runs the script for a page name ("" is the first page), as a deep link does. `resume`: a tab to come back to."""
    seen = Seen()
    offered = ["streamlit", *(["PLACEHOLDER_AUTH_TOKEN", resume] if resume else [])]
    with connect(_address(url), origin=origin, additional_headers=headers, subprotocols=offered, max_size=None,
                 proxy=None) as socket:
        asked = BackMsg()
        asked.rerun_script.query_string = ""
        asked.rerun_script.page_name = page
        socket.send(asked.SerializeToString())
        while True:
            told = ForwardMsg()
            told.ParseFromString(socket.recv(timeout=PATIENCE_SECONDS))
            kind = told.WhichOneof("type")
            if kind == "new_session":
                seen.session = told.new_session.initialize.session_id
            elif kind == "navigation":
                seen.pages = [each.page_name for each in told.navigation.app_pages]
            elif kind == "delta" and told.delta.WhichOneof("type") == "new_element":
                element = told.delta.new_element
                which = element.WhichOneof("type")
                if which in {"heading", "markdown", "alert", "text"}:
                    seen.text.append(getattr(element, which).body)
            elif kind == "script_finished":
                return seen


def _address(url: str) -> str:
    return url.replace("http", "ws", 1) + "/_stcore/stream"
