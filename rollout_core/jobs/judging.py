"""Judging large bodies of events in a process of its own, so that pages have the interpreter meanwhile.

It is started by the first large body, which like all that come before it is ready is judged in the app; so are those
that it does not answer. Nothing is taken before it is judged: a process that is lost loses no event.
"""

from __future__ import annotations

import pickle
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from logging import getLogger
from multiprocessing.connection import Connection
from pathlib import Path
from socket import SO_SNDTIMEO, SOL_SOCKET, socketpair

import rollout_core
from rollout_core.jobs.judge_bodies import PICKLE, Asked
from rollout_core.jobs.judged_body import JudgedBody
from rollout_core.metrics.event_checks import Sender

log = getLogger("rollout.judging")

PATIENCE_SECONDS = 10.0
"""A body is judged in some 20 ms; a process that is silent for so long is ended."""
AGAIN_SECONDS = 60.0
"""After one was lost the next is not started sooner."""
CODE = Path(rollout_core.__file__).parent.parent


@dataclass(slots=True)
class _Beside:
    """A process and our end of the socket to it. `ready`: it has said so."""

    process: subprocess.Popen[bytes]
    socket: Connection
    ready: bool = False


class JudgingProcess:
    """Used by one thread at a time. `folder` is the store's, `slots` says the place of every unit that it knows."""

    def __init__(self, folder: Path, slots: Callable[[], Mapping[str, int]], *,
                 patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._folder, self._slots, self._patience = folder, slots, patience_seconds
        self._beside: _Beside | None = None
        self._not_before = 0.0

    @property
    def pid(self) -> int | None:
        """Of the process, once it is ready."""
        return self._beside.process.pid if self._beside is not None and self._beside.ready else None

    def judge(self, body: bytes, sender: Sender, now: datetime) -> JudgedBody | None:
        """The body judged there; None where the caller has to do it."""
        try:
            beside = self._ready()
            return None if beside is None else self._answered(beside, Asked(body, sender, now, dict(self._slots())))
        except (EOFError, OSError) as error:
            log.warning("The process that judges events was lost (%s): the app does it for %g s.",
                        error or "it ended", AGAIN_SECONDS)
            self.stop()
            self._not_before = time.monotonic() + AGAIN_SECONDS
            return None

    def _answered(self, beside: _Beside, asked: Asked) -> JudgedBody | None:
        beside.socket.send_bytes(pickle.dumps(asked, PICKLE))
        if not beside.socket.poll(self._patience):
            raise TimeoutError(f"no answer for {self._patience:g} s")
        found: JudgedBody | None = pickle.loads(beside.socket.recv_bytes())     # noqa: S301 (of our own process)
        return found

    def _ready(self) -> _Beside | None:
        if self._beside is None and time.monotonic() >= self._not_before:
            self._beside = self._started()
        if self._beside is not None and not self._beside.ready and self._beside.socket.poll(0):
            self._beside.socket.recv_bytes()
            self._beside.ready = True
        return self._beside if self._beside is not None and self._beside.ready else None

    def _started(self) -> _Beside:
        ours, theirs = socketpair()
        ours.setsockopt(SOL_SOCKET, SO_SNDTIMEO, struct.pack("ll", int(self._patience) + 1, 0))
        with theirs:
            process = subprocess.Popen(     # noqa: S603 (our own module)
                [sys.executable, "-m", "rollout_core.jobs.judge_bodies", str(self._folder.resolve()),
                 str(theirs.fileno())], cwd=CODE, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
        return _Beside(process, Connection(ours.detach()))

    def start(self) -> None:
        """Nothing yet: who never gets a large body has no second process."""

    def stop(self) -> None:
        """Ends the process, if there is one."""
        beside, self._beside = self._beside, None
        if beside is not None:
            beside.socket.close()
            with suppress(ProcessLookupError):
                beside.process.kill()
            beside.process.wait()
