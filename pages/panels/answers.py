"""Questions with a short memory: many viewers and reruns share one answer; every change forgets them all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import streamlit as st

from rollout_core import bootstrap

COUNTING = "Counting. The first look after a start takes longest"
"""Shown while an answer takes longer than half a second."""


def ask(question: str, request: Any, *, settled: bool = False) -> Any:
    """The answer to a question. Answers are frozen, so sharing them is safe. Raises RolloutError."""
    room = bootstrap.current()
    remember = _settled if settled else _fresh
    return remember(room, id(room), question, msgspec.json.encode(request), request)


def forget() -> None:
    """After a change: the next question is answered anew."""
    _look.clear()
    _fresh.clear()
    _settled.clear()


@st.cache_resource(ttl=timedelta(seconds=2), max_entries=2, show_spinner=False)
def _look(_room: Any, room: int) -> Any:
    """A page's questions are about one instant, and share what the store answers."""
    return _room.look()


@st.cache_resource(ttl=timedelta(seconds=4), max_entries=400, show_spinner=COUNTING)
def _fresh(_room: Any, room: int, question: str, key: bytes, _request: Any) -> Any:
    return _room.ask(question, _request, _look(_room, room))


@st.cache_resource(ttl=timedelta(seconds=30), max_entries=400, show_spinner=COUNTING)
def _settled(_room: Any, room: int, question: str, key: bytes, _request: Any) -> Any:
    return _room.ask(question, _request, _look(_room, room))
