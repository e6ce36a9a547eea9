"""The priority of a thread: what works for later gives way to those who wait."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from threading import get_native_id

LATER = 5
"""How much nicer: of a core that it and a thread of usual priority want it gets a quarter, and all of one that is idle.
"""


def give_way() -> None:
    """Lowers the priority of the present thread for good; on Linux only, where threads have one of their own."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, get_native_id(), os.getpriority(os.PRIO_PROCESS, 0) + LATER)
