"""Every page's time while events stream in, beside its time just before and just after in the same run."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from statistics import median

from tests.bench.figures import Figure
from tests.bench.pages.bench import Bench, rerun
from tests.bench.pages.viewer import Viewer, viewer

RATE = 50_000
ROUNDS = 5
SETTLING_SECONDS = 5

Times = dict[str, float]
"""Page -> median wall seconds of a rerun."""


async def burst(bench: Bench) -> list[Figure]:
    """How much slower each page becomes, its questions asked anew and unchanged; and how much was acknowledged."""
    async with viewer(bench.app.url, bench.cookie) as one:
        before = await times(bench, one)
        sender = _sender(bench)
        await asyncio.sleep(SETTLING_SECONDS)
        busy = await times(bench, one)
        found = json.loads((await asyncio.to_thread(sender.communicate, ""))[0])
        after = await times(bench, one)
    for page in bench.pages:
        said = (f"{name} {1000 * before[place][page]:5.0f} before {1000 * busy[place][page]:5.0f} during "
                f"{1000 * after[place][page]:5.0f} ms after" for place, name in enumerate(("anew", "unchanged")))
        print(f"  {page or 'overview':<12} {'   '.join(said)}", flush=True)
    note = (f"{found['refused']:.0f} refused for now, acknowledged after {found['wait_p50']:.2f} s, p95 "
            f"{found['wait_p95']:.2f} s; the sender took {found['cores']:.2f} cores")
    rate = found["acknowledged"]
    return [_slowest("slowest page during a write burst over just before", before[0], busy[0], bench.pages),
            _slowest("the same when nothing changed", before[1], busy[1], bench.pages),
            Figure(f"events acknowledged of {found['offered']:,.0f} offered a second", rate, found["offered"],
                   "events/s", True, (rate, rate), note)]


async def times(bench: Bench, one: Viewer) -> tuple[Times, Times]:
    """Every page's rerun with its questions asked anew, and right after that, in rounds over all pages."""
    anew: dict[str, list[float]] = {page: [] for page in bench.pages}
    same: dict[str, list[float]] = {page: [] for page in bench.pages}
    for turn in range(ROUNDS + 1):
        for page in bench.pages:
            bench.forget()
            found = (await rerun(bench, one, page))[1], (await rerun(bench, one, page))[1]
            if turn:                            # the first round loads what every page needs
                anew[page].append(found[0])
                same[page].append(found[1])
    return ({page: median(each) for page, each in anew.items()}, {page: median(each) for page, each in same.items()})


def _sender(bench: Bench) -> subprocess.Popen[str]:
    """The sending process, which has just begun."""
    keys = [(bench.app.store / f"{name}.key").read_text().strip() for name in ("write", "owner")]
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.pages.burst", bench.app.url, *keys, str(RATE)],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdout.readline()
    process.stdin.write("begin\n")
    process.stdin.flush()
    return process


def _slowest(name: str, quiet: Times, busy: Times, pages: tuple[str, ...]) -> Figure:
    """The page that became slowest."""
    ratios = [(busy[page] / quiet[page], page) for page in pages]
    worst, page = max(ratios)
    return Figure(name, worst, 2.0, "x", False, (min(ratios)[0], worst),
                  f"{page or 'overview'}: {1000 * quiet[page]:.0f} ms before, {1000 * busy[page]:.0f} ms during")
