"""The process that test_durability_events.py kills: writes batches, closes windows, says what was acknowledged.

`python -m tests.contract.durable_writer STORE FIRST`: one line "ack N" per acknowledged batch, from batch FIRST on.
"""

from __future__ import annotations

import sys
from pathlib import Path
from threading import Thread

from rollout_core.jobs.ingest_writer import IngestWriter
from rollout_core.metrics.event_checks import Accepted
from rollout_core.ports.event_store import MirroredEpoch, MirroredRollout
from rollout_core.storage.event_store import DuckdbEventStore
from tests.fakes.made_events import at, exposed, request

SECRET = b"d" * 32
SIZE = 40
RUN = 1_000_000
"""Numbers of batches from one run to the next."""


def events_of(number: int) -> list[Accepted]:
    """The events of a batch: their ids say which batch they belong to. Batches of every run begin in the same hour."""
    hour = 1 + number % RUN / 100
    events = [request(hour, f"u{place}", event_id=f"{number}/{place}") for place in range(SIZE - 1)]
    return [*events, exposed(hour, f"u{number % 50}", "treatment", event_id=f"{number}/x")]


def main(path: Path, first: int) -> None:
    """Writes until killed."""
    store = DuckdbEventStore(path, SECRET)
    store.mirror([MirroredRollout("ex", "user")], [MirroredEpoch("ex", 1, at(0))])
    ingest = IngestWriter(store)
    ingest.start()
    Thread(target=_count_for_ever, args=(store,), daemon=True).start()
    print("open", flush=True)
    for number in range(first, first + 100_000):
        ingest.offer(events_of(number), [], 1_000, "test", at(30)).result()
        print(f"ack {number}", flush=True)


def _count_for_ever(store: DuckdbEventStore) -> None:
    hour = 2.0
    while True:
        hour += 0.1
        store.close_windows(at(hour))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
