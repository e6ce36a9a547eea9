"""The event store's write path beside its bars, and what a window costs. BENCH_EVENTS shrinks the large store."""

from __future__ import annotations

import os
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq

from rollout_core.storage.event_arrow import arrow_table, by_kind
from rollout_core.storage.event_store import DuckdbEventStore
from tests.bench.event_worlds import DAYS, NOW, SECRET, batch, fill, mirrored
from tests.bench.figures import Figure, at_most, cpu_seconds, report

EVENTS = int(os.environ.get("BENCH_EVENTS", "10000000"))
SUBJECTS = max(1_000, EVENTS // 10)
SIZE = 10_000
ROUNDS = 15


def parquet_seconds(store: DuckdbEventStore, number: int, directory: Path) -> float:
    """CPU seconds of writing the same Arrow batch to zstd Parquet, one file per kind."""
    events = batch(number, SIZE, SUBJECTS).events
    slots = {"workspace": 0, "user": 1}
    tables = {kind: arrow_table(kind, found, slots, store.keys, number) for kind, found in by_kind(events).items()}
    return cpu_seconds(lambda: [pq.write_table(table, directory / f"{kind}.parquet", compression="zstd")
                                for kind, table in tables.items()])


def write_seconds(store: DuckdbEventStore, first: int) -> list[float]:
    """CPU seconds per batch from validated objects to the commit, checkpoints shared out over the batches."""
    batches = [batch(first + place, SIZE, SUBJECTS) for place in range(ROUNDS)]
    store.write(batch(first - 1, SIZE, SUBJECTS))
    seconds = [cpu_seconds(lambda one=one: store.write(one)) for one in batches]
    with store.database.cursor() as cursor:
        checkpoint = cpu_seconds(lambda: cursor.execute("CHECKPOINT"))
    return [second + checkpoint / ROUNDS for second in seconds]


def written_at(directory: Path, name: str, events: int) -> tuple[DuckdbEventStore, list[float]]:
    """A store with so many events, and the seconds of writing into it."""
    store = DuckdbEventStore(directory / name / "events.duckdb", SECRET)
    mirrored(store)
    part = 1_000_000
    for first in range(0, events, part):
        fill(store, min(part, events - first), SUBJECTS, first, events)
    return store, write_seconds(store, 100)


def windows(store: DuckdbEventStore) -> list[str]:
    """What closing costs, for information: everything once, then one more window."""
    whole = cpu_seconds(lambda: store.close_windows(NOW, days=DAYS + 2))
    store.write(batch(900, SIZE, SUBJECTS, NOW + timedelta(minutes=5)))
    one = cpu_seconds(lambda: store.close_windows(NOW + timedelta(minutes=9)))
    return [f"windows of {DAYS} days, {EVENTS:,} events: {whole:.1f} CPU s", f"one more window: {one:.2f} CPU s"]


def main() -> int:
    """Measures and prints. 1 when a bar is missed."""
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place)
        small, few = written_at(directory, "small", EVENTS // 10)
        yardstick = sorted(parquet_seconds(small, 500 + number, directory) for number in range(7))[3]
        small.close()
        large, many = written_at(directory, "large", EVENTS)
        figures.append(at_most("write path, 10,000 events a batch, against zstd Parquet", 8.0, "x",
                               [seconds / yardstick for seconds in many]))
        base = sorted(few)[len(few) // 2]
        figures.append(at_most(f"write path at {EVENTS:,} stored events against {EVENTS // 10:,}", 1.2, "x",
                               [seconds / base for seconds in many]))
        notes = windows(large)
        large.close()
    missed = report("Event store", figures)
    print("\n".join(f"          {note}" for note in notes))
    return missed


if __name__ == "__main__":
    sys.exit(main())
