"""Pages on a fake control room: who looks is the session's role."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from streamlit.components.v2.component_manager import BidiComponentManager
from streamlit.testing.v1 import AppTest

from pages.panels import answers
from rollout_core import bootstrap
from tests.fakes.control_room import FakeControlRoom

FRAME = Path(__file__).parents[2] / "pages" / "frame.py"


@pytest.fixture(autouse=True)
def apart() -> Iterator[None]:
    """No answer and no room of one test reaches the next."""
    answers.forget()
    yield
    bootstrap.set_current(None)


@pytest.fixture
def room() -> FakeControlRoom:
    """The control room every page of this test sees."""
    return put(FakeControlRoom())


def put(fake: FakeControlRoom) -> FakeControlRoom:
    """Puts a room in place; `apart` takes it away again."""
    bootstrap.set_current(fake)  # type: ignore[arg-type]
    return fake


@cache
def installed_components() -> BidiComponentManager:
    """What Streamlit finds among the installed packages. The server looks once; an AppTest left alone looks through
    all of them each time, which was nine tenths of what a page test cost."""
    found = BidiComponentManager()
    found.discover_and_register_components(start_file_watching=False)
    return found


def open_page(script: str = "", role: str | None = "admin", **query: str) -> AppTest:
    """The frame with one page open, as somebody with this role (None: nobody signed in)."""
    return open_as("maya@example.org", role or "", role or "gone", script, **query)


def open_as(name: str, role: str, session: str, script: str = "", **query: str) -> AppTest:
    """The frame with one page open, as whoever has this session."""
    app = AppTest.from_file(str(FRAME), default_timeout=60)
    app._bidi_component_manager = installed_components()
    app.user = {"name": name, "role": role, "session": session}
    app.context = {"timezone": "Europe/Berlin", "theme": "light"}
    for key, value in query.items():
        app.query_params[key] = value
    app.run()
    if script and not app.exception:
        app.switch_page(str(FRAME.parent / script))
        app.run()
    return app


def text_of(app: AppTest) -> str:
    """Everything a reader reads, in one string."""
    kinds = ("title", "header", "subheader", "markdown", "caption", "error", "warning", "info", "success", "html")
    parts = [str(element.value) for kind in kinds for element in app.get(kind)]
    parts += [element.value.to_csv() for element in [*app.get("table"), *app.get("dataframe")]]
    return "\n".join(parts)
