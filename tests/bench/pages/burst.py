"""A steady stream of events over HTTP, from a process of its own.

    python -m tests.bench.pages.burst URL KEY OWNER RATE

Half of the senders are browsers with the public key KEY, half are servers with the owner's key OWNER, whose exposures
say an arm. Each sends a batch whenever one is due and waits for its answer; one that was refused is sent again when
the app says so. It prints what was offered, acknowledged and refused, as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from itertools import count, takewhile
from statistics import quantiles
from urllib.parse import urlsplit

from tests.bench.pages.batches import ARMS, Batch

SIZE = 2_000
SENDERS = 24
PATIENCE_SECONDS = 5.0
"""Batches that were due later than this before the end are not counted: they may still be on their way."""

BACK = timedelta(seconds=float(os.environ.get("BENCH_CLOCK_BACK", "0")))
ENDED = threading.Event()


@dataclass(slots=True)
class Sender:
    """One of the clients, with a batch due every `every` seconds. `acknowledged`: when each was due, and how many
    seconds later its answer came."""

    address: str
    path: str
    headers: dict[str, str]
    batch: Batch
    number: int
    every: float
    acknowledged: list[tuple[float, float]] = field(default_factory=list)
    refused: int = 0

    def run(self, began: float) -> None:
        """Sends until the end."""
        connection = HTTPConnection(self.address, timeout=60)
        for due in self.due(began):
            if ENDED.wait(max(0.0, due - time.monotonic())):
                break
            self.number += SENDERS
            self._send(connection, self.batch.made(self.number, datetime.now(UTC) - BACK), due)
        connection.close()

    def due(self, began: float) -> Iterator[float]:
        """When its batches are due; the senders take turns."""
        return count(began + self.every * (self.number % SENDERS) / SENDERS, self.every)

    def _send(self, connection: HTTPConnection, body: bytes, due: float) -> None:
        while True:
            connection.request("POST", self.path, body, self.headers)
            answer = connection.getresponse()
            said = answer.read()
            if answer.status == 200:
                assert said.startswith(b'{"accepted":%d,' % self.batch.size), said[:500]
                self.acknowledged.append((due, time.monotonic() - due))
                return
            assert answer.status in (429, 503), said
            self.refused += 1
            if ENDED.wait(int(answer.headers["Retry-After"])):
                return


def senders(url: str, key: str, owner: str, rate: float) -> list[Sender]:
    """All clients, which together offer `rate` events a second."""
    ways = ((f"/api/v1/events?key={key}", {}), ("/api/v1/events", {"authorization": f"Owner {owner}"}))
    return [Sender(urlsplit(url).netloc, *ways[number % 2], number=number, every=SIZE * SENDERS / rate,
                   batch=Batch(SIZE, number, ARMS[number // 2 % 2] if number % 2 else None))
            for number in range(SENDERS)]


def sums(made: list[Sender], began: float, until: float) -> dict[str, float]:
    """What became of the batches that were due before `until`."""
    due = sum(1 for each in made for _ in takewhile(until.__gt__, each.due(began)))
    waits = [wait for each in made for at, wait in list(each.acknowledged) if at < until]
    cuts = quantiles(waits, n=20)
    return {"offered": due * SIZE / (until - began), "acknowledged": len(waits) * SIZE / (until - began),
            "refused": sum(each.refused for each in made), "wait_p50": cuts[9], "wait_p95": cuts[18]}


def main(url: str, key: str, owner: str, rate: float) -> None:
    """Says that it is ready, begins at the first line on standard input, ends when that closes and prints the sums."""
    made = senders(url, key, owner, rate)
    print("ready", flush=True)
    sys.stdin.readline()
    began, cpu = time.monotonic(), time.process_time()
    threads = [threading.Thread(target=each.run, args=(began,)) for each in made]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    ended = time.monotonic()
    found = {**sums(made, began, ended - PATIENCE_SECONDS), "cores": (time.process_time() - cpu) / (ended - began)}
    ENDED.set()
    for thread in threads:
        thread.join()
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4]))
