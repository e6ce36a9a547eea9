"""The event store's write path beside its bars, and what a window costs. BENCH_EVENTS shrinks the large store."""

from __future__ import annotations

import os
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq

from rollout_core.metrics.event_sheet import sheets_of
from rollout_core.ports.event_store import Batch
from rollout_core.storage.event_arrow import columns_of, together
from rollout_core.storage.event_store import DuckdbEventStore
from tests.bench.event_worlds import DAYS, NOW, SECRET, batch, fill, mirrored
from tests.bench.figures import Figure, at_most, cpu_seconds, report

EVENTS = int(os.environ.get("BENCH_EVENTS", "10000000"))
SUBJECTS = max(1_000, EVENTS // 10)
SIZE = 10_000
ROUNDS = 15


def parquet_seconds(store: DuckdbEventStore, one: Batch, directory: Path) -> float:
    """CPU seconds of writing the same Arrow batch to zstd Parquet, one file per kind."""
    tables = together([columns_of(sheets_of(one.events), {"workspace": 0, "user": 1}, store.keys)], 1)
    return cpu_seconds(lambda: [pq.write_table(table, directory / f"{kind}.parquet", compression="zstd")
                                for kind, table in tables.items()])


def filled(path: Path, events: int) -> DuckdbEventStore:
    """A store with so many events of the last weeks, checkpointed."""
    store = DuckdbEventStore(path, SECRET)
    mirrored(store)
    part = 1_000_000
    for first in range(0, events, part):
        fill(store, min(part, events - first), SUBJECTS, first, events)
    checkpoint(store)
    return store


def checkpoint_share(store: DuckdbEventStore) -> float:
    """CPU seconds of a checkpoint per batch: one comes with every 128 MB of log, which is some 800,000 events."""
    between = 800_000
    fill(store, between, SUBJECTS, EVENTS * 2, EVENTS * 2 + between)
    return checkpoint(store) * SIZE / between


def checkpoint(store: DuckdbEventStore) -> float:
    """CPU seconds of a checkpoint."""
    with store.database.cursor() as cursor:
        return cpu_seconds(lambda: cursor.execute("CHECKPOINT"))


def write_figures(small: DuckdbEventStore, large: DuckdbEventStore, directory: Path) -> list[Figure]:
    """Yardstick, small and large store in turns, so that the machine's moods meet all three."""
    rounds: list[tuple[float, float, float]] = []
    shares = [checkpoint_share(store) for store in (small, large)]
    for number in range(ROUNDS + 1):
        one = batch(number, SIZE, SUBJECTS)
        other = batch(1_000 + number, SIZE, SUBJECTS)
        yardstick = parquet_seconds(small, batch(2_000 + number, SIZE, SUBJECTS), directory)
        few = cpu_seconds(lambda one=one: small.write(one))
        rounds.append((yardstick, few, cpu_seconds(lambda other=other: large.write(other))))
    kept = rounds[1:]
    return [
        at_most("write path, 10,000 events a batch, against zstd Parquet", 8.0, "x",
                [(few + shares[0]) / yardstick for yardstick, few, _ in kept]),
        at_most(f"the same at {EVENTS:,} stored events against {EVENTS // 10:,}", 1.2, "x",
                [(many + shares[1]) / (few + shares[0]) for _, few, many in kept]),
    ]


def windows(store: DuckdbEventStore) -> list[str]:
    """What closing costs, for information: everything once, then one more window."""
    whole = cpu_seconds(lambda: store.close_windows(NOW, days=DAYS + 2))
    store.write(batch(900, SIZE, SUBJECTS, NOW + timedelta(minutes=5)))
    one = cpu_seconds(lambda: store.close_windows(NOW + timedelta(minutes=9)))
    return [f"windows of {DAYS} days, {EVENTS // 10:,} events: {whole:.1f} CPU s", f"one more window: {one:.2f} CPU s"]


def main() -> int:
    """Measures and prints. 1 when a bar is missed."""
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place)
        small, large = filled(directory / "small.duckdb", EVENTS // 10), filled(directory / "large.duckdb", EVENTS)
        figures = write_figures(small, large, directory)
        large.close()
        missed = report("Event store", figures)
        print("\n".join(f"          {note}" for note in windows(small)))
        small.close()
    return missed


if __name__ == "__main__":
    sys.exit(main())
