"""Bad days of the control store: a kill in the middle of a verb, two processes, a full disk, a damaged event file."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from rollout_core.control.emergency import FILE
from rollout_core.errors import DiskFull, StoreLocked
from rollout_core.ports.control_store import ControlUnit
from rollout_core.rollouts.status import Status
from rollout_core.storage import control_engine
from rollout_core.storage.control_reserve import RESERVE_BYTES
from rollout_core.storage.control_store import SqlControlStore, open_control_store
from rollout_core.storage.event_store import open_event_store
from tests.fakes.control_setting import KEY, OPERATOR, Setting, other_store, read_made

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("ROLLOUT_TEST_KILLS", "5"))
"""Each costs a process start; a long run sets more."""


def store_in(directory: Path) -> SqlControlStore:
    return open_control_store(directory / "control.sqlite", read_made, reserve=directory / "reserve")


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    return other_store(store_in(tmp_path), tmp_path)


def worker(directory: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-m", "tests.contract.verb_worker", str(directory)], cwd=ROOT, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def acknowledged(process: subprocess.Popen[str], lines: int) -> list[tuple[int, int]]:
    """The first (revision, seq) pairs that the worker printed; the rest is read after its end."""
    assert process.stdout is not None
    seen = []
    for _ in range(lines):
        line = process.stdout.readline()
        assert line, process.stderr.read() if process.stderr else ""
        seen.append(pair(line))
    return seen


def pair(line: str) -> tuple[int, int]:
    revision, seq = line.split()
    return int(revision), int(seq)


def whole_lines(text: str) -> list[tuple[int, int]]:
    """What was printed completely: a line cut by the kill does not count."""
    return [pair(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def assert_one_story(unit: ControlUnit) -> None:
    """State, epochs, trail and notices agree: each verb is there with all its parts or with none."""
    rollout = unit.rollouts.get(KEY)
    done = [record.entry for record in unit.audit.walk() if record.entry.rollout == KEY
            and record.entry.outcome == "done" and record.entry.revision is not None]
    assert unit.audit.verify().whole
    assert done[-1].revision == rollout.revision
    assert done[-1].epoch == rollout.epoch
    current = unit.epochs.current(KEY)
    assert (current.number, dict(current.thresholds)) == (rollout.epoch, dict(rollout.thresholds))
    assert [epoch.number for epoch in unit.epochs.of(KEY)] == list(range(1, rollout.epoch + 1))
    noticed = {message.facts["revision"] for message in unit.outbox.waiting()}
    steps = {entry.revision for entry in done if entry.verb not in ("setup", "set_override", "waive_checklist")}
    assert noticed == steps


def assert_nothing_lost(directory: Path, seen: list[tuple[int, int]]) -> None:
    """What was acknowledged last (revision, number of its audit entry) is there, in one story, in a sound store."""
    store = store_in(directory)
    with store.read() as unit:
        assert unit.rollouts.get(KEY).revision >= seen[-1][0]
        assert unit.audit.head().seq >= seen[-1][1]
        assert_one_story(unit)
    assert store.check() == ()
    store.close()


def test_killed_at_any_moment_a_verb_is_whole_or_absent_and_what_was_acknowledged_stays(setting: Setting) -> None:
    setting.running(50)
    setting.control.close()
    moments = random.Random(20260301)
    for _ in range(KILLS):
        process = worker(setting.directory)
        seen = acknowledged(process, moments.randint(1, 6))
        # The kill falls somewhere inside the following verbs, wherever the worker then is.
        time.sleep(moments.random() * 0.05)
        os.kill(process.pid, signal.SIGKILL)
        rest, _ = process.communicate()
        seen += whole_lines(rest)
        assert_nothing_lost(setting.directory, seen)


def test_a_process_whose_shared_memory_file_is_truncated_dies_and_nothing_that_it_acknowledged_is_lost(
        setting: Setting) -> None:
    setting.running(50)
    setting.control.close()
    process = worker(setting.directory)
    seen = acknowledged(process, 3)
    os.truncate(setting.directory / "control.sqlite-shm", 0)
    rest, _ = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGBUS
    seen += whole_lines(rest)
    assert_nothing_lost(setting.directory, seen)


def test_two_processes_write_one_story(setting: Setting) -> None:
    setting.running(50)
    setting.control.close()
    process = worker(setting.directory)
    acknowledged(process, 1)
    mine = other_store(store_in(setting.directory), setting.directory)
    mine_seqs = [mine.act("set_override", OPERATOR, subject=f"u{number}", value=False).audit_seq for number in range(5)]
    stopped = mine.act("stop", OPERATOR, reason="from a second terminal")
    process.kill()
    process.communicate()
    assert mine_seqs == sorted(set(mine_seqs))
    assert mine_seqs[-1] < stopped.audit_seq
    with mine.control.read() as unit:
        assert_one_story(unit)
        reasons = [record.entry.reason for record in unit.audit.walk()]
    assert "from a second terminal" in reasons
    mine.control.close()


def test_a_process_that_hangs_with_the_write_lock_does_not_hold_up_a_pause_or_a_stop(
        setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    setting.running(50)
    monkeypatch.setattr(control_engine, "PRAGMAS", (*control_engine.PRAGMAS[:2], "PRAGMA busy_timeout=50"))
    other = other_store(open_control_store(setting.directory / "control.sqlite", read_made), setting.directory)
    other = other.restarted()
    with setting.control.write() as unit:
        unit.meta.set("hanging", "yes")
        paused = other.act("pause", OPERATOR)
        assert FILE in paused.warnings[0]
        change = other.act("stop", OPERATOR)
        assert other.served().stopped
        assert FILE in change.warnings[0]
    assert (setting.directory / FILE).exists()
    assert setting.restarted().rollout().status is Status.STOPPED
    other.control.close()


@pytest.fixture
def small_disk(tmp_path: Path):
    """A file system of 12 MB, where this user may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(disk)], capture_output=True,
                             check=False) if os.geteuid() == 0 else None
    if mounted is None or mounted.returncode != 0:
        pytest.skip("needs the right to mount a small file system")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=False)


def fill(disk: Path) -> None:
    """Writes until nothing more fits, to the last byte."""
    with (disk / "events").open("ab", buffering=0) as file:
        for size in (65_536, 4_096, 512, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue


def test_on_a_full_disk_pause_and_stop_still_commit(small_disk: Path) -> None:
    setting = other_store(store_in(small_disk), small_disk)
    setting.running(50)
    assert (small_disk / "reserve").stat().st_size == RESERVE_BYTES
    fill(small_disk)
    with pytest.raises(DiskFull):
        setting.register(20_000, segments=("internal",))
    assert setting.act("pause", OPERATOR, reason="disk").after.status is Status.PAUSED
    assert setting.act("stop", OPERATOR).after.status is Status.STOPPED
    with setting.control.read() as unit:
        assert_one_story(unit)
    assert not (small_disk / FILE).exists()
    setting.control.close()


def test_on_a_full_disk_a_second_process_can_pause_too(small_disk: Path) -> None:
    setting = other_store(store_in(small_disk), small_disk)
    setting.running(50)
    fill(small_disk)
    second = other_store(store_in(small_disk), small_disk)
    assert second.act("pause", OPERATOR).after.status is Status.PAUSED
    second.control.close()
    setting.control.close()


def test_the_reserve_is_real_disk_and_filled_again_when_asked_and_at_the_next_start(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    reserve = tmp_path / "reserve"
    assert reserve.stat().st_blocks * 512 >= RESERVE_BYTES
    assert (store.free_reserve(), store.free_reserve(), reserve.exists()) == (True, False, False)
    assert (store.keep_reserve(), reserve.stat().st_size, store.free_reserve()) == (True, RESERVE_BYTES, True)
    store.close()
    store_in(tmp_path).close()
    assert reserve.exists()


def test_flags_are_evaluated_and_rollouts_paused_while_the_event_file_is_damaged(setting: Setting) -> None:
    setting.running(50)
    (setting.directory / "events.duckdb").write_bytes(b"this is no event store" * 1_000)
    with pytest.raises(Exception, match=r".+"):
        open_event_store(setting.directory / "events.duckdb", b"k" * 32, wait_seconds=0.1)
    setting.events.away = True
    again = setting.restarted()
    assert again.served().thresholds == setting.served().thresholds
    assert again.act("pause", OPERATOR).after.status is Status.PAUSED


def test_a_backup_is_taken_while_another_process_writes(setting: Setting, tmp_path: Path) -> None:
    setting.running(50)
    process = worker(setting.directory)
    acknowledged(process, 1)
    setting.control.snapshot(tmp_path / "copy.sqlite")
    process.kill()
    process.communicate()
    copy = open_control_store(tmp_path / "copy.sqlite", read_made)
    with copy.read() as unit:
        assert_one_story(unit)
    copy.close()


def test_a_restore_into_a_live_file_is_seen_by_connections_that_were_open(setting: Setting) -> None:
    setting.running(50)
    other = other_store(store_in(setting.directory), setting.directory).restarted()
    backup = str(setting.act("backup").result["directory"])
    setting.raise_by("advance")
    assert other.rollout().percentage == 5_000
    setting.act("restore", directory=backup, reason="drill")
    for side in (setting, other):
        assert (side.rollout().status, side.rollout().percentage) == (Status.HELD, 1_000)
        with side.control.read() as unit:
            assert unit.audit.verify().whole
    other.act("pause", OPERATOR)
    assert setting.rollout().status is Status.PAUSED
    other.control.close()


def test_a_restore_refuses_when_another_process_wrote_meanwhile(setting: Setting) -> None:
    setting.running(50)
    backup = Path(str(setting.act("backup").result["directory"]))
    other = store_in(setting.directory)

    def amend(live: ControlUnit, copy: ControlUnit) -> None:
        with other.write() as unit:
            rollout = unit.rollouts.get(KEY)
            unit.rollouts.save(replace(rollout, revision=rollout.revision + 1), rollout.revision)

    revision = setting.rollout().revision
    with pytest.raises(StoreLocked):
        setting.control.replace_with(backup / "control.sqlite", amend)
    assert setting.rollout().revision == revision + 1
    other.close()
