"""Bodies that are judged beside the app are judged as in it, and whatever happens to that process, nothing is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from rollout_core.jobs import judging
from rollout_core.jobs.judged_body import JudgedBody, judge
from rollout_core.jobs.judging import JudgingProcess
from rollout_core.metrics.event_checks import Sender
from rollout_core.ports.event_store import Batch
from rollout_core.ports.store_key import store_key
from rollout_core.storage.event_store import DuckdbEventStore
from tests.fakes.made_events import at

TRUSTED = Sender(trusted=True, name="server")


def body(name: str, count: int = 500) -> bytes:
    """Requests and page views of fifty people, and one event that is refused."""
    events = [{"event_id": f"{name}{number}", "kind": ("api_request", "page_view")[number % 2], "endpoint": "/a",
               "page": "/p", "status": 200, "value": 12.5, "occurred_at": at(1).isoformat(),
               "session": f"s{number % 9}", "units": {"user": f"u{number % 50}"}} for number in range(count)]
    return msgspec.json.encode([*events, {"event_id": "bad", "kind": "no such kind"}])


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckdbEventStore]:
    opened = DuckdbEventStore(tmp_path / "events.duckdb", store_key(tmp_path))
    judged = judge(body("first", 1), TRUSTED, at(1.1), opened.prepare)
    opened.write(Batch(judged.loose, at(1.1)))
    yield opened
    opened.close()


@pytest.fixture
def beside(tmp_path: Path, store: DuckdbEventStore) -> Iterator[JudgingProcess]:
    made = JudgingProcess(tmp_path, lambda: store.slots, patience_seconds=2)
    yield made
    made.stop()


def once_ready(beside: JudgingProcess, sent: bytes) -> JudgedBody:
    """The first answer that comes from the process."""
    until = time.monotonic() + 60
    while (found := beside.judge(sent, TRUSTED, at(1.1))) is None:
        assert time.monotonic() < until, "it never got ready"
        time.sleep(0.05)
    return found


def test_it_judges_as_the_app_does(beside: JudgingProcess, store: DuckdbEventStore) -> None:
    there, here = once_ready(beside, body("a")), judge(body("a"), TRUSTED, at(1.1), store.prepare)
    assert there.events == here.events
    assert [each.reason for each in there.rejected] == [each.reason for each in here.rejected]
    assert len(there.rejected) == 1
    assert [part.tables for part in there.prepared] == [part.tables for part in here.prepared]
    written = store.write(Batch(there.loose, at(1.1), there.rejected, prepared=there.prepared))
    assert (written.stored, written.duplicates) == (500, 0)
    again = store.write(Batch(here.loose, at(1.1), prepared=here.prepared))
    assert (again.stored, again.duplicates) == (0, 500), "the same keys and ids"


def test_the_first_body_is_left_to_the_app_while_the_process_starts(beside: JudgingProcess) -> None:
    assert beside.judge(body("a"), TRUSTED, at(1.1)) is None
    once_ready(beside, body("a"))


def test_what_is_no_array_is_left_to_the_app_which_says_so(beside: JudgingProcess) -> None:
    once_ready(beside, body("a"))
    assert beside.judge(b'{"not": "an array"}', TRUSTED, at(1.1)) is None
    assert beside.judge(body("b"), TRUSTED, at(1.1)) is not None, "the process goes on"


def test_a_unit_that_is_named_for_the_first_time_comes_back_event_by_event(beside: JudgingProcess,
                                                                        store: DuckdbEventStore) -> None:
    once_ready(beside, body("a"))
    new = body("n").replace(b'"user"', b'"workspace"')
    found = beside.judge(new, TRUSTED, at(1.1))
    assert found is not None
    assert (len(found.loose), found.prepared) == (500, [])
    assert store.write(Batch(found.loose, at(1.1))).stored == 500


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_process_that_is_killed_or_hangs_is_left_and_the_app_judges(beside: JudgingProcess, how: signal.Signals,
                                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "AGAIN_SECONDS", 0.0)
    once_ready(beside, body("a"))
    lost = beside.pid
    assert lost is not None
    os.kill(lost, how)
    assert beside.judge(body("b", 5_000), TRUSTED, at(1.1)) is None
    assert beside.pid is None
    once_ready(beside, body("c"))
    assert beside.pid not in (None, lost), "another one is started"


def test_it_ends_with_the_app(tmp_path: Path) -> None:
    store_key(tmp_path)
    app = subprocess.Popen([sys.executable, "-c", f"""
import time
from pathlib import Path
from rollout_core.jobs.judging import JudgingProcess
from tests.contract.test_judging_process import body, once_ready
beside = JudgingProcess(Path({str(tmp_path)!r}), dict)
once_ready(beside, body("a"))
print(beside.pid, flush=True)
time.sleep(60)"""], stdout=subprocess.PIPE, text=True)
    assert app.stdout is not None
    pid = int(app.stdout.readline())
    app.kill()
    app.wait()
    until = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() and Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z":
        assert time.monotonic() < until, "it goes on without the app"
        time.sleep(0.05)
