"""kill -9 of the real app while it stores events over HTTP, sweeps and changes a rollout: nothing told is lost."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.fakes.killed_app import BATCH, Told, kill_once, look_after, prepare
from tests.fakes.killed_restore import Kept, prepare_gone
from tests.fakes.killed_restore import kill_once as kill_restoring
from tests.fakes.killed_restore import look_after as look_after_restore

pytestmark = pytest.mark.server

KILLS = int(os.environ.get("ROLLOUT_TEST_KILLS", "5"))
"""Each costs a start of the app; `make bench` kills twenty times."""


def test_killed_at_any_moment_the_app_keeps_what_it_acknowledged_and_tells_one_story(tmp_path: Path) -> None:
    settings, moments = prepare(tmp_path / "store"), random.Random(20261123)
    for number in range(KILLS):
        told = kill_once(settings.store, f"k{number}", moments)
        assert told.batches
        assert told.revisions
        assert told.refused == []
        left = look_after(settings, f"k{number}", told)
        assert (left.lost, left.contradictions) == (0, ())


def test_a_lost_batch_and_a_lost_verb_would_be_seen(tmp_path: Path) -> None:
    settings = prepare(tmp_path / "store")
    told = Told(batches=[tuple(f"never-{place}" for place in range(BATCH))], revisions=[10_000], audit_seqs=[10_000])
    left = look_after(settings, "never", told)
    assert left.lost == 1
    assert left.contradictions == ("an acknowledged revision is gone", "an acknowledged audit entry is gone")


RESTORE_KILLS = int(os.environ.get("ROLLOUT_TEST_KILLS", "2"))


def test_killed_while_it_backs_up_and_restores_there_is_one_store_with_everything_that_it_must_hold(
        tmp_path: Path) -> None:
    settings, moments = prepare(tmp_path / "store"), random.Random(20261201)
    kept = prepare_gone(settings)
    for number in range(RESTORE_KILLS):
        told = kill_restoring(settings, kept, f"k{number}", moments)
        assert told.refused == []
        assert look_after_restore(settings, kept, told) == ()


def test_a_lost_batch_after_a_restore_would_be_seen(tmp_path: Path) -> None:
    settings = prepare(tmp_path / "store")
    (settings.store / "backups" / "half").mkdir(parents=True)
    (settings.store / "events.duckdb.restore.part").touch()
    wrong = look_after_restore(settings, Kept(acknowledged={"never"}), Told(audit_seqs=[10_000]))
    assert wrong[:2] == ("an acknowledged audit entry is gone", "acknowledged batches are gone")
    assert "half with manifest.json is no backup" in wrong[2]
