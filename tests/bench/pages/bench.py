"""What the pages' benchmarks share: the app that is measured, one rerun, a percentile."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from urllib.request import Request, urlopen

from tests.bench.pages.server import FORGET
from tests.bench.pages.viewer import Viewer
from tests.fakes.running_app import RunningApp

AT_REST_MS, REST_SECONDS, MOST_SECONDS = 50.0, 5, 240


@dataclass(frozen=True, slots=True)
class Bench:
    """What is measured with: the app, a session's cookie, how much of everything."""

    app: RunningApp
    cookie: str
    rounds: int
    sessions: int
    seconds: float
    pages: tuple[str, ...]

    def cpu_ms(self) -> float:
        """CPU milliseconds that the server process has used, ended threads included (Linux: clock of a process)."""
        return time.clock_gettime((~self.app.process.pid << 3) | 2) * 1000

    def settle(self) -> None:
        """Waits until the server does next to nothing for some seconds: what it does after its start is over, the
        windows' first pass and the first counts. Where that takes minutes it says so and goes on."""
        quiet = 0
        for _ in range(MOST_SECONDS):
            before = self.cpu_ms()
            time.sleep(1)
            quiet = quiet + 1 if self.cpu_ms() - before < AT_REST_MS else 0
            if quiet >= REST_SECONDS:
                return
        print(f"  The app was not at rest after {MOST_SECONDS} s.", flush=True)

    def resident_mb(self) -> float:
        """Memory of the server process, MB."""
        pages = int(Path(f"/proc/{self.app.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def forget(self) -> None:
        """Pages ask anew."""
        with urlopen(Request(f"{self.app.url}{FORGET}", method="POST"), timeout=30):
            pass


async def rerun(bench: Bench, one: Viewer, page: str) -> tuple[float, float]:
    """(CPU ms of the server, wall seconds) of one rerun."""
    before = bench.cpu_ms()
    seconds = await one.run(page)
    await asyncio.sleep(0.02)                   # the tail of the run: a collection, the cache's clean-up
    return bench.cpu_ms() - before, seconds


def p95(values: list[float]) -> float:
    """The value that 95 % do not exceed."""
    return quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]
