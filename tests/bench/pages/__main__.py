"""The pages' bars on a large store, in the real server process over Streamlit's own protocol.

    make bench-pages                            10 M events; the store is built in a temporary folder
    python -m tests.bench.pages --events 300000 --store DIR --sessions 10

CPU is the server process's own, everything in it included (event loop, DuckDB, garbage collection, windows that close
meanwhile). "Anew" is a rerun after events have arrived as they did in the store's last hour (trickle.py), with no
answer shared from before; "unchanged" is the rerun right after it. With 21 rounds p95 leaves the slowest one out, which
may have met the pass that closes a window. A store that is there already is used again with --store; build it anew when
the schema changes. Its events end when it was built: an older one needs --clock-back, the seconds that the app's clock
goes behind.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from pages.panels.catalogue import PAGES
from rollout_core.ports.store_key import store_key
from tests.bench.figures import Figure, at_most, report
from tests.bench.overview_world import world
from tests.bench.pages.bench import Bench, p95, rerun
from tests.bench.pages.crowd import crowd
from tests.bench.pages.first_chart import first_charts
from tests.bench.pages.trickle import Trickle
from tests.bench.pages.viewer import viewer
from tests.bench.pages.write_burst import burst
from tests.browser.chromium import CHROMIUM
from tests.fakes.running_app import running_app

PER_SUBJECT = 10
PARTS = ("pages", "chart", "crowd", "burst")


async def page_times(bench: Bench, trickle: Trickle) -> list[Figure]:
    """Each page's CPU when its questions are asked anew, and when nothing changed."""
    anew_all, same_all = [], []
    async with viewer(bench.app.url, bench.cookie) as one:
        for page in bench.pages:
            first = await rerun(bench, one, page)
            anew, same = [], []
            for _ in range(bench.rounds):
                await asyncio.to_thread(trickle.flow)
                bench.forget()
                anew.append((await rerun(bench, one, page))[0])
                same.append((await rerun(bench, one, page))[0])
            print(f"  {page or 'overview':<12} anew p50 {median(anew):6.0f}  p95 {p95(anew):6.0f}   unchanged p50 "
                  f"{median(same):5.0f}  p95 {p95(same):5.0f} CPU ms   first {first[0]:7.0f}  {one.sent / 1024:5.0f} KB"
                  + (f"   {one.failed} ERRORS" if one.failed else ""), flush=True)
            anew_all.append((p95(anew), page))
            same_all.append((p95(same), page))
    return [slowest("slowest page's rerun, p95", 250, anew_all), slowest("the same when nothing changed", 60, same_all)]


def slowest(name: str, bar: float, values: list[tuple[float, str]]) -> Figure:
    """The worst page of all."""
    worst, page = max(values)
    return Figure(name, worst, bar, "CPU ms", False, (min(values)[0], worst), page or "overview")


def build(directory: Path, events: int) -> None:
    """A store whose events end now."""
    directory.mkdir(parents=True, exist_ok=True)
    room = world(directory, events, events // PER_SUBJECT, datetime.now(UTC), store_key(directory))
    room.events.close()
    room.control.close()


def measure(bench: Bench, parts: Collection[str]) -> list[Figure]:
    """The figures of these parts."""
    figures: list[Figure] = []
    trickle = Trickle(bench.app, float(os.environ["BENCH_CLOCK_BACK"]))
    time.sleep(3)                               # until the spans of its people are begun
    bench.settle()
    if "pages" in parts:
        figures += asyncio.run(page_times(bench, trickle))
    if "chart" in parts and Path(CHROMIUM).exists():
        figures.append(at_most("first chart over a hello-world page", 2.5, "x",
                               first_charts(bench.app.url, bench.cookie, 5)))
    if "crowd" in parts:
        figures += asyncio.run(crowd(bench, trickle))
    if "burst" in parts:
        figures += asyncio.run(burst(bench))
    return figures


def main() -> int:
    """Prints the figures; 1 when a bar is missed."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--events", type=int, default=int(os.environ.get("BENCH_EVENTS", "10000000")))
    asked.add_argument("--store", type=Path, help="built here once and kept; otherwise in a temporary folder")
    asked.add_argument("--sessions", type=int, default=50)
    asked.add_argument("--seconds", type=float, default=40, help="how long the sessions go on")
    asked.add_argument("--rounds", type=int, default=21)
    asked.add_argument("--only", default="", help="these pages, separated by commas")
    asked.add_argument("--parts", default=",".join(PARTS), help=f"some of {', '.join(PARTS)}")
    asked.add_argument("--clock-back", type=float, default=0.0, help="seconds that the app's clock goes behind")
    options = asked.parse_args()
    paths = tuple("" if place == 0 else entry.url_path for place, entry in enumerate(PAGES)
                  if not options.only or entry.url_path in options.only.split(","))
    with tempfile.TemporaryDirectory() as temporary:
        kept = options.store or Path(temporary) / "kept"
        if not (kept / "events.duckdb").exists():
            build(kept, options.events)
        directory = Path(temporary) / "store"
        shutil.copytree(kept, directory)        # the write burst is none of the next run's
        os.environ["BENCH_CLOCK_BACK"] = str(options.clock_back)
        quiet = {"ROLLOUT_SWEEP_MINUTES": "600"}
        with running_app(directory, quiet, ("-m", "tests.bench.pages.server", "{port}")) as app:
            cookie = f"{app.cookie}={app.session()}"
            bench = Bench(app, cookie, options.rounds, options.sessions, options.seconds, paths)
            return report(f"Pages at {options.events:,} events", measure(bench, options.parts.split(",")))


if __name__ == "__main__":
    sys.exit(main())
