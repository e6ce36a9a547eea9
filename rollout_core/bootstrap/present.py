"""The one control room of this process, for pages, routes and middleware."""

from __future__ import annotations

import os
from threading import Lock

from rollout_core.bootstrap.control_room import ControlRoom
from rollout_core.bootstrap.opening import open_room
from rollout_core.settings import read_settings

_lock = Lock()
_room: ControlRoom | None = None


def current() -> ControlRoom:
    """The room that dashboard.py opened; without one (page tests) it is opened from the environment, once."""
    global _room  # noqa: PLW0603 - one room per process is what this module is for
    with _lock:
        if _room is None:
            _room = open_room(read_settings(os.environ))
        return _room


def set_current(room: ControlRoom | None) -> None:
    """Puts a room in place (None: takes it away; closing it is the caller's)."""
    global _room  # noqa: PLW0603
    with _lock:
        _room = room
