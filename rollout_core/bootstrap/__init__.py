"""The composition root: Settings -> ControlRoom, what runs beside it, and where a running app says it is."""

from __future__ import annotations

from rollout_core.bootstrap.control_room import ControlRoom
from rollout_core.bootstrap.opening import open_room
from rollout_core.bootstrap.present import current, set_current

__all__ = ["ControlRoom", "current", "open_room", "set_current"]
