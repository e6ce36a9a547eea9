"""A steady stream of events over HTTP, from a process of its own: `python -m tests.bench.pages.burst URL KEY RATE`.

Batches are made once and only their ids and times are replaced, so that the sender costs little beside the app. It
prints how many events a second were acknowledged.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import httpx

SIZE = 5_000
SENDERS = 4
BACK = timedelta(seconds=float(os.environ.get("BENCH_CLOCK_BACK", "0")))
ENDED = threading.Event()


def body(size: int) -> bytes:
    """A batch; @@@@@@@@ stands for what makes its ids new, %%%% for the time."""
    return json.dumps([
        {"event_id": f"b@@@@@@@@-{place}", "kind": "api_request", "occurred_at": "%%%%", "session": f"s{place % 500}",
         "units": {"user": f"u{place % 500}"}, "endpoint": f"/api/{place % 30}", "status": 200, "value": 120.5}
        for place in range(size)]).encode()


def send(url: str, key: str, every: float, acknowledged: list[int]) -> None:
    """Posts a batch `every` seconds until the end, later when the app asks for that."""
    template, number = body(SIZE), threading.get_ident() % 10_000 * 10_000
    as_json = {"content-type": "application/json"}
    with httpx.Client(base_url=url, timeout=60, trust_env=False, headers=as_json) as client:
        due = time.monotonic()
        while not ENDED.is_set():
            number += 1
            made = template.replace(b"@@@@@@@@", b"%08d" % number).replace(
                b"%%%%", (datetime.now(UTC) - BACK).isoformat().encode())
            answer = client.post(f"/api/v1/events?key={key}", content=made)
            if answer.is_success:
                acknowledged.append(SIZE)
            due = max(due + every, time.monotonic() - 1)
            ENDED.wait(max(0.0, due - time.monotonic()))


def main(url: str, key: str, rate: float) -> None:
    """Sends until standard input closes, then prints the rate that was acknowledged."""
    acknowledged: list[int] = []
    began = time.monotonic()
    senders = [threading.Thread(target=send, args=(url, key, SIZE * SENDERS / rate, acknowledged))
               for _ in range(SENDERS)]
    for each in senders:
        each.start()
    sys.stdin.read()
    seconds = time.monotonic() - began
    ENDED.set()
    for each in senders:
        each.join()
    print(round(sum(acknowledged) / seconds))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
