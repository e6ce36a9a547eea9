"""The composition root: Settings -> ControlRoom, what runs beside it, and where a running app says it is.

The room is imported when somebody asks for it: the command line looks for a running app first, and when there is one
it never needs the stores (docs.python.org, PEP 562).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rollout_core.bootstrap.control_room import ControlRoom
    from rollout_core.bootstrap.opening import open_room
    from rollout_core.bootstrap.present import current, set_current

__all__ = ["ControlRoom", "current", "open_room", "set_current"]

_WHERE = {"ControlRoom": "control_room", "open_room": "opening", "current": "present", "set_current": "present"}


def __getattr__(name: str) -> Any:
    """Imports the module behind a name of `__all__` on its first use. Raises AttributeError for another."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
