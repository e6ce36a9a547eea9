"""Many people at once: what each takes of memory, and how long their reruns take.

Memory per session is what as many sessions more take. A first crowd of the same size has looked at the same pages
before and is still there, so that caches which all share, DuckDB's buffers and threads are there already; the growth of
the process's resident memory while the second crowd comes is divided by its sessions, which are all connected.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from statistics import median

from tests.bench.figures import Figure
from tests.bench.pages.bench import Bench, p95
from tests.bench.pages.trickle import Trickle
from tests.bench.pages.viewer import Viewer, viewer

THINK_SECONDS = 5.0
PAGES_EACH = 3
"""Pages that everybody has looked at when the memory of a session is read."""


async def crowd(bench: Bench, trickle: Trickle) -> list[Figure]:
    """Memory of a session; then everybody looks at page after page while events arrive."""
    taken: list[float] = []
    async with AsyncExitStack() as second:
        async with AsyncExitStack() as first:
            await _come(bench, first)
            before = bench.resident_mb()
            people = await _come(bench, second)
            each = (bench.resident_mb() - before) / bench.sessions
        until = time.monotonic() + bench.seconds
        await asyncio.gather(_events(trickle, until), *(_look_around(bench, number, one, until, taken)
                                                        for number, one in enumerate(people)))
    return [Figure(f"rerun with {bench.sessions} sessions, p95", p95(taken), 1.0, "s", False, (min(taken), max(taken)),
                   f"{len(taken)} reruns, median {median(taken):.2f} s"),
            Figure("memory per session", each, 1.0, "MB", False, (each, each), f"{before:.0f} MB before")]


async def _come(bench: Bench, stack: AsyncExitStack) -> list[Viewer]:
    """As many people as asked for, one after the other; each looks at a few pages and stays."""
    people = []
    for number in range(bench.sessions):
        one = await stack.enter_async_context(viewer(bench.app.url, bench.cookie))
        for step in range(PAGES_EACH):
            await one.run(bench.pages[(number + step) % len(bench.pages)])
        people.append(one)
    return people


async def _look_around(bench: Bench, number: int, one: Viewer, until: float, taken: list[float]) -> None:
    """Page after page, with time to think in between."""
    await asyncio.sleep(THINK_SECONDS * number / bench.sessions)
    while time.monotonic() < until:
        number += 1
        taken.append(await one.run(bench.pages[number % len(bench.pages)]))
        await asyncio.sleep(THINK_SECONDS)


async def _events(trickle: Trickle, until: float) -> None:
    """Events go on arriving."""
    while time.monotonic() < until:
        await asyncio.to_thread(trickle.flow)
        await asyncio.sleep(1)
