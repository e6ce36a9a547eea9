"""The answer to a question in SQL: asked beside the page, shown while it runs with a way to call it off, and as files.

The query runs in a thread of its own, so that the page can show that it runs and a press on Cancel reaches it. Asked
the same way again within ten minutes, the answer is shared; Run asks anew.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from threading import Event
from typing import Any

import streamlit as st

from pages.panels.furniture import grid, section
from pages.panels.page import Here, live
from rollout_core import bootstrap
from rollout_core.charts.words import badge, quiet
from rollout_core.insight.answer_file import answer_file
from rollout_core.ports.event_store import Found

MOST_ROWS = 10_000
MOST_SECONDS = 10
SHOWN_ROWS = 1_000
"""Rows in the table; files have all of them."""
LONGEST_NAME = 80
PATIENCE_SECONDS = 1.5
"""A page that is quicker than this shows no running query at all."""
FILES = (("CSV", "csv", "text/csv"), ("Parquet", "parquet", "application/vnd.apache.parquet"),
         ("Excel", "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))
"""Name, ending, media type."""

_THREADS = ThreadPoolExecutor(8, thread_name_prefix="explore")


@dataclass(frozen=True, slots=True)
class Asked:
    """A query that runs or ran; set `called_off` to end it."""

    sql: str
    at: datetime
    future: Future[Found]
    called_off: Event = field(default_factory=Event)


def asked(here: Here, sql: str, stamp: str) -> Asked:
    """Starts the query, or the one that was started with the same stamp."""
    room = bootstrap.current()
    return _started(room, id(room), here.actor, here.now, sql, stamp)


@st.cache_resource(ttl=timedelta(minutes=10), max_entries=8, show_spinner=False)
def _started(_room: Any, room: int, _actor: Any, _now: datetime, sql: str, stamp: str) -> Asked:
    called_off = Event()
    return Asked(sql, _now, _THREADS.submit(_room.query, _actor, sql, MOST_ROWS, called_off), called_off)


def found_by(query: Asked) -> Found | None:
    """The answer, or None while it runs. Raises what the query raised."""
    if not query.future.done():
        with st.spinner("Asking"):
            wait([query.future], timeout=PATIENCE_SECONDS)
    return query.future.result() if query.future.done() else None


@live(timedelta(seconds=1))
def running(here: Here, query: Asked) -> None:
    """In the place of the answer while the query runs: since when, until when at most, and Cancel."""
    if query.future.done():
        st.rerun()
    seconds = int((here.now - query.at).total_seconds())
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"{badge('Running', 'gray', 'hourglass_top')} for {seconds} s; stopped after {MOST_SECONDS} s.")
        st.button("Cancel", key="cancel-query", icon=":material/stop:", on_click=query.called_off.set)


def file_name(name: str, ending: str) -> str:
    """The question's name as a file's: letters, digits and spaces of it, which every system takes."""
    words = " ".join("".join(letter if letter.isalnum() else " " for letter in name).split())
    return f"{words[:LONGEST_NAME].strip() or 'answer'}.{ending}"


def show(here: Here, query: Asked, found: Found, name: str) -> None:
    """The rows as a table, and as files."""
    rows = f"{len(found.rows):,} {'row' if len(found.rows) == 1 else 'rows'}"
    cut = ", the first ones: there are more" if found.capped else ""
    section("Answer", f"{rows}{cut} · asked {here.when(query.at)} · times are UTC")
    if not found.rows:
        st.markdown("Nothing fits. Loosen a condition, or look under “What is in the store?” at what there is.")
        return
    grid(found.columns, found.rows[:SHOWN_ROWS], "Answer of the query")
    if len(found.rows) > SHOWN_ROWS:
        st.markdown(quiet(f"The table shows the first {SHOWN_ROWS:,} rows; the files hold all {len(found.rows):,}."))
    with st.container(horizontal=True):
        for label, ending, media in FILES:
            st.download_button(f"Download {label}", partial(answer_file, found, ending), file_name(name, ending), media,
                               icon=":material/download:", key=f"answer-{ending}", on_click="ignore")
