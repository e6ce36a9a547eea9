"""Runs every `bench_*.py` beside this file, in a process of its own each: `python -m tests.bench [NAME ...]`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main(names: list[str]) -> int:
    """Runs the named benchmarks (all when none is named). Returns how many missed a bar or failed."""
    found = sorted(path.stem for path in HERE.glob("bench_*.py"))
    chosen = [stem for stem in found if not names or stem.removeprefix("bench_") in names or stem in names]
    return sum(subprocess.run([sys.executable, "-m", f"tests.bench.{stem}"], cwd=HERE.parents[1], check=False)
               .returncode != 0 for stem in chosen)


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1:]) else 0)
