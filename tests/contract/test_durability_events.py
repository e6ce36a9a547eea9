"""kill -9 while events are written and windows closed: whatever was acknowledged is there, and everything opens."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from rollout_core.errors import StoreCorrupt
from rollout_core.storage.event_store import DuckdbEventStore
from tests.contract.durable_writer import RUN, SECRET, SIZE
from tests.fakes.made_events import at, batch, request

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("ROLLOUT_TEST_KILLS", "5"))


def write_and_kill(path: Path, first: int, seconds: float) -> list[int]:
    """Runs the writer, kills it so many seconds after its first acknowledgement; the batches it had acknowledged."""
    child = subprocess.Popen([sys.executable, "-m", "tests.contract.durable_writer", str(path), str(first)], cwd=ROOT,
                             stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "open\n"
    seen = [child.stdout.readline()]
    time.sleep(seconds)
    child.kill()
    seen += child.stdout.readlines()
    child.wait()
    return [int(line.split()[1]) for line in seen if line.startswith("ack ") and line.endswith("\n")]


def test_no_acknowledged_batch_is_lost_whenever_the_writer_is_killed(tmp_path: Path) -> None:
    path, dice, acknowledged = tmp_path / "events.duckdb", Random(20), []
    for turn in range(KILLS):
        written = write_and_kill(path, turn * RUN, dice.uniform(0.0, 2.0))
        assert written, "the process was killed while it wrote, it did not end by itself"
        acknowledged += written
    store = DuckdbEventStore(path, SECRET)
    with store.database.cursor() as cursor:
        found = dict(cursor.execute(
            "SELECT split_part(event_id, '/', 1)::BIGINT, count(*) FROM (SELECT event_id FROM event_api_request "
            "UNION ALL SELECT event_id FROM event_exposure) GROUP BY 1").fetchall())
    assert [number for number in acknowledged if found.get(number) != SIZE] == []
    assert set(found.values()) == {SIZE}          # a batch is there whole or not at all
    assert store.condition().problems == ()
    store.close_windows(at(1_000))
    counted = store.query("SELECT sum(n)::BIGINT FROM hours WHERE rollout = '' AND metric = 'request_errors'").rows
    assert counted == [(len(found) * (SIZE - 1),)]                # the rollups agree with what is stored
    store.close()


def damaged(tmp_path: Path, place: int) -> Path:
    """A store with one checkpointed event, some acknowledged batches in its log, and one byte of the log flipped.

    The log's first checked entry: its length in bytes 8 to 15, its checksum in 16 to 23, then what was written.
    """
    path = tmp_path / "events.duckdb"
    store = DuckdbEventStore(path, SECRET)
    store.write(batch(request(1.0)))
    store.close()
    assert write_and_kill(path, 0, 0.5)
    log = path.with_name("events.duckdb.wal")
    content = bytearray(log.read_bytes())
    content[place] ^= 0xFF
    log.write_bytes(content)
    return path


def test_a_flipped_byte_in_the_log_is_called_corrupt_and_the_way_out_works(tmp_path: Path) -> None:
    path = damaged(tmp_path, 80)
    with pytest.raises(StoreCorrupt, match=r"move events\.duckdb\.wal aside"):
        DuckdbEventStore(path, SECRET)
    path.with_name("events.duckdb.wal").rename(tmp_path / "aside")
    opened = DuckdbEventStore(path, SECRET)
    assert opened.query("SELECT count(*) FROM api_requests").rows == [(1,)]
    assert "acknowledged but are not in the file" in opened.condition().problems[0]
    opened.close()


def test_a_flipped_length_in_the_log_which_duckdb_takes_for_its_end_is_noticed(tmp_path: Path) -> None:
    opened = DuckdbEventStore(damaged(tmp_path, 12), SECRET)
    assert "acknowledged but are not in the file" in opened.condition().problems[0]
    opened.close()
