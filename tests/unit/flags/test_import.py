"""Importing the flags must stay light: an evaluation-only process has nothing else."""

from __future__ import annotations

import subprocess
import sys

HEAVY = "numpy pandas duckdb streamlit sqlalchemy msgspec starlette plotly yaml"


def test_flags_pull_in_nothing_heavy():
    code = f"import sys, rollout_core.flags; print([name for name in {HEAVY.split()!r} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
