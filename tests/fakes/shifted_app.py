"""The app in a process whose clock a test moves: SHIFT_FILE holds the seconds to add to the machine's time.

`python -m tests.fakes.shifted_app` starts `dashboard.py` as `python dashboard.py` does.
"""

from __future__ import annotations

import os
import runpy
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rollout_core.ports.clock import SystemClock

SHIFT_FILE = Path(os.environ["SHIFT_FILE"])


def shifted_now(_clock: SystemClock) -> datetime:
    """The machine's time and what the file says now."""
    return datetime.now(UTC) + timedelta(seconds=float(SHIFT_FILE.read_text(encoding="ascii")))


if __name__ == "__main__":
    SystemClock.now = shifted_now       # type: ignore[method-assign]
    sys.argv = ["dashboard.py"]
    runpy.run_path("dashboard.py", run_name="__main__")
