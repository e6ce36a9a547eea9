"""`python -m rollout_core.jobs.judge_bodies FOLDER FD`: the process that judges large bodies of events beside the app.

Judging holds the interpreter, which pages wait for. What is asked and answered goes through the socket FD as pickles
of the app's own making; the process ends with the other side of it. FOLDER is the store's, whose key it reads.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from rollout_core.jobs.judged_body import JudgedBody, judge
from rollout_core.metrics.event_checks import Sender
from rollout_core.ports.store_key import store_key
from rollout_core.storage.event_arrow import KeyRing, prepared

READY = b"ready"
PICKLE = 5
AFTER_PAGES = 2
"""How much nicer than the app: it gives way to pages a little, and less than what works for later (5)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A body to judge. `slots`: the place that each known unit has in the store."""

    body: bytes
    sender: Sender
    now: datetime
    slots: Mapping[str, int]


def answer(asked: Asked, keys: KeyRing) -> JudgedBody | None:
    """The body judged; None where something speaks against all of it, which the app then finds and says itself."""
    try:
        return judge(asked.body, asked.sender, asked.now, partial(prepared, slots=asked.slots, keys=keys))
    except Exception:       # whatever it is, it comes again where it can be said to the sender
        return None


def main(folder: str, descriptor: str) -> None:
    """Answers until the app is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)        # Ctrl-C is the app's, which still answers what it has taken
    os.nice(AFTER_PAGES)
    keys, socket = KeyRing(store_key(Path(folder))), Connection(int(descriptor))
    with suppress(EOFError, OSError):
        socket.send_bytes(READY)
        while True:
            asked = pickle.loads(socket.recv_bytes())      # noqa: S301 (of the app that started this process)
            socket.send_bytes(pickle.dumps(answer(asked, keys), PICKLE))


if __name__ == "__main__":
    main(*sys.argv[1:])
