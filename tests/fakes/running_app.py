"""The real app in a process of its own, for tests that need its doors: HTTP, Streamlit's WebSocket, one-time links."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import SystemRandom

import httpx

from rollout_core.http.session_cookie import named

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class RunningApp:
    """Where it answers, its store and its process."""

    url: str
    store: Path
    log: Path
    process: subprocess.Popen[bytes]

    def client(self, **headers: str) -> httpx.Client:
        """Somebody without a session. It speaks plain HTTP: no certificates are loaded, which costs 30 ms a client."""
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, trust_env=False, verify=False)

    @property
    def cookie(self) -> str:
        """What its session's cookie is called."""
        return named((self.store / "owner.key").read_text().strip(), secure=False)

    def owner(self) -> httpx.Client:
        """The local owner, by owner.key."""
        return self.client(authorization=f"Owner {(self.store / 'owner.key').read_text().strip()}")

    def said(self) -> str:
        """What it printed."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def link(self, person: str | None = None) -> str:
        """The secret of a new one-time link."""
        with self.owner() as client:
            made = client.post("/api/admin/rollout/signin-link", json={"person": person} if person else {})
        assert made.status_code == 200, made.text
        return str(made.json()["secret"])

    def session(self, name: str | None = None, role: str = "admin") -> str:
        """The cookie of somebody who has just signed in; a name is added with this role first."""
        if name is not None:
            with self.owner() as client:
                added = client.post("/api/admin/rollout/set-person", json={"name": name, "role": role})
            assert added.status_code == 200, added.text
        with self.client() as client:
            answer = client.post("/signin", data={"link": self.link(name)})
        assert answer.status_code == 303, answer.text
        return str(answer.cookies[self.cookie])

    def signed_in(self, cookie: str) -> httpx.Client:
        """A browser that holds this cookie."""
        return self.client(cookie=f"{self.cookie}={cookie}")


def free_port() -> int:
    """A port nobody listens on, below those that the system lends to clients: none of them takes it meanwhile."""
    for port in SystemRandom().sample(range(20_000, 32_000), 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("No port is free.")


@contextmanager
def running_app(store: Path, environment: Mapping[str, str] | None = None,
                command: Sequence[str] = ("dashboard.py",)) -> Iterator[RunningApp]:
    """The app on a store of its own, stopped afterwards. `command` follows `python`; {port} in it is filled in."""
    port = free_port()
    log = store.parent / f"{store.name}.log"
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("ROLLOUT_", "STREAMLIT_"))}
    words = [word.format(port=port) for word in command]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, *words], cwd=ROOT, stdout=out, stderr=subprocess.STDOUT,
            env={**clean, "ROLLOUT_STORE": str(store), "ROLLOUT_PORT": str(port), "ROLLOUT_MINIMUM_FREE_MB": "1",
                 "TZ": "America/New_York", **(environment or {})})
    app = RunningApp(f"http://localhost:{port}", store, log, process)
    try:
        _wait(app)
        yield app
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(app: RunningApp) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    with app.client() as client:
        while time.monotonic() < until:
            if app.process.poll() is not None:
                raise RuntimeError(f"The app ended:\n{app.said()}")
            with suppress(httpx.HTTPError):
                if client.get("/healthz", timeout=2).is_success:
                    return
            time.sleep(0.2)
    raise RuntimeError(f"The app did not answer in {PATIENCE_SECONDS:.0f} s:\n{app.said()}")


def printed_link(app: RunningApp) -> str:
    """The secret of the link that the app printed at its start."""
    found = re.search(r"/signin\?link=(\S+)", app.said())
    assert found, app.said()
    return found[1]
